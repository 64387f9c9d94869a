// By hand: how long a pre-edit takes to the viewer's pixels beside a key, and how its pixels differ from the same composition in a
// local Chromium. Usage: SHOJI_BIN=build/gcc/bin node tests/integration/preedit-figures.mjs [samples]
import { Broker } from './lib/broker.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import * as viewer from '../browser/viewer.mjs';

const SAMPLES = Number(process.argv[2] ?? 60);
const TOP = 88; // of the page, below the isolated browser's own bars
const FIELD = { x: 20, y: 200, width: 600, height: 40 }; // the page's "line"
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

// Resolves to milliseconds from the event (keydown, or the EditContext's textupdate) to the first changed pixel of rect.
function armed(page, rect) {
	return page.evaluate(({ x, y, width, height }) => {
		const screen = document.getElementById('screen');
		const copy = Object.assign(document.createElement('canvas'), { width, height });
		const context = copy.getContext('2d', { alpha: false, willReadFrequently: true });
		const look = () => {
			context.drawImage(screen, -x, -y);
			return new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
		};
		const before = look();
		let beganMs = null;
		const begin = () => { beganMs ??= performance.now(); };
		screen.addEventListener('keydown', begin, { capture: true, once: true });
		screen.editContext.addEventListener('textupdate', begin, { once: true });
		window.measured = new Promise(resolve => {
			const { port1, port2 } = new MessageChannel();
			const endMs = performance.now() + 3000;
			port1.onmessage = () => {
				const now = look();
				if (beganMs !== null && now.some((pixel, i) => pixel !== before[i]))
					resolve(performance.now() - beganMs);
				else if (performance.now() > endMs)
					resolve(null);
				else
					port2.postMessage(0);
			};
			port2.postMessage(0);
		});
	}, rect);
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(1);
function tell(name, samples) {
	const sorted = samples.filter(ms => ms !== null).sort((a, b) => a - b);
	console.log(`${name}: p50 ${at(sorted, 0.5)} ms, p95 ${at(sorted, 0.95)} ms, n ${sorted.length} of ${samples.length}`);
}

const site = await Site.start();
const broker = await Broker.start({ profile: { start_page: 'http://site.test/pages/text.html' }, egress: { hosts: site.hosts('site.test') } });
let person;
try {
	await broker.addPerson('tanaka', PASSWORD);
	person = await Person.atWork(broker, 'tanaka');
	await site.reported('loaded');
	const devtools = await person.page.context().newCDPSession(person.page);
	const compose = text => devtools.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
	await person.click(FIELD.x + 300, FIELD.y + 20 + TOP);
	await person.settled(500);

	const rect = { ...FIELD, y: FIELD.y + TOP };
	const times = { key: [], preedit: [] };
	for (let i = 0; i < SAMPLES; i++) {
		for (const kind of ['key', 'preedit']) {
			await armed(person.page, rect);
			if (kind === 'key')
				await person.page.keyboard.press('KeyA');
			else
				await compose('あ');
			times[kind].push(await person.page.evaluate(() => window.measured));
			await pause(80);
			if (kind === 'preedit')
				await compose('');
			else
				await person.press('Backspace');
			await pause(120);
		}
	}
	tell('key to pixels', times.key);
	tell('pre-edit to pixels', times.preedit);

	// The same composition in a local page.
	const local = await viewer.openPage(person.window.browser, { width: 1280, height: 712 });
	await local.page.goto(`http://127.0.0.1:${site.port}/pages/text.html`);
	await local.page.focus('#line');
	const localTools = await local.context.newCDPSession(local.page);
	const text = 'へんかんまえの文字';
	await localTools.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
	await compose(text);
	await person.settled(500);
	const theirs = await person.pixels({ x: FIELD.x + 3, y: FIELD.y + TOP + 3, width: 300, height: 34 });
	const png = (await local.page.screenshot({ clip: { x: FIELD.x + 3, y: FIELD.y + 3, width: 300, height: 34 } })).toString('base64');
	const ours = await local.page.evaluate(async base64 => {
		const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
		const canvas = new OffscreenCanvas(image.width, image.height);
		const context = canvas.getContext('2d');
		context.drawImage(image, 0, 0);
		return [...context.getImageData(0, 0, image.width, image.height).data];
	}, png);
	let differ = 0, most = 0, dark = [0, 0];
	const rows = new Set();
	for (let i = 0; i < ours.length; i += 4) {
		const by = Math.max(...[0, 1, 2].map(c => Math.abs(ours[i + c] - theirs.data[i + c])));
		differ += by > 0;
		most = Math.max(most, by);
		if (by > 0)
			rows.add(Math.floor(i / 4 / 300));
		dark[0] += ours[i] < 128;
		dark[1] += theirs.data[i] < 128;
	}
	console.log(`pre-edit beside a local one: ${differ} of ${ours.length / 4} pixels differ, by ${most} at most, in rows ${[...rows]}; dark pixels ${dark}`);
} finally {
	await person?.leave();
	await broker.kill();
	await site.stop();
}
