// Keys, buttons and wheel as a page in the isolated browser hears of them, against what a page in the terminal's own browser hears
// of the same ones. The hand is at the terminal's display: nothing goes through DevTools.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startBehindLine } from './lib/behind.mjs';
import { until } from './lib/broker.mjs';
import { PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import { Terminal } from './lib/terminal.mjs';
import * as viewer from '../browser/viewer.mjs';

// X key codes (evdev's, and 8), by KeyboardEvent.code.
const row = (first, codes) => codes.split(' ').map((code, i) => [code, first + i]);
const KEYS = Object.fromEntries([
	...row(9, 'Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace Tab'),
	...row(24, 'KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Enter ControlLeft'),
	...row(38, 'KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote ShiftLeft Backslash'),
	...row(52, 'KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight NumpadMultiply AltLeft Space CapsLock'),
	...row(67, 'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock'),
	...row(79, 'Numpad7 Numpad8 Numpad9 NumpadSubtract Numpad4 Numpad5 Numpad6 NumpadAdd Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal'),
	...row(95, 'F11 F12'), ...row(104, 'NumpadEnter ControlRight NumpadDivide PrintScreen AltRight'),
	...row(110, 'Home ArrowUp PageUp ArrowLeft ArrowRight End ArrowDown PageDown Insert Delete'),
	...row(127, 'Pause'), ...row(133, 'MetaLeft MetaRight ContextMenu'),
]);
const JIS_KEYS = { IntlRo: 97, Convert: 100, KanaMode: 101, NonConvert: 102, IntlYen: 132 };
const US_KEYS = { IntlBackslash: 94 };
// Their own events come later in the isolated host, when their state is told (docs/keys.md): only what they make of others is compared.
const LOCKS = ['CapsLock', 'NumLock'];

// What no page gets: Chromium's own, and the window manager's. docs/keys.md lists them.
const RESERVED = {
	ControlLeft: ['KeyW', 'KeyT', 'KeyN', 'Tab', 'F4', 'PageUp', 'PageDown'],
	ControlShift: ['KeyQ', 'KeyU'], // U: GTK's input of code points, on Linux terminals
	AltLeft: ['Tab', 'F4'],
	AltRight: ['Tab', 'F4'],
};
const TOP = 88; // of the page, below the isolated browser's own bars
const PAUSE_MS = 1;
const CLICK_ATTEMPTS = 8;
const HEARD_MS = 20000; // for what a busy machine needs; it is not waited for when all is there
const FIRST = ['F14', 192], LAST = ['F13', 191]; // no keys of these keyboards

let site, terminal, window;

before(async () => {
	site = await Site.start();
	terminal = await Terminal.open();
	window = await viewer.launch({ headless: false, env: terminal.env });
});

after(async () => {
	await window?.close();
	await terminal?.close();
	await site?.stop();
});

const tap = code => [`down ${code}`, `wait ${PAUSE_MS}`, `up ${code}`, `wait ${PAUSE_MS}`];

// Each key once, with the modifiers held around all of them.
function batch(keys, modifiers = [], except = []) {
	const taps = Object.entries(keys).filter(([code]) => !except.includes(code) && !modifiers.includes(code)).flatMap(([, number]) => tap(number));
	return [...modifiers.map(code => `down ${KEYS[code]}`), `wait ${PAUSE_MS}`, ...taps, ...[...modifiers].reverse().map(code => `up ${KEYS[code]}`)];
}

// The two pages: one in the terminal's browser, one in the isolated browser, which the viewer shows.
class Pages {
	static async open(keyboard) {
		const self = new Pages();
		terminal.useKeyboard(keyboard);
		Object.assign(self, await startBehindLine(site, { profile: { start_page: 'http://site.test/pages/keys.html', keyboard } }));
		try {
			await self.broker.addPerson('tanaka', PASSWORD);
			self.local = window.page;
			await self.local.goto(`http://127.0.0.1:${site.port}/pages/keys.html`);
			self.context = await window.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 840 } });
			self.viewer = await self.context.newPage();
			site.reports.length = 0;
			await viewer.openSignIn(self.viewer, self.broker.url);
			await viewer.signIn(self.viewer, 'tanaka', PASSWORD);
			await viewer.waitLive(self.viewer);
			await site.reported('loaded');
			await viewer.click(self.viewer, 100, 88 + 40);
			await viewer.waitSettled(self.viewer, 300);
			return self;
		} catch (error) {
			await self.close();
			throw error;
		}
	}

	// What the page says of these actions. n: so many entries at least.
	heard(page, host, actions, n) {
		return this.heardUntil(page, host, actions, entries => entries.length >= n);
	}

	// All that the terminal's own page says of these actions: until a last key, for it may be slow.
	async heardHere(actions) {
		const [code, number] = LAST;
		const isLast = entry => entry.code === code;
		const entries = await this.heardUntil(this.local, '127.0.0.1', [...actions, ...tap(number)], all => all.filter(isLast).length === 2);
		return entries.filter(entry => !isLast(entry));
	}

	async heardUntil(page, host, actions, isAll) {
		await this.bringToFront(page, host === 'site.test' ? '#screen' : '#field');
		site.reports.length = 0;
		await terminal.do(actions);
		const entries = [];
		const take = () => {
			for (const report of site.reports.splice(0))
				if (report.type === 'log' && report.host === host)
					entries.push(...report.entries.filter(({ code }) => code !== FIRST[0]));
			return isAll(entries);
		};
		await until(take, '', HEARD_MS).catch(() => {}); // what is missing is told by the comparison
		return entries;
	}

	// The terminal's window manager gives a window the focus some time after it is in front, which its page does not know: until a key
	// arrives there.
	async bringToFront(page, field) {
		await page.bringToFront();
		await page.focus(field);
		await page.evaluate(wanted => {
			window.isReached = false;
			window.addEventListener('keydown', ({ code }) => { window.isReached ||= code === wanted; }, { capture: true });
		}, FIRST[0]);
		await until(async () => {
			await terminal.do(tap(FIRST[1]));
			return page.evaluate(() => window.isReached);
		}, 'a key reaches the window in front');
	}

	// Where on the display the page under test begins: {local, remote}, each [x, y].
	async places() {
		const [x, y] = [600, 500];
		const origin = async page => {
			await page.bringToFront();
			await page.evaluate(() => addEventListener('mousemove', event => { window.at = [event.clientX, event.clientY]; }));
			const at = async (left, top) => {
				await terminal.do([`move ${left} ${top}`, 'wait 50']);
				return page.evaluate(() => window.at);
			};
			// In two steps, one pixel apart, or one of them is not the answer: Chromium tells of the hand's last place by itself.
			return until(async () => {
				const from = await at(x + 1, y), to = await at(x, y);
				return from && to[0] === from[0] - 1 && to[1] === from[1] && [x - to[0], y - to[1]];
			}, 'the hand is over the page', 30000);
		};
		const [local, remote] = [await origin(this.local), await origin(this.viewer)];
		const canvas = await this.viewer.locator('#screen').boundingBox();
		return { local, remote: [remote[0] + canvas.x, remote[1] + canvas.y + TOP] };
	}

	// As both(), with the hand at x, y of the page first. actions(move): move(x, y) is a line of x-hand's. isAll(here, there): whether the
	// remote page has said all.
	async bothAt(x, y, actions, isAll = (here, there) => there.length >= here.length) {
		this.origins ??= await this.places();
		const from = ([left, top]) => {
			const move = (toX, toY) => `move ${left + toX} ${top + toY}`;
			return [move(x, y), 'wait 30', ...actions(move)];
		};
		const here = await this.heardHere(from(this.origins.local));
		const there = await this.heardUntil(this.viewer, 'site.test', from(this.origins.remote), entries => isAll(here, entries));
		return { here, there };
	}

	async both(actions) {
		const here = await this.heardHere(actions);
		// Lock keys may be missing.
		const others = entries => entries.filter(({ code }) => !LOCKS.includes(code)).length;
		const there = await this.heardUntil(this.viewer, 'site.test', actions, entries => others(entries) >= (others(here) || 1));
		return { here, there };
	}

	async close() {
		await this.context?.close();
		await this.broker.kill();
		await this.line.close();
	}
}

