// The isolated host's screen follows the terminal's: its size, its device pixels, its zoom. A real Chromium as the viewer, a real
// isolated host; what is compared is the canvas, the terminal's own screenshot, and the display as an X client sees it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import * as viewer from '../browser/viewer.mjs';
import { startBehindLine } from './lib/behind.mjs';
import { until } from './lib/broker.mjs';
import { compareWithDisplay } from './lib/display.mjs';
import { differing, hasColours } from './lib/pixels.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { pidsOf } from './lib/processes.mjs';
import { Site } from './lib/site.mjs';

const PAGE_COLOUR = [0, 150, 136]; // pages/screen.html

let site, line, broker, person, devtools;

before(async () => {
	site = await Site.start();
	({ line, broker } = await startBehindLine(site, {
		profile: { start_page: 'http://site.test/pages/screen.html', width_max: 2600, height_max: 1700 },
		sessions: { onlookers: 'announced' },
	}));
	await broker.addPerson('tanaka', PASSWORD);
	await broker.addPerson('suzuki', PASSWORD);
	person = await Person.atWork(broker, 'tanaka', { width: 1100, height: 700 });
	devtools = await person.page.context().newCDPSession(person.page);
	await site.reported('screen');
});

after(async () => {
	await person?.leave();
	await broker?.kill();
	await line?.close();
	await site?.stop();
});

// The terminal's window: CSS pixels and device pixels per CSS pixel, as after a move to another monitor or a zoom.
const setWindow = (width, height, deviceScaleFactor = 1) =>
	devtools.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor, mobile: false });

const stage = (somebody = person) => somebody.page.evaluate(() => {
	const { width, height } = document.getElementById('stage').getBoundingClientRect();
	return { width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) };
});
const screen = (somebody = person) => somebody.page.evaluate(() => {
	const { width, height } = document.getElementById('screen');
	return { width, height };
});

async function follows() {
	let wanted, has;
	await until(async () => {
		[wanted, has] = [await stage(), await screen()];
		return wanted.width === has.width && wanted.height === has.height;
	}, () => `the screen is ${JSON.stringify(wanted)}; it is ${JSON.stringify(has)}`);
	return has;
}

async function alike() {
	const { n, shown, display } = await compareWithDisplay(person);
	assert.deepEqual([shown.width, shown.height], [display.width, display.height]);
	assert.equal(n, 0);
}

// The cursor of the isolated host has as many CSS pixels at any scale: an arrow of some 16, which knows no scale.
async function cursorIsAsLarge() {
	let height;
	await until(async () => {
		height = await person.page.evaluate(async () => {
			const [, url, density] = /url\("(.*?)"\) ([0-9.]+)x/.exec(document.getElementById('screen').style.cursor) ?? [];
			const image = Object.assign(new Image(), { src: url ?? '' });
			return image.decode().then(() => image.naturalHeight / density, () => null); // it may have been replaced meanwhile
		});
		return height >= 12 && height <= 20;
	}, () => `a cursor of usual size; it is ${height} pixels high`);
}

for (const ratio of [1.25, 1.5, 2, 1]) {
	test(`${ratio} device pixels per CSS pixel`, async () => {
		site.reports.length = 0;
		// Emulated, a change of the scale alone is not told to the page before its next layout.
		await setWindow(1100 + Math.round(ratio * 4), 700, ratio);
		const size = await follows();
		await until(() => site.reports.some(report => report.ratio === ratio), () => `ratio: ${JSON.stringify(site.reports)}`);
		await alike();
		// Laid out anew, not enlarged: the page is as wide as the terminal's window, in CSS pixels (Chromium rounds its window up).
		const cssWidth = Math.floor(size.width / ratio);
		await until(() => site.reports.some(report => report.ratio === ratio && Math.abs(report.width - cssWidth) <= 2),
			() => `${cssWidth} CSS pixels: ${JSON.stringify(site.reports)}`);
		await cursorIsAsLarge();
	});
}

