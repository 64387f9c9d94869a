// From a new size of the terminal's window to the first frame that is exactly what the isolated host's display then shows.
// Usage: SHOJI_BIN=build/gcc/bin node tests/bench/resize.mjs   (ten sizes; prints milliseconds, sorted)
// The frames are looked at in each animation frame of the viewer's page; which of them was exact is known once the display stands
// still and was compared.
import assert from 'node:assert/strict';
import { Broker } from '../integration/lib/broker.mjs';
import { compareWithDisplay } from '../integration/lib/display.mjs';
import { Person, PASSWORD } from '../integration/lib/person.mjs';
import { Site } from '../integration/lib/site.mjs';

const ROUNDS = 10;
const SETTLED_MS = 1500;

// Notes each frame of the new size from the window's next "resize" on.
const watch = page => page.evaluate(() => {
	const [stage, canvas, still] = ['stage', 'screen', 'still'].map(id => document.getElementById(id));
	const copy = document.createElement('canvas').getContext('2d', { alpha: false, willReadFrequently: true });
	const pixels = () => {
		copy.canvas.width = canvas.width;
		copy.canvas.height = canvas.height;
		copy.drawImage(canvas, 0, 0);
		return new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
	};
	let startMs = null;
	addEventListener('resize', () => { startMs ??= performance.now(); }, { once: true });
	window.seen = [];
	window.isOver = false;
	const look = () => {
		const { width, height } = stage.getBoundingClientRect();
		const isThere = still.hidden && Math.round(width) === canvas.width && Math.round(height) === canvas.height;
		if (startMs !== null && isThere)
			window.seen.push({ ms: performance.now() - startMs, pixels: pixels() });
		if (!window.isOver && window.seen.length < 40)
			requestAnimationFrame(look);
	};
	look();
});

const firstExact = page => page.evaluate(() => {
	window.isOver = true;
	const last = window.seen.at(-1).pixels;
	return window.seen.find(({ pixels }) => pixels.length === last.length && pixels.every((pixel, i) => pixel === last[i])).ms;
});

const site = await Site.start();
const broker = await Broker.start({
	profile: { start_page: 'http://site.test/pages/screen.html', width_max: 2600, height_max: 1700 },
	egress: { hosts: site.hosts('site.test') },
});
await broker.addPerson('tanaka', PASSWORD);
const person = await Person.atWork(broker, 'tanaka', { width: 1100, height: 700 });
const devtools = await person.page.context().newCDPSession(person.page);
await person.settled(500);
const times = [];
for (let i = 0; i < ROUNDS; i++) {
	const [width, height] = i % 2 ? [1280, 840] : [1000 + i * 7, 640 + i * 5];
	await watch(person.page);
	await devtools.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
	await new Promise(resolve => setTimeout(resolve, SETTLED_MS));
	assert.equal((await compareWithDisplay(person)).n, 0);
	times.push(Math.round(await firstExact(person.page)));
}
console.log(`resize to first exact frame, ms: ${times.sort((a, b) => a - b).join(' ')}`);
await person.leave();
await broker.kill();
await site.stop();
