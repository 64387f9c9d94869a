// Japanese text from the terminal's IME into the isolated browser: composed in a real Chromium through the DevTools protocol,
// committed by the real input agent and its GTK module. The page under test reports what its fields hold.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Broker, until } from './lib/broker.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { differing } from './lib/pixels.mjs';
import { freePort } from '../bench/lib/place.mjs';
import { Far, HERE } from './lib/far.mjs';
import { Line } from './lib/line.mjs';
import { pidsOf } from './lib/processes.mjs';
import { Site } from './lib/site.mjs';

const FIELDS = { area: [200, 100], line: [200, 220], secret: [200, 280], rich: [200, 340] };
const TOP = 88; // of the page, below the isolated browser's own bars
// SHOJI_TEXT_ROUNDS=10 SHOJI_TEXT_DELAY_MS=150 asks for more than every run needs.
const ROUNDS = Number(process.env.SHOJI_TEXT_ROUNDS ?? 1);
const PAIRS = Number(process.env.SHOJI_TEXT_PAIRS ?? 100); // of a key and a text
const CLICKS = Number(process.env.SHOJI_TEXT_CLICKS ?? 40);
const ALPHABETS = Number(process.env.SHOJI_TEXT_ALPHABETS ?? 20);
const DELAY_MS = Number(process.env.SHOJI_TEXT_DELAY_MS ?? 0);
// kbit/s, delay each way in ms and loss in percent of a line of packets (tests/bench/netline.c): SHOJI_TEXT_LINE=20000,75,1
const LINE = process.env.SHOJI_TEXT_LINE?.split(',').map(Number);
// The viewer's browser has no EditContext: Firefox, Safari, older Edge.
const HAS_EDIT_CONTEXT = !process.env.SHOJI_TEXT_NO_EDIT_CONTEXT;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

let site, line, far, broker, person, devtools;

before(async () => {
	site = await Site.start();
	line = await Line.open();
	far = LINE && await Far.open(LINE);
	const address = far && `${HERE}:${await freePort(HERE)}`;
	broker = await Broker.start({
		profile: { start_page: 'http://site.test/pages/text.html' },
		egress: { hosts: site.hosts('site.test') },
		gate: far ? { listen: address, origins: [`https://${address}`] } : { origins: [line.url] },
	});
	line.connectTo(broker.url);
	line.delayMs = DELAY_MS;
	await broker.addPerson('tanaka', PASSWORD);
	person = await Person.atWork(broker, 'tanaka', { url: far ? broker.url : line.url,
		init: HAS_EDIT_CONTEXT ? undefined : () => delete window.EditContext });
	devtools = await person.page.context().newCDPSession(person.page);
	await site.reported('loaded');
});

after(async () => {
	await person?.leave();
	await broker?.kill();
	await line?.close();
	await far?.close();
	await site?.stop();
});

// Clicks into a field of the page and waits for its focus, which nothing had before.
async function focus(field) {
	await person.click(900, 600);
	await person.settled(200);
	site.reports.length = 0;
	const [x, y] = FIELDS[field];
	await person.click(x, y + TOP);
	await focused(field);
}

// A page that is left for another may first have the focus again, which was in the address bar, and report that.
async function focused(field) {
	while ((await site.reported('focus')).field !== field);
}

const compose = (text, start = text.length) => devtools.send('Input.imeSetComposition',
	{ text, selectionStart: start, selectionEnd: start });
const commit = text => devtools.send('Input.insertText', { text });

function whereItDiffers(expected, is) {
	const at = [...expected].findIndex((character, i) => [...is][i] !== character);
	return `of ${expected.length} it holds ${is.length}, other from ${at} on: ${JSON.stringify([...is].slice(Math.max(0, at - 3), at + 10).join(''))}`;
}

// What the field holds when nothing changes any more.
async function held(field, expected, deadlineMs = 10000) {
	let last;
	const others = [];
	await until(() => {
		for (const report of site.reports.splice(0)) {
			others.push(JSON.stringify(report));
			if (report.type === 'text' && report.field === field)
				last = report.text;
		}
		return last === expected;
	}, () => `${field} holds ${JSON.stringify(expected.slice(0, 40))} and so on; ${whereItDiffers(expected, last ?? '')}; `
		+ `complaints: ${person.complaints}; reported: ${others.slice(-5).map(report => report.slice(0, 200))}`, deadlineMs);
}