test('a terminal whose own scale is 1.5: its screenshot has the pixels of the canvas', async () => {
	const sharp = await Person.atWork(broker, 'suzuki', { args: ['--force-device-scale-factor=1.5', '--window-size=1000,700'], viewport: null });
	try {
		assert.equal(await sharp.page.evaluate(() => devicePixelRatio), 1.5);
		await until(async () => {
			const [wanted, has] = [await stage(sharp), await screen(sharp)];
			return wanted.width === has.width && wanted.height === has.height;
		}, 'the screen has the size of the stage');
		const place = await sharp.page.evaluate(() => {
			const { left, top } = document.getElementById('screen').getBoundingClientRect();
			return { left: left * devicePixelRatio, top: top * devicePixelRatio };
		});
		assert.deepEqual([place.left % 1, place.top % 1], [0, 0]);
		let n, shot;
		await until(async () => { // until what is still being loaded does not change it between the two
			await sharp.settled(300);
			const shown = await sharp.pixels();
			shot = await sharp.page.screenshot({ scale: 'device' });
			n = differing(shown, cut(await decodePng(sharp, shot), place.left, place.top, shown.width, shown.height));
			return n === 0;
		}, () => `the screenshot has the canvas's pixels; ${n} differ`, 20000);
		if (process.env.SHOJI_SHOTS)
			fs.writeFileSync(`${process.env.SHOJI_SHOTS}/sharp.png`, shot);
		assert.deepEqual(sharp.complaints, []);
	} finally {
		await sharp.signOut().catch(() => {});
		await sharp.leave();
	}
});

test('a terminal at 150 %: the first picture has it, and the page is laid out once; an agent that crashed takes nothing back', async () => {
	site.reports.length = 0;
	const large = await Person.atWork(broker, 'suzuki', { beside: person, width: 1000, height: 700, deviceScaleFactor: 1.5 });
	try {
		const first = await site.reported('screen');
		await large.settled(300);
		const size = await screen(large);
		assert.deepEqual(size, await stage(large));
		const ratios = [first, ...site.reports].filter(report => report.type === 'screen').map(report => report.ratio);
		assert.deepEqual(ratios, ratios.map(() => 1.5));
		const pages = () => Promise.all([person, large].map(somebody => somebody.pixels({ x: 0, y: 140, width: 1000, height: 400 })));
		let before;
		await until(async () => { // reported when it is laid out, which is before it is painted
			await large.settled(300);
			before = await pages();
			return before.every(page => hasColours(page, [PAGE_COLOUR[0] << 16 | PAGE_COLOUR[1] << 8 | PAGE_COLOUR[2]]));
		}, 'both pages are painted');
		const agents = pidsOf('shoji-guest-agent');
		assert.equal(agents.length, 2);
		for (const pid of agents)
			process.kill(pid, 'SIGKILL');
		await until(() => pidsOf('shoji-guest-agent').filter(pid => !agents.includes(pid)).length === 2, 'the agents are back');
		await new Promise(resolve => setTimeout(resolve, 700)); // in which a browser would have followed
		await large.settled(300);
		assert.deepEqual(await pages().then(now => now.map((page, i) => differing(before[i], page))), [0, 0]);
		assert.deepEqual(large.complaints, []);
	} finally {
		await large.signOut().catch(() => {});
		await large.leave();
	}
});

// By the browser that made it: no library for it is among the tests' own.
async function decodePng(somebody, png) {
	const { width, height, base64 } = await somebody.page.evaluate(async data => {
		const bytes = Uint8Array.from(atob(data), character => character.charCodeAt(0));
		const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
		const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { alpha: false });
		context.drawImage(bitmap, 0, 0);
		const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
		let binary = '';
		for (let at = 0; at < pixels.length; at += 32768)
			binary += String.fromCharCode(...pixels.subarray(at, at + 32768));
		return { width: bitmap.width, height: bitmap.height, base64: btoa(binary) };
	}, png.toString('base64'));
	return { width, height, data: Buffer.from(base64, 'base64') };
}

