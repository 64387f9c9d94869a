// The viewer's canvas equals the isolated host's display, pixel for pixel, as an independent X client takes it.
// Four real pages, each with a marker of its own; photographs to which somebody scrolls back; and a viewer whose decoder leaves out one tile
// has to fail.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { Broker, bin, root, until } from './lib/broker.mjs';
import { Line } from './lib/line.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site, markerColours } from './lib/site.mjs';
import { compareWithDisplay } from './lib/display.mjs';
import { countColours, hasColours } from './lib/pixels.mjs';
import { test } from './lib/suite.mjs';

const PAGES = [
	'/reference/ch01.ja.html',
	'/reference/ch09.ja.html',
	'/handbook/ja-JP/sect.apt-get.html',
	'/handbook/en-US/index.html',
];
const COLOURS_MIN = 64;

const PHOTOGRAPHS = '/reference/ch02.ja.html';

let site, broker, line, mutated;

async function startBroker(extra = {}) {
	const made = await Broker.start({
		profile: { start_page: `http://site.test${PAGES[0]}?marker` },
		egress: { hosts: site.hosts('site.test') },
		...extra,
	});
	await made.addPerson('tanaka', PASSWORD);
	return made;
}

before(async () => {
	site = await Site.start();
	line = await Line.open();
	broker = await startBroker({ gate: { origins: [line.url] },
		profile: { start_page: `http://site.test${PHOTOGRAPHS}?marker&photographs=1` } });
	line.connectTo(broker.url);
});

after(async () => {
	await broker?.kill();
	await mutated?.kill();
	await line?.close();
	await site?.stop();
});

const DIFFERS_FOR_MS = 8000; // what is to differ is looked at for so long

async function compare(person, page, withinMs) {
	await until(async () => hasColours(await person.pixels(), markerColours(page)), `the marker of ${page}`, 30000);
	await person.settled(1000);
	const { n, shown, display } = await compareWithDisplay(person, undefined, withinMs);
	assert.ok(countColours(shown) >= COLOURS_MIN, `${page}: only ${countColours(shown)} colours`);
	assert.ok(hasColours(display, markerColours(page)), `${page}: no marker on the display`);
	return n;
}

test('four real pages, at the top and scrolled', async t => {
	const person = await Person.atWork(broker, 'tanaka', { url: line.url });
	t.after(() => person.leave());
	for (const page of PAGES) {
		await person.browse(`http://site.test${page}?marker`);
		await person.click(3, 600); // the caret leaves the address bar; no link is there
		assert.equal(await compare(person, page), 0, `${page}: pixels differ`);
		for (const notches of [3, 11, -5]) {
			await person.scroll(640, 500, 0, notches * 100);
			await person.settled(800);
			assert.equal(await compare(person, page), 0, `${page} scrolled by ${notches}: pixels differ`);
		}
	}
	await person.signOut();
});

// Bytes to the viewer until the picture rests.
async function scrolled(person, notches, direction) {
	const before = line.toViewer;
	for (let i = 0; i < notches; i++) {
		await person.scroll(640, 500, 0, direction * 100);
		await new Promise(resolve => setTimeout(resolve, 100)); // as a hand turns the wheel
	}
	await person.settled(1000);
	return line.toViewer - before;
}

test('photographs to which somebody scrolls back are not sent again', async t => {
	const person = await Person.atWork(broker, 'tanaka', { url: line.url });
	t.after(() => person.leave());
	await person.click(3, 600);
	assert.equal(await compare(person, PHOTOGRAPHS), 0, 'pixels differ at the top');
	const down = await scrolled(person, 15, 1);
	assert.equal(await compare(person, PHOTOGRAPHS), 0, 'pixels differ below');
	const up = await scrolled(person, 15, -1);
	assert.equal(await compare(person, PHOTOGRAPHS), 0, 'pixels differ at the top again');
	t.diagnostic(`down ${down} bytes, up ${up}`);
	assert.ok(down > 200000, `down: ${down} bytes are no photographs`);
	assert.ok(up < down / 4, `up: ${up} bytes, down: ${down}`);
	await person.signOut();
});

test('a decoder that leaves out one tile is noticed', async t => {
	// The viewer as served, but for its decoder: built from a source in which one tile is not written.
	const folder = fs.mkdtempSync(path.join(broker.folder, 'mutated-'));
	fs.cpSync(path.join(bin, '../viewer'), folder, { recursive: true });
	fs.chmodSync(folder, 0o755);
	execFileSync(path.join(root, 'tests/integration/mutate-decoder'), [path.join(bin, '..'), path.join(folder, 'decoder.wasm')],
		{ stdio: 'pipe' });
	assert.notDeepEqual(fs.readFileSync(path.join(folder, 'decoder.wasm')), fs.readFileSync(path.join(bin, '../viewer/decoder.wasm')));
	mutated = await startBroker({ gate: { viewer_folder: folder }, accounts: { sessions_first: 61300 } });
	const person = await Person.atWork(mutated);
	t.after(() => person.leave());
	await person.click(3, 600);
	await person.settled(1000);
	const n = await compare(person, PAGES[0], DIFFERS_FOR_MS);
	assert.ok(n > 0, 'the missing tile went unnoticed');
	// Moves and the tile cache may carry it along to its neighbours.
	assert.ok(n <= 16 * 64 * 64, `${n} pixels differ: more than some tiles are missing`);
	await person.signOut();
	await mutated.stop();
});

test('nothing is left', async () => {
	await broker.stop();
});
