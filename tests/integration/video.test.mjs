// A film in a page: sent as H.264 while it plays, at its own rate; everything around it exact meanwhile, and all of it once it
// stops. Then the same with a viewer that cannot decode.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startBehindLine } from './lib/behind.mjs';
import { until } from './lib/broker.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import { compareWithDisplay, grabDisplay } from './lib/display.mjs';

const WIDTH = 854, HEIGHT = 480;
const PATIENCE_MS = 240000; // what plays too slowly is no film yet
let site, broker, line;

before(async () => {
	site = await Site.start();
	({ line, broker } = await startBehindLine(site, { profile: { start_page: 'http://site.test/pages/film.html' } }));
	await broker.addPerson('tanaka', PASSWORD);
});

after(async () => {
	await broker?.kill();
	await line?.close();
	await site?.stop();
});

async function atWork(t) {
	site.reports.length = 0;
	const person = await Person.atWork(broker, 'tanaka', { width: 1280, height: 840 });
	t.after(() => person.leave());
	const film = await site.reported('film-ready', 30000);
	return { person, film };
}

// The worker that owns the line: counts what goes into its decoder. isBroken: and spoils it.
async function watchDecoder(person, isBroken = false) {
	const [worker] = person.page.workers();
	await worker.evaluate(broken => {
		self.watched = { chunks: 0, bytes: 0, keys: 0 };
		const decode = VideoDecoder.prototype.decode;
		VideoDecoder.prototype.decode = function (chunk) {
			self.watched.chunks += 1;
			self.watched.bytes += chunk.byteLength;
			self.watched.keys += chunk.type === 'key' ? 1 : 0;
			if (broken)
				throw new DOMException('spoilt by the test');
			return decode.call(this, chunk);
		};
	}, isBroken);
	return () => worker.evaluate(() => ({ ...self.watched }));
}

// Which area differs: {n, left, top, right, bottom}.
function difference(a, b, isWithin = () => true) {
	const out = { n: 0, left: Infinity, top: Infinity, right: 0, bottom: 0 };
	assert.deepEqual([a.width, a.height], [b.width, b.height]);
	for (let y = 0, at = 0; y < a.height; y++)
		for (let x = 0; x < a.width; x++, at += 4) {
			if (a.data[at] === b.data[at] && a.data[at + 1] === b.data[at + 1] && a.data[at + 2] === b.data[at + 2])
				continue;
			if (!isWithin(x, y))
				continue;
			out.n++;
			out.left = Math.min(out.left, x);
			out.top = Math.min(out.top, y);
			out.right = Math.max(out.right, x + 1);
			out.bottom = Math.max(out.bottom, y + 1);
		}
	return out;
}

// How many distinct frame numbers the viewer's canvas shows within at least so many milliseconds, and until they are so many:
// {n, seconds}.
function shownNumbers(person, film, ms, least, deadlineMs) {
	return person.page.evaluate(async ([x, y, duration, wanted, deadline]) => {
		const screen = document.getElementById('screen');
		const copy = document.createElement('canvas');
		copy.width = 192;
		copy.height = 16;
		const context = copy.getContext('2d', { willReadFrequently: true });
		const numbers = new Set();
		const startMs = performance.now();
		const elapsedMs = () => performance.now() - startMs;
		while (elapsedMs() < duration || (numbers.size < wanted && elapsedMs() < deadline)) {
			await new Promise(resolve => requestAnimationFrame(resolve));
			context.drawImage(screen, -x, -y);
			const { data } = context.getImageData(0, 0, 192, 16);
			let number = 0;
			for (let bit = 0; bit < 12; bit++)
				number |= (data[(8 * 192 + bit * 16 + 8) * 4] > 127 ? 1 : 0) << bit;
			numbers.add(number);
		}
		return { n: numbers.size, seconds: elapsedMs() / 1000 };
	}, [film.x, film.y, ms, least, deadlineMs]);
}