function cut(picture, left, top, width, height) {
	const data = Buffer.alloc(width * height * 4);
	for (let row = 0; row < height; row++)
		picture.data.copy(data, row * width * 4, ((top + row) * picture.width + left) * 4, ((top + row) * picture.width + left + width) * 4);
	return { width, height, data };
}

// Looks at what is visible of the picture at each animation frame until stop(): is it stretched, is its lower right corner the page's?
const sample = () => person.page.evaluate(colour => {
	const [canvas, still] = ['screen', 'still'].map(id => document.getElementById(id));
	const copy = document.createElement('canvas').getContext('2d', { alpha: false, willReadFrequently: true });
	window.samples = { n: 0, wrong: [] };
	const look = () => {
		const shown = still.hidden ? canvas : still;
		const { width, height } = shown.getBoundingClientRect();
		const [cssWidth, cssHeight] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
		window.samples.n++;
		if (cssWidth !== shown.width || cssHeight !== shown.height)
			window.samples.wrong.push(`${shown.id} of ${shown.width}x${shown.height} stretched to ${cssWidth}x${cssHeight}`);
		for (const [x, y] of [[shown.width - 4, shown.height - 4], [4, shown.height - 4], [shown.width - 4, shown.height - 100]]) {
			copy.drawImage(shown, -x, -y);
			const pixel = [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
			if (pixel.some((value, i) => value !== colour[i]))
				window.samples.wrong.push(`${shown.id} ${shown.width}x${shown.height} at ${x},${y}: ${pixel}`);
		}
		if (!window.isSampled)
			requestAnimationFrame(look);
	};
	window.isSampled = false;
	look();
}, PAGE_COLOUR);

test('ten resizes in five seconds', async () => {
	await follows();
	await sample();
	const times = [];
	for (let i = 0; i < 10; i++) {
		const startMs = performance.now();
		await setWindow(900 + i * 37 % 320, 600 + i * 53 % 250);
		await follows();
		await until(() => person.page.evaluate(least => window.samples.n > least, (i + 1) * 5), 'it is looked at');
		times.push(Math.round(performance.now() - startMs)); // seen from outside: docs/performance.md has the figure
		await new Promise(resolve => setTimeout(resolve, Math.max(0, 500 - (performance.now() - startMs))));
	}
	await alike();
	const { n, wrong } = await person.page.evaluate(() => {
		window.isSampled = true;
		return window.samples;
	});
	console.log(`resizes: ${times.join(' ')} ms; ${n} looks`);
	assert.deepEqual(wrong.slice(0, 5), []);
	assert.deepEqual(person.complaints, []);
});

test('resized while somebody looks on: exact for both', async t => {
	const { url } = await broker.ctlJson('watch', 'tanaka');
	const onlooker = await viewer.openWindow(person.window.browser);
	t.after(() => onlooker.close());
	await onlooker.page.goto(url);
	await viewer.waitLive(onlooker.page);
	await person.page.bringToFront(); // a window behind gets no frames
	for (const [width, height] of [[1000, 640], [1180, 760], [1040, 700]]) {
		await setWindow(width, height);
		await follows();
	}
	await alike();
	await onlooker.page.bringToFront();
	const { n, shown } = await compareWithDisplay({ pixels: () => viewer.canvasPixels(onlooker.page) });
	const { width, height } = await screen();
	assert.deepEqual([shown.width, shown.height], [width, height]);
	assert.equal(n, 0, 'the onlooker sees other pixels');
	assert.deepEqual([...person.complaints, ...onlooker.errors], []);
	await person.page.bringToFront();
});

test('without the bar: the screen takes its place, and Ctrl+Alt+Shift brings it back', async () => {
	await setWindow(1000, 700);
	assert.equal((await follows()).height, 660);
	await person.page.click('#hide-bar');
	await person.page.locator('#notices', { hasText: 'Ctrl+Alt+Shift' }).waitFor(); // for some seconds
	assert.equal((await follows()).height, 700);
	assert.equal(await person.page.locator('#sign-out').isVisible(), false);
	await alike();
	await person.press('Control+Alt+Shift');
	await person.page.locator('#full-screen').waitFor();
	assert.equal(await person.page.evaluate(() => document.activeElement.id), 'full-screen');
	assert.equal((await follows()).height, 660);
	await person.page.click('#hide-bar');
	await person.page.mouse.move(500, 300);
	await person.page.mouse.move(500, 0);
	await person.page.locator('#sign-out').waitFor();
	await follows();
	await alike();
});

test('full screen: the way out is told', async () => {
	await person.page.click('#full-screen');
	await until(() => person.page.evaluate(() => document.fullscreenElement !== null), 'full screen');
	await until(async () => /Esc/.test(await person.page.locator('#notices').textContent()), 'the way out is told');
	await person.page.click('#full-screen');
	await until(() => person.page.evaluate(() => document.fullscreenElement === null), 'no full screen any more');
});

test('a page that asks for Japanese fonts gets them, with grey edges', async () => {
	await person.browse('http://site.test/pages/fonts.html');
	const { fonts } = await site.reported('fonts');
	const alikeFonts = (name, generic) => assert.deepEqual(fonts[`"${name}", cursive`], fonts[generic], name);
	for (const name of ['MS PMincho', 'ＭＳ Ｐ明朝', 'Yu Mincho'])
		alikeFonts(name, 'serif');
	for (const name of ['MS PGothic', 'Meiryo', 'Yu Gothic'])
		alikeFonts(name, 'sans-serif');
	alikeFonts('MS Gothic', 'monospace');
	alikeFonts('No Such Font', 'cursive');
	assert.equal(new Set(['serif', 'sans-serif', 'monospace'].map(name => fonts[name].join())).size, 3);
	const greys = new Set();
	let n;
	await until(async () => { // the page before this one was coloured
		await person.settled(300);
		const { data } = await person.pixels({ x: 0, y: 95, width: 600, height: 400 });
		greys.clear();
		n = 0;
		for (let at = 0; at < data.length; at += 4) {
			n += data[at] !== data[at + 1] || data[at] !== data[at + 2] ? 1 : 0;
			greys.add(data[at]);
		}
		return n === 0 && greys.size > 50;
	}, () => `edges are smoothed, in grey; there are ${greys.size} greys, and ${n} coloured pixels`);
	assert.deepEqual(person.complaints, []);
});

test('emoji have their colours; digits, signs and what Japanese text writes without them have not', async () => {
	await person.browse('http://site.test/pages/emoji.html');
	const { looks } = await site.reported('emoji');
	for (const [name, { nColoured, ems }] of Object.entries(looks)) {
		const isEmoji = /^(😀|🇯🇵|❤️|☎️)/u.test(name);
		assert.equal(nColoured > 100, isEmoji, `${name}: ${nColoured} coloured pixels`);
		if (isEmoji)
			assert.ok(ems > 1 && ems < 1.5, `${name}: one letter, ${ems} wide`);
		// An em each, as the Japanese fonts have them.
		if (/^[☎漢]/u.test(name) && !isEmoji)
			assert.ok(Math.abs(ems - [...name.split(' ')[0]].length) < 0.01, `${name} is ${ems} wide`);
	}
	await person.settled(300);
	const { data } = await person.pixels({ x: 0, y: 95, width: 300, height: 60 });
	let nColoured = 0;
	for (let at = 0; at < data.length; at += 4)
		nColoured += data[at] !== data[at + 1] || data[at] !== data[at + 2];
	assert.ok(nColoured > 1000, `${nColoured} coloured pixels in the viewer`);
	assert.deepEqual(person.complaints, []);
});