const describe = ({ type, code, key, modifiers, location, repeat, keyCode, data }) => type === 'text' ? `text ${data}`
	: `${type} ${code} ${key} ${modifiers} at ${location} ${keyCode}${repeat ? ' again' : ''}`;

function differences(here, there) {
	const [a, b] = [here.map(describe), there.map(describe)];
	const out = [];
	for (let i = 0, j = 0; i < a.length || j < b.length;) {
		if (a[i] === b[j]) {
			i++, j++;
		} else if (b.indexOf(a[i], j) < 0 && i < a.length) {
			out.push(`- ${a[i++]}`);
		} else {
			out.push(`+ ${b[j++]}`);
		}
	}
	return out;
}

const press = button => [`press ${button}`, 'wait 5', `release ${button}`, 'wait 5'];
const times = (n, lines) => Array(n).fill(lines).flat();

// Buttons and wheel, and the keys' own repeats: what the map has no part in.
async function pointer(pages, t) {
	const buttons = ({ type, button, buttons: held, detail, modifiers }) => `${type} ${button} ${held} ${detail} ${modifiers}`;
	const isMouse = ({ type }) => !/^key|^wheel|^drag/.test(type);
	const clicks = async () => {
		const { here, there } = await pages.bothAt(500, 300, () => [...press(1), 'wait 600', ...press(1), ...press(1), 'wait 600', ...press(2), ...press(3),
			`down ${KEYS.ControlLeft}`, ...press(1), `up ${KEYS.ControlLeft}`]);
		return [here, there].map(entries => entries.filter(isMouse).map(buttons));
	};
	// Two clicks are a double one where they come within half a second, which a machine that is too busy keeps neither here nor there.
	let here, there;
	for (let attempt = 0; attempt < CLICK_ATTEMPTS && (attempt === 0 || here.length <= 15 || here.join() !== there.join()); attempt++)
		[here, there] = await clicks();
	assert.ok(here.length > 15, JSON.stringify(here));
	assert.deepEqual(there, here, 'buttons');

	for (const [button, modifier] of [[4], [5], [6], [7], [5, 'ShiftLeft']]) {
		const around = modifier ? [`down ${KEYS[modifier]}`, `up ${KEYS[modifier]}`] : ['wait 1', 'wait 1'];
		const turns = entries => entries.filter(({ type }) => type === 'wheel')
			.reduce((sum, { deltaX, deltaY, modifiers }) => [sum[0] + deltaX, sum[1] + deltaY, modifiers], [0, 0, '']);
		const [here, there] = Object.values(await pages.bothAt(500, 300, () => [around[0], ...times(3, press(button)), around[1]],
			(local, remote) => turns(remote).join() === turns(local).join())).map(turns);
		t.diagnostic(`wheel ${button} ${modifier ?? ''}: ${here} and ${there}`);
		assert.deepEqual(there, here, `wheel ${button} ${modifier ?? ''}`);
	}

	// Beyond the canvas, over the viewer's bar and the terminal's own browser: it ends where the hand lets go.
	const [left, top] = pages.origins.remote;
	const move = (x, y) => `move ${left + x} ${top + y}`;
	const drag = await pages.heardUntil(pages.viewer, 'site.test', [move(500, 300), 'wait 30', 'press 1', move(600, 350), 'wait 40', move(600, -150), 'wait 40',
		move(700, 320), 'wait 40', 'release 1'], entries => entries.some(({ type }) => type === 'mouseup'));
	const path = drag.filter(({ type }) => type === 'drag').map(({ x, y }) => [x, y]);
	assert.deepEqual(path.at(-1), [700, 320]);
	assert.ok(path.some(([, y]) => y < 0), `above the page: ${JSON.stringify(path)}`);
	assert.equal(drag.filter(({ type }) => type === 'mouseup').length, 1);
}