// What several fields hold when nothing changes any more; a click may put the caret between two characters of a long text.
async function allHeld(expected, deadlineMs = 30000) {
	const last = {};
	await until(() => {
		for (const report of site.reports.splice(0))
			if (report.type === 'text')
				last[report.field] = report.text;
		return Object.entries(expected).every(([field, text]) => [...last[field] ?? ''].sort().join('') === text);
	}, () => `${JSON.stringify(expected)} held; it is ${JSON.stringify(last)}`, deadlineMs);
}

test('the first text into a fresh page, composed, converted and committed', async () => {
	await focus('area');
	await compose('かんじ');
	await compose('漢字');
	await commit('漢字');
	await held('area', '漢字');
	assert.deepEqual(person.complaints, []);
});

test('order holds between keys and text, without a pause', async () => {
	await focus('line');
	let expected = '';
	for (let i = 0; i < PAIRS; i++) {
		await person.press('KeyA');
		await commit('漢');
		expected += 'a漢';
	}
	await held('line', expected, 60000);
	await person.press('Control+KeyA');
	await person.type(ALPHABET.repeat(ALPHABETS));
	await held('line', ALPHABET.repeat(ALPHABETS), 60000);
});

// Every kanji of JIS X 0208, which has all of the jōyō list but four, those four, and what is awkward: beyond the basic plane,
// variation sequences, joined emoji, half-width kana, combining marks, signs that encodings disagree on.
const AWKWARD = '𠮟塡剝頰髙﨑𠮷①葛\u{e0100}ｶﾞか゚👨‍👩‍👧‑～∥￠é한ｱ';
function kanji() {
	const cells = row => Uint8Array.from(Array.from({ length: 94 }, (_, i) => [row, 0xa1 + i]).flat());
	const decoder = new TextDecoder('euc-jp');
	return Array.from({ length: 0xf4 - 0xb0 + 1 }, (_, i) => decoder.decode(cells(0xb0 + i)).replace(/\ufffd/g, ''));
}

test('all kanji, and the awkward ones, in order', async () => {
	const rows = [...kanji(), AWKWARD.normalize('NFC')];
	assert.ok(rows.join('').length > 6300);
	await focus('area');
	for (let round = 0; round < ROUNDS; round++) {
		await person.press('Control+KeyA');
		await person.press('Delete');
		for (const row of rows)
			await commit(row);
		await held('area', rows.join(''), 60000);
	}
	await person.press('Control+KeyA');
	await person.press('Delete');
	await held('area', '');
});

test('pre-edit is drawn in the page, replaced, and taken back', async () => {
	await focus('area');
	await person.settled(300);
	const bare = await person.pixels();
	await person.seen(undefined, () => compose('へんかんまえ'));
	await person.settled(300);
	await person.seen(undefined, () => compose('変換前'));
	await person.settled(300);
	await compose('');
	await until(async () => differing(await person.pixels(), bare) === 0, 'what was there before');
});

test('a password field: half-width characters arrive as keys, others are refused with a word', async () => {
	await focus('secret');
	await commit('Ab1!"#$%&\'()-=^~|@`[{;+:*]},<.>/?_\\ z');
	await held('secret', 'Ab1!"#$%&\'()-=^~|@`[{;+:*]},<.>/?_\\ z');
	await commit('漢字');
	await person.page.waitForFunction(() => document.getElementById('notices').textContent.includes('入力できません'));
	assert.ok(!site.reports.some(report => report.type === 'text'), 'nothing was put in');
});

test('contenteditable', async () => {
	await focus('rich');
	await compose('ほんぶん');
	await commit('本文👨‍👩‍👧葛󠄀𠮷');
	await held('rich', '本文👨‍👩‍👧葛󠄀𠮷');
});

// Notices that a text was refused, since the page was told to count them.
const refusals = () => person.page.evaluate(() => {
	window.refusals ??= (new MutationObserver(changes => {
		for (const { addedNodes } of changes)
			window.refusals += [...addedNodes].filter(({ textContent }) => textContent.includes('入力できません')).length;
	}).observe(document.getElementById('notices'), { childList: true }), 0);
	return window.refusals;
});