test('a film is sent as video, exact around it and exact when it stops', async t => {
	const { person, film } = await atWork(t);
	const watched = await watchDecoder(person);
	await person.click(1100, 700);
	await until(async () => (await watched()).chunks > 30, 'video', PATIENCE_MS);
	const before = await watched(), bytes = line.toViewer;
	// Under load the film itself falls behind; that it is shown is asked, not how often.
	const { n, seconds } = await shownNumbers(person, film, 4000, 21, PATIENCE_MS);
	const after = await watched();
	const took = { distinct: n / seconds, chunks: (after.chunks - before.chunks) / seconds,
		videoKb: (after.bytes - before.bytes) / seconds / 1000, allKb: (line.toViewer - bytes) / seconds / 1000, keys: after.keys };
	console.log(JSON.stringify(took));
	assert.ok(n > 20, `${n} frames shown`);
	const shown = await person.pixels(), display = await grabDisplay();
	await person.press('Space');
	// Where it is now: when it began, the window may not have been where it stays.
	const { x: left, y: top } = await site.reported('film-stopped');
	const isOutside = (x, y) => x < left || y < top || x >= left + WIDTH || y >= top + HEIGHT;
	const around = difference(shown, display, isOutside);
	assert.equal(around.n, 0, `around the film at ${left}, ${top}: ${JSON.stringify(around)}`);

	await person.settled(400);
	assert.equal((await compareWithDisplay(person)).n, 0, 'all of it');

	const chunks = (await watched()).chunks;
	await person.press('Space');
	await until(async () => (await watched()).chunks > chunks + 10, 'video again', PATIENCE_MS);
	await person.press('Space');
	await person.settled(600);
	assert.equal((await compareWithDisplay(person)).n, 0, 'all of it, again');
	assert.deepEqual(person.complaints, []);
	await person.signOut();
});

// How many frames each decoder got since `before`; a region that begins anew has a new one.
const since = (counts, before) => counts.map((n, at) => n - (before[at] ?? 0));

test('two films, with a menu over one, scrolled and resized: exact around them, and all of it when they stop', async t => {
	site.reports.length = 0;
	const person = await Person.atWork(broker, 'tanaka', { url: line.url, width: 1280, height: 840 });
	t.after(() => person.leave());
	await site.reported('film-ready', 30000);
	const [worker] = person.page.workers();
	await worker.evaluate(() => {
		const decoders = [];
		self.countFrames = () => decoders.map(([, n]) => n);
		const decode = VideoDecoder.prototype.decode;
		VideoDecoder.prototype.decode = function (chunk) {
			const known = decoders.find(([decoder]) => decoder === this);
			if (known)
				known[1]++;
			else
				decoders.push([this, 1]);
			return decode.call(this, chunk);
		};
	});
	const frames = () => worker.evaluate(() => self.countFrames());
	await person.browse('http://site.test/pages/films.html');
	let { films, menu } = await site.reported('ready', 30000);
	await person.click(1100, 700);

	const bothPlay = async what => {
		const before = await frames();
		await until(async () => since(await frames(), before).filter(n => n > 5).length >= 2, `two films ${what}`, 30000);
	};
	// Until what is around them is exact while they play: a region's edge may take two seconds.
	const exactAround = async (what, hasMenu = false) => {
		const isFilm = (x, y) => films.some(film => x >= film.x && y >= film.y && x < film.x + film.width && y < film.y + film.height);
		// Cells of 16 pixels that the menu shares with the film are the film's.
		const isMenu = (x, y) => hasMenu && x >= menu.x + 16 && y >= menu.y + 16 && x < menu.x + menu.width - 16 && y < menu.y + menu.height - 16;
		let around;
		await until(async () => {
			around = difference(await person.pixels(), await grabDisplay(), (x, y) => !isFilm(x, y) || isMenu(x, y));
			return around.n === 0;
		}, `exactness around two films ${what}`, 30000).catch(error => {
			throw new Error(`${error.message}: ${JSON.stringify(around)}, films ${JSON.stringify(films)}`);
		});
	};
	const act = async (key, what, hasMenu) => {
		await person.press(key);
		({ films, menu } = await site.reported(key));
		await bothPlay(what);
		await exactAround(what, hasMenu);
	};
	await bothPlay('side by side');
	await exactAround('side by side');
	await act('KeyM', 'with a menu over one', true);
	await act('KeyM', 'without the menu');
	await act('KeyS', 'that were scrolled');
	await act('KeyR', 'of which one grew');
	await act('KeyR', 'of which one shrank');
	await person.press('Space');
	await site.reported('Space');
	assert.equal((await compareWithDisplay(person)).n, 0, 'all of it');
	assert.deepEqual(person.complaints, []);
	await person.signOut();
});

test('a viewer that fails to decode gets pictures', async t => {
	const { person } = await atWork(t);
	const watched = await watchDecoder(person, true);
	await person.click(1100, 700);
	await until(async () => (await watched()).chunks > 0, 'video', PATIENCE_MS);
	await new Promise(resolve => setTimeout(resolve, 2000));
	assert.equal((await watched()).chunks, 1, 'video came again');
	await person.press('Space');
	await site.reported('film-stopped');
	await person.settled(600);
	assert.equal((await compareWithDisplay(person)).n, 0);
	assert.deepEqual(person.complaints, []);
	await person.signOut();
});

test('nothing is left', async () => {
	await broker.stop();
});
