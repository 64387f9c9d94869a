// A person's own input method, with real keys: uim and Anthy in a headed Chromium on a display of its own compose into the isolated
// browser, and, beside it, into the same page in that Chromium itself. What the person sees of both has to be the same.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Broker, until } from './lib/broker.mjs';
import { grab } from './lib/display.mjs';
import { imeBrowser } from './lib/ime.mjs';
import { PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import { Terminal } from './lib/terminal.mjs';
import * as viewer from '../browser/viewer.mjs';

const TOP = 88; // of the page, below the isolated browser's own bars
const FIELD = { x: 20, y: 200, width: 600, height: 40 }; // the page's "line"
const NEAR = 2; // pixels
const BELOW = { x: 0, y: 240, width: 640, height: 300 }; // where its candidates open
// X key codes of a JIS keyboard.
const KEYS = { zenkaku: 49, enter: 36, right: 114, escape: 9, ' ': 65, a: 38, b: 56, c: 54, d: 40, e: 26, g: 42, h: 43, i: 31, k: 45, n: 57, o: 32, s: 39, t: 28,
	u: 30, w: 25, y: 29 };

let site, terminal, broker, window;

before(async () => {
	site = await Site.start();
	terminal = await Terminal.open();
	terminal.useKeyboard('jp');
	broker = await Broker.start({ profile: { start_page: 'http://site.test/pages/text.html', keyboard: 'jp' }, egress: { hosts: site.hosts('site.test') } });
	await broker.addPerson('tanaka', PASSWORD);
});

after(async () => {
	await broker?.kill();
	await terminal?.close();
	await site?.stop();
});

const press = (...names) => terminal.do(names.flatMap(name => [`down ${KEYS[name]}`, 'wait 10', `up ${KEYS[name]}`, 'wait 30']));
const spell = word => press(...word);

// What the field holds, what is composed included, as the page under test reports it.
async function holds(wanted) {
	let last;
	await until(() => {
		for (const report of site.reports.splice(0))
			if (report.type === 'text')
				last = report.text;
		return last === wanted;
	}, () => `the field holds ${wanted}; it holds ${last}`, 15000);
}

function cut({ width, data }, rect) {
	const cutData = Buffer.alloc(rect.width * rect.height * 4);
	for (let row = 0; row < rect.height; row++) {
		const from = ((rect.y + row) * width + rect.x) * 4;
		data.copy(cutData, row * rect.width * 4, from, from + rect.width * 4);
	}
	return { width: rect.width, height: rect.height, data: cutData };
}

// The page under test, in one place or the other; left, top: of the page on the terminal's display.
class Place {
	static async here() {
		await window.page.goto(`http://127.0.0.1:${site.port}/pages/text.html`);
		await site.reported('loaded');
		return new Place(await onDisplay('body'));
	}

	static async inIsolatedBrowser() {
		await viewer.openSignIn(window.page, broker.url);
		await viewer.signIn(window.page, 'tanaka', PASSWORD);
		await viewer.waitLive(window.page);
		await site.reported('loaded');
		await viewer.waitSettled(window.page, 300);
		const { left, top } = await onDisplay('#screen');
		return new Place({ left, top: top + TOP });
	}

	constructor({ left, top }) {
		Object.assign(this, { left, top });
	}

	// In the isolated page the caret's place has come back to the terminal; in a page of one's own it is where it is.
	async knowsCaret(left) {
		if (left === undefined)
			return;
		let caret;
		await until(async () => {
			caret = await window.page.evaluate(() => document.getElementById('screen').dataset.caret);
			return Math.abs(Number(caret?.split(' ')[0]) - left) <= NEAR;
		}, () => `the caret is told to be at ${left}; it is at ${caret}`);
	}

	async focus() {
		site.reports.length = 0;
		await terminal.do([`move ${this.left + 300} ${this.top + FIELD.y + 20}`, 'press 1', 'wait 20', 'release 1', `move ${this.left + 900} ${this.top + 300}`]);
		await site.reported('focus');
	}

	// That part of the page as the person sees it, when nothing changes any more.
	async look(rect) {
		let last, now;
		const place = { ...rect, x: this.left + rect.x, y: this.top + rect.y };
		await until(async () => {
			last = now;
			now = cut(await grab(terminal.name), place);
			await new Promise(resolve => setTimeout(resolve, 150));
			return last?.data.equals(now.data);
		}, 'the display stands still');
		return now;
	}
}

const onDisplay = selector => window.page.evaluate(name => {
	const { left, top } = document.querySelector(name).getBoundingClientRect();
	return { left: screenX + left, top: screenY + outerHeight - innerHeight + top };
}, selector);

// Where two pictures differ: null, or the box around it.
function boxOfChange(a, b) {
	const box = { left: Infinity, top: Infinity, right: -1, bottom: -1, n: 0 };
	for (let at = 0; at < a.data.length; at += 4)
		if (a.data.readUInt32LE(at) !== b.data.readUInt32LE(at)) {
			const [x, y] = [at / 4 % a.width, Math.floor(at / 4 / a.width)];
			box.n++;
			Object.assign(box, { left: Math.min(box.left, x), top: Math.min(box.top, y), right: Math.max(box.right, x), bottom: Math.max(box.bottom, y) });
		}
	return box.n > 0 ? box : null;
}

// A person writes. Returns what they see at each step, and the boxes of the candidate windows below the field. expected: such boxes.
async function write(place, expected = {}) {
	const seen = {}, candidates = {};
	const see = async name => { seen[name] = await place.look(FIELD); };
	await place.focus();
	await see('empty');
	const below = await place.look(BELOW);
	// The clause that is converted gets candidates with the next space, or with both.
	const choose = async (name, nSpaces) => {
		await place.knowsCaret(expected[name]?.left);
		await place.look(FIELD);
		await press(...Array(nSpaces).fill(' '));
		await until(async () => (candidates[name] = boxOfChange(below, await place.look(BELOW))) !== null, `candidates: ${name}`);
	};
	await press('zenkaku');
	await spell('nihongo');
	await holds('にほんご');
	await see('composed');
	await press(' ');
	await holds('日本語');
	await see('converted');
	await choose('word', 1); // now Anthy shows them
	await holds('にほんご');
	await press(' ');
	await holds('ニホンゴ');
	await press(' ');
	await holds('日本語');
	await press('enter');
	await see('committed');
	await spell('kyouhaiitenkidesu');
	await holds('日本語きょうはいいてんきです');
	await press(' ');
	await holds('日本語今日はいい天気です');
	await see('clauses');
	await choose('first clause', 1);
	await press('right');
	await choose('second clause', 2);
	await press('escape', 'escape', 'escape');
	await holds('日本語');
	await see('takenBack');
	await press('zenkaku', 'a', 'b', 'c');
	await holds('日本語abc');
	return { seen, candidates };
}

// Does what has to be done in a browser that has learned no words.
async function inBrowser(work) {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoji-ime-'));
	try {
		window = await viewer.launch({ headless: false, ...imeBrowser(folder, terminal.env), viewport: null,
			args: ['--window-position=0,0', '--window-size=1300,960', '--force-device-scale-factor=1', '--ozone-platform=x11', '--gtk-version=3'] });
		const done = await work();
		assert.deepEqual(window.errors, []);
		return done;
	} finally {
		await window?.close();
		fs.rmSync(folder, { recursive: true, force: true });
	}
}

test('what a person composes in the isolated page looks as in a page of their own', async () => {
	const here = await inBrowser(async () => write(await Place.here()));
	const there = await inBrowser(async () => write(await Place.inIsolatedBrowser(), here.candidates));
	for (const [name, picture] of Object.entries(here.seen)) {
		const box = boxOfChange(picture, there.seen[name]);
		assert.equal(box, null, `${name}: ${JSON.stringify(box)}`);
	}
	// The test sees what it compares: a line under what is composed, a thicker one under what is converted, none in the end.
	const { empty, composed, converted, committed, clauses, takenBack } = there.seen;
	for (const [one, other] of [[empty, composed], [composed, converted], [converted, committed], [committed, clauses]])
		assert.notEqual(boxOfChange(one, other), null);
	assert.equal(boxOfChange(committed, takenBack), null);
	// Below the line, where the clause that is converted begins: three places.
	const lefts = Object.values(here.candidates).map(({ left }) => left);
	assert.equal(new Set(lefts).size, 3, `candidates at ${lefts}`);
	for (const [name, { left, top, right }] of Object.entries(here.candidates)) {
		const its = there.candidates[name];
		assert.ok(Math.abs(its.left - left) <= NEAR, `${name}: candidates at ${its.left}, not ${left}`);
		assert.equal(its.top, top, name);
		assert.ok(Math.abs(its.right - its.left - (right - left)) <= NEAR, name);
	}
});
