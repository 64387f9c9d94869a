// By hand: how long a pre-edit takes to the viewer's pixels beside a key (what the pixels are: ime.test.mjs).
// Usage: SHOJI_BIN=build/gcc/bin node tests/integration/preedit-figures.mjs [samples]
import { Broker } from './lib/broker.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';

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
} finally {
	await person?.leave();
	await broker.kill();
	await site.stop();
}