// Let go of when the window is left, when the screen is left for the bar, and when the line is cut; the letter afterwards is a letter.
async function held(pages) {
	const here = pages.viewer;
	const heardOf = async code => {
		const log = [];
		await until(() => {
			for (const { type, entries } of site.reports.splice(0))
				log.push(...(type === 'log' ? entries : []));
			return log.some(entry => entry.type === 'keyup' && entry.code === code);
		}, () => `${code} let go; ${JSON.stringify(log.map(describe))}`, 10000);
		assert.ok(log.some(entry => entry.type === 'keydown' && entry.code === code));
	};
	const ways = {
		// Under playwright a page believes that it has the focus whatever is in front.
		'another window': () => here.evaluate(() => { window.dispatchEvent(new Event('blur')); }),
		'the bar': () => here.focus('#full-screen'),
		'a cut line': () => pages.line.cut(),
	};
	for (const [way, leave] of Object.entries(ways))
		for (const code of ['ShiftLeft', 'ControlLeft', 'AltLeft']) { // Alt: of Alt+Tab on the terminal
			await pages.bringToFront(here, '#screen');
			site.reports.length = 0;
			await terminal.do([`down ${KEYS[code]}`, 'wait 50']);
			await leave();
			await heardOf(code);
			await terminal.do([`up ${KEYS[code]}`]);
			if (pages.line.isCut) {
				pages.line.mend();
				await viewer.waitLive(here);
			}
			const after = await pages.heard(here, 'site.test', tap(KEYS.KeyA), 3);
			assert.deepEqual(after.map(describe), ['keydown KeyA a  at 0 65', 'text a', 'keyup KeyA a  at 0 65'], `${way}, ${code}`);
		}
}

