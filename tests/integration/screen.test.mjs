// The isolated host's screen follows the terminal's: its size, its device pixels, its zoom. A real Chromium as the viewer, a real
// isolated host; what is compared is the canvas, the terminal's own screenshot, and the display as an X client sees it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Broker, until } from './lib/broker.mjs';
import { compareWithDisplay } from './lib/display.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';

const PAGE_COLOUR = [0, 150, 136]; // pages/screen.html

let site, broker, person, devtools;

before(async () => {
	site = await Site.start();
	broker = await Broker.start({
		profile: { start_page: 'http://site.test/pages/screen.html', width_max: 2600, height_max: 1700 },
		egress: { hosts: site.hosts('site.test') },
	});
	await broker.addPerson('tanaka', PASSWORD);
	person = await Person.atWork(broker, 'tanaka', { width: 1100, height: 700 });
	devtools = await person.page.context().newCDPSession(person.page);
	await site.reported('screen');
});

after(async () => {
	await person?.leave();
	await broker?.kill();
	await site?.stop();
});

// The terminal's window: CSS pixels and device pixels per CSS pixel, as after a move to another monitor or a zoom.
const setWindow = (width, height, deviceScaleFactor = 1) =>
	devtools.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor, mobile: false });

const stage = () => person.page.evaluate(() => {
	const { width, height } = document.getElementById('stage').getBoundingClientRect();
	return { width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) };
});
const screen = () => person.page.evaluate(() => {
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

for (const ratio of [1.25, 1.5, 2, 1]) {
	test(`${ratio} device pixels per CSS pixel`, async () => {
		site.reports.length = 0;
		// Emulated, a change of the scale alone is not told to the page before its next layout.
		await setWindow(1100 + Math.round(ratio * 4), 700, ratio);
		const size = await follows();
		await until(() => site.reports.some(report => report.ratio === ratio), () => `ratio: ${JSON.stringify(site.reports)}`);
		await alike();
		console.log(JSON.stringify({ ratio, size, reports: site.reports }));
		if (process.env.SHOJI_SHOTS)
			fs.writeFileSync(`${process.env.SHOJI_SHOTS}/screen-${ratio}.png`, await person.page.screenshot({ scale: 'device' }));
	});
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
		times.push(Math.round(performance.now() - startMs));
		await new Promise(resolve => setTimeout(resolve, Math.max(0, 500 - (performance.now() - startMs))));
	}
	await alike();
	const { n, wrong } = await person.page.evaluate(() => {
		window.isSampled = true;
		return window.samples;
	});
	console.log(JSON.stringify({ times, n, wrong: wrong.slice(0, 20), all: wrong.length }));
	assert.ok(n > 50);
	assert.deepEqual(wrong, []);
	assert.deepEqual(person.complaints, []);
});