test('the input agent crashes: what it had is refused with a word, and soon text arrives again, once', async () => {
	await focus('line');
	await person.press('Control+KeyA');
	await person.press('Delete');
	await compose('みれん'); // shown, and the agent that showed it is no more
	await person.settled(300);
	await refusals();
	const [agent, ...others] = pidsOf('shoji-guest-agent');
	assert.deepEqual(others, []);
	process.kill(agent, 'SIGSTOP'); // so that it has the text, and says nothing of it
	await commit('喪失');
	process.kill(agent, 'SIGKILL');
	await until(async () => await refusals() === 1, 'a word of the text that was lost');
	// Tried as a person would, until one is not refused.
	let text, n;
	const startMs = performance.now();
	site.reports.length = 0;
	do {
		n = await refusals();
		assert.ok(performance.now() - startMs < 30000, `still refused, ${n} times`);
		text = `復帰${n}`;
		await commit(text);
		await until(async () => await refusals() > n || site.reports.some(report => report.type === 'text' && report.text.includes(text)), 'what became of it');
	} while (await refusals() > n);
	await compose('さいご');
	await commit('最後');
	await held('line', text + '最後');
	assert.notEqual(pidsOf('shoji-guest-agent')[0], agent);
});

test('the focus moved by a click between two texts, without a pause', async () => {
	const expected = { area: '', line: '' };
	for (const field of ['line', 'area']) {
		await focus(field);
		await person.press('Control+KeyA');
		await person.press('Delete');
	}
	site.reports.length = 0;
	for (let i = 0; i < CLICKS; i++) {
		const field = i % 2 ? 'line' : 'area';
		await person.click(FIELDS[field][0] + 350, FIELDS[field][1] + TOP);
		const text = String.fromCodePoint(0x4e00 + i);
		await commit(text);
		expected[field] += text;
	}
	await allHeld(expected);
	await person.click(FIELDS.rich[0] + 350, FIELDS.rich[1] + TOP);
	await person.press('Control+KeyA');
	await commit('後');
	await held('rich', '後');
});

test('the candidate window is told where the isolated caret is', async () => {
	await focus('line');
	await person.press('Control+KeyA');
	await commit('位置');
	await held('line', '位置');
	await compose('こうほ');
	const [x, y] = [FIELDS.line[0] - 180, FIELDS.line[1] + TOP];
	let caret;
	await until(async () => {
		caret = (await person.page.evaluate(() => document.getElementById('screen').dataset.caret)).split(' ').map(Number);
		const [caretX, caretY, , height] = caret;
		return caretX > x + 20 && caretX < x + 140 && Math.abs(caretY + height / 2 - y) < 20;
	}, () => `the caret behind 位置, or in what is composed there; it is said to be at ${caret}`, 5000);
	await compose('');
});

test('a dialog of the page, and one of the browser', async () => {
	site.reports.length = 0;
	await person.browse('http://site.test/pages/dialogs.html');
	await site.reported('loaded');
	await person.click(100, 40 + TOP);
	await focused('inside');
	await compose('たいわ');
	await commit('対話');
	await held('inside', '対話');
	await person.press('Enter'); // closes it
	assert.equal((await site.reported('closed')).text, '対話');
	await person.settled(300);
	await person.seen({ x: 300, y: 130, width: 400, height: 100 }, () => person.click(400, 40 + TOP));
	await site.reported('asking');
	await new Promise(resolve => setTimeout(resolve, 1000)); // its field has the focus a moment later than it is seen
	await compose('といあわせ');
	await commit('問合せ髙');
	await person.press('KeyA');
	await person.press('Enter');
	assert.equal((await site.reported('answered')).text, '問合せ髙a');
});

test('the address bar, an iframe, a new window', async () => {
	await person.focusAddressBar();
	await person.typeJis('http://site.test/pages/places.html?');
	await commit('漢字');
	site.requests.length = 0;
	site.reports.length = 0;
	await person.press('Enter');
	await site.reported('loaded');
	assert.ok(site.addresses.some(address => decodeURI(address).endsWith('places.html?漢字')), 'the address bar');
	site.reports.length = 0;
	await person.click(220, 240 + TOP);
	await focused('line');
	await commit('枠の中');
	await held('line', '枠の中');
	await person.seen({ x: 0, y: TOP + 150, width: 600, height: 300 }, () => person.press('Control+KeyN'));
	await new Promise(resolve => setTimeout(resolve, 1000)); // it has the focus a moment later than it is seen
	await person.focusAddressBar();
	await person.typeJis('http://site.test/pages/text.html');
	site.reports.length = 0;
	await person.press('Enter');
	await site.reported('loaded');
	await focus('area');
	await commit('新しい窓');
	await held('area', '新しい窓');
	// And back, with Alt+Tab, which the terminal keeps: from the bar's menu. The frame's field has the focus again, and no Alt is held.
	await person.page.click('#keys');
	site.reports.length = 0;
	await person.page.getByRole('menuitem', { name: '次のウィンドウ' }).click();
	await focused('line');
	await commit('戻る');
	await person.press('KeyB');
	await held('line', '枠の中戻るb');
	assert.deepEqual(person.complaints, []);
});