// A person's fingers on the viewer's page: what the page hears is a mouse.
async function fingers(pages) {
	const devtools = await pages.context.newCDPSession(pages.viewer);
	const canvas = await pages.viewer.locator('#screen').boundingBox();
	const touch = (type, ...points) => devtools.send('Input.dispatchTouchEvent', {
		type, touchPoints: points.map(([x, y], id) => ({ x: canvas.x + x, y: canvas.y + TOP + y, id })) });
	const heard = async (act, isAll, what) => {
		site.reports.length = 0;
		const entries = [];
		await act();
		await until(() => {
			for (const { type, entries: more } of site.reports.splice(0))
				entries.push(...(type === 'log' ? more : []));
			return isAll(entries);
		}, () => `${what}; ${JSON.stringify(entries)}`);
		return entries.map(({ type, button }) => `${type} ${button ?? ''}`);
	};
	const has = wanted => entries => entries.some(({ type }) => type === wanted);
	assert.deepEqual(await heard(async () => {
		await touch('touchStart', [500, 300]);
		await touch('touchEnd');
	}, has('click'), 'a tap'), ['mousedown 0', 'mouseup 0', 'click 0']);
	const long = await heard(() => touch('touchStart', [520, 320]), has('auxclick'), 'a long press');
	assert.deepEqual(long.sort(), ['auxclick 2', 'contextmenu 2', 'mousedown 2', 'mouseup 2']);
	await touch('touchEnd');
	const wheel = [0, 0];
	await heard(async () => {
		await touch('touchStart', [500, 400]);
		await touch('touchStart', [500, 400], [600, 400]);
		for (let moved = 50; moved <= 250; moved += 50)
			await touch('touchMove', [500, 400 - moved], [600, 400 - moved]);
	}, entries => {
		for (const { type, deltaX, deltaY } of entries.splice(0))
			if (type === 'wheel')
				wheel[0] += deltaX, wheel[1] += deltaY;
		return wheel[1] >= 240;
	}, 'two fingers scroll');
	await touch('touchEnd');
	assert.deepEqual(wheel, [0, 240]);
}

