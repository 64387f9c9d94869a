// The watermark in a whole system: in what the person sees, in a screenshot, and in what an onlooker sees.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import * as viewer from '../browser/viewer.mjs';
import { startBehindLine } from './lib/behind.mjs';
import { until } from './lib/broker.mjs';
import { differing } from './lib/pixels.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import { test } from './lib/suite.mjs';

let site, line, broker;

before(async () => {
	site = await Site.start();
	({ line, broker } = await startBehindLine(site, {
		profile: { start_page: 'http://site.test/pages/report.html', watermark: true },
		sessions: { onlookers: 'announced' },
	}));
	await broker.addPerson('tanaka', PASSWORD, '田中 太郎');
});

after(async () => {
	await broker?.kill();
	await line?.close();
	await site?.stop();
});

// White ground, and white with the mark on: 16 of 255 darker.
function count({ data }) {
	let white = 0, marked = 0;
	for (let at = 0; at < data.length; at += 4) {
		const same = data[at] === data[at + 1] && data[at] === data[at + 2];
		white += same && data[at] === 255;
		marked += same && data[at] === 239;
	}
	return { white, marked };
}

const isMarked = ({ white, marked }) => white > 100000 && marked * 100 > white && marked * 10 < white;

function assertMarked(picture, whose) {
	const { white, marked } = count(picture);
	assert.ok(isMarked({ white, marked }), `${whose}: ${marked} marked, ${white} white`);
}

// How many pixels a dot of its letters takes: the shortest run on white of which there are many.
function dotOf({ width, height, data }) {
	const grey = at => (data[at] === data[at + 1] && data[at] === data[at + 2] ? data[at] : -1);
	const runs = new Map();
	let all = 0;
	for (let y = 0; y < height; y++)
		for (let x = 1; x < width; x++) {
			const start = x;
			while (x < width && grey((y * width + x) * 4) === 239)
				x++;
			if (x === start || grey((y * width + start - 1) * 4) !== 255 || x === width || grey((y * width + x) * 4) !== 255)
				continue;
			runs.set(x - start, (runs.get(x - start) ?? 0) + 1);
			all++;
		}
	return Math.min(...[...runs].filter(([, n]) => n * 10 > all).map(([length]) => length));
}

// Once the page is painted.
async function marked(look, whose) {
	let last;
	await until(async () => isMarked(last = count(await look())), () => `${whose}: ${last.marked} marked, ${last.white} white`);
}

// A PNG as RGBA, by a browser.
async function decodePng(page, file) {
	const base64 = await page.evaluate(async text => {
		const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
		const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), { colorSpaceConversion: 'none' });
		const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
		const context = canvas.getContext('2d');
		context.drawImage(bitmap, 0, 0);
		const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
		let out = '';
		for (let at = 0; at < data.length; at += 32768)
			out += String.fromCharCode(...data.subarray(at, at + 32768));
		return btoa(out);
	}, fs.readFileSync(file).toString('base64'));
	return { data: Buffer.from(base64, 'base64') };
}

test('the mark is in the picture, in a screenshot, and in what an onlooker sees', async t => {
	const person = await Person.atWork(broker, 'tanaka', { width: 800, height: 560, deviceScaleFactor: 2 });
	t.after(() => person.leave());
	await until(() => site.reports.some(r => r.type === 'load'), 'the page');
	await person.settled();
	await marked(() => person.pixels(), 'the person');
	assert.equal(dotOf(await person.pixels()), 4, 'as large as the terminal shows everything');
	const devtools = await person.page.context().newCDPSession(person.page);
	await devtools.send('Emulation.setDeviceMetricsOverride', { width: 1280, height: 840, deviceScaleFactor: 1, mobile: false });
	await until(async () => (await person.pixels()).width === 1280, 'the other size');
	await until(async () => dotOf(await person.pixels()) === 2, 'the mark follows the scale');
	await person.settled();

	const plain = await viewer.launch();
	t.after(() => plain.close());
	await broker.ctl('screenshot', 'tanaka', `${broker.folder}/shot.png`);
	assertMarked(await decodePng(plain.page, `${broker.folder}/shot.png`), 'the screenshot');

	// The terminal comes back under another address: the picture waits for the mark that names it, and does not name the one before.
	const before = await person.pixels();
	line.from = '127.86.42.235';
	await person.page.reload();
	await viewer.waitLive(person.page);
	await marked(() => person.pixels(), 'the person, elsewhere');
	await person.settled();
	const n = differing(await person.pixels(), before);
	assert.ok(n > 2000, `${n} pixels tell one terminal's mark from the other's`);
	assert.equal((await broker.sessions())[0].address, '127.86.42.235');

	const { url } = await broker.ctlJson('watch', 'tanaka');
	const onlooker = await viewer.launch();
	t.after(() => onlooker.close());
	await onlooker.page.goto(url);
	await viewer.waitLive(onlooker.page);
	await marked(() => viewer.canvasPixels(onlooker.page), 'the onlooker');
	assert.deepEqual(person.complaints, []);
	await person.signOut();
	await until(async () => (await broker.sessions()).length === 0, 'no session left');
});