async function repeats(pages) {
	const hold = async (page, selector, host) => {
		await page.bringToFront();
		await page.focus(selector);
		site.reports.length = 0;
		for (let i = 0; i < 6; i++)
			await page.keyboard.down('KeyA');
		await page.keyboard.up('KeyA');
		const entries = [];
		while (!entries.some(({ type }) => type === 'keyup')) // told in pieces, if it takes long
			entries.push(...(await site.reported('log')).entries.filter(({ type, code }) => type === 'text' || code === 'KeyA'));
		return entries.map(describe);
	};
	const here = await hold(pages.local, '#field');
	assert.deepEqual(here.filter(entry => entry.endsWith('again')).length, 5);
	assert.deepEqual(await hold(pages.viewer, '#screen'), here);
}

for (const keyboard of ['jp', 'us']) {
	test(`keyboard ${keyboard}: a remote page hears of each key what a local one hears`, async t => {
		const pages = await Pages.open(keyboard);
		try {
			const keys = { ...KEYS, ...(keyboard === 'jp' ? JIS_KEYS : US_KEYS) };
			const plain = Object.fromEntries(Object.entries(keys).filter(([code]) => !LOCKS.includes(code)));
			const numpad = Object.fromEntries(Object.entries(keys).filter(([code]) => code.startsWith('Numpad')));
			const letters = Object.fromEntries(Object.entries(plain).filter(([code]) => /^(Key|Digit|Numpad|Sem|Intl|Bra)/.test(code)));
			const capsLock = keyboard === 'jp' ? [`down ${KEYS.ShiftLeft}`, ...tap(KEYS.CapsLock), `up ${KEYS.ShiftLeft}`] : tap(KEYS.CapsLock);
			const batches = {
				none: batch(plain),
				Shift: batch(plain, ['ShiftLeft']),
				Control: batch(plain, ['ControlLeft'], RESERVED.ControlLeft),
				Alt: batch(plain, ['AltLeft'], RESERVED.AltLeft),
				AltRight: batch(plain, ['AltRight'], RESERVED.AltRight),
				'Control+Shift': batch(letters, ['ControlRight', 'ShiftRight'], [...RESERVED.ControlLeft, ...RESERVED.ControlShift]),
				// The last key brings the state to the isolated host.
				CapsLock: [...capsLock, ...batch(letters), ...batch(letters, ['ShiftLeft']), ...capsLock, ...tap(KEYS.KeyA)],
				NumLock: [...tap(KEYS.NumLock), ...batch(numpad), ...batch(numpad, ['ShiftLeft']), ...tap(KEYS.NumLock), ...tap(KEYS.KeyA)],
			};
			// These do not ask the map.
			if (keyboard === 'us')
				['Control', 'Alt', 'AltRight', 'Control+Shift'].forEach(name => delete batches[name]);
			else
				batches['英数'] = [...tap(KEYS.CapsLock), ...tap(KEYS.KeyA)];
			const wrong = [];
			for (const [name, actions] of Object.entries(batches)) {
				const begin = Date.now();
				const { here, there } = await pages.both(actions);
				t.diagnostic(`${keyboard} ${name}: ${here.length} and ${there.length} events, ${Date.now() - begin} ms`);
				const isCompared = entry => name === '英数' || !LOCKS.includes(entry.code) && !(name === 'CapsLock' && /^Shift/.test(entry.code));
				wrong.push(...differences(here.filter(isCompared), there.filter(isCompared)).map(line => `${name}: ${line}`));
			}
			assert.deepEqual(wrong, []);
			if (keyboard === 'jp') {
				await repeats(pages);
				await pointer(pages, t);
				await held(pages);
				await fingers(pages);
			}
		} finally {
			await pages.close();
		}
	});
}
