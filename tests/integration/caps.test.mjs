// Policy caps on the line: of a session, and of all of them together. What goes over the line in any second stays below, the picture
// becomes exact all the same, and two sessions share what there is.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Broker, until } from './lib/broker.mjs';
import { compareWithDisplay } from './lib/display.mjs';
import { Line } from './lib/line.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import { test } from './lib/suite.mjs';
import * as viewer from '../browser/viewer.mjs';

const EACH_KBIT = 1000, ALL_KBIT = 1400;
const SECONDS = 4;
const PAGE = `http://site.test/reference/ch02.ja.html?photographs=1&scroll=${SECONDS}`;
const EVERY_MS = 25;

let site, broker;
const lines = [];

before(async () => {
	site = await Site.start();
	lines.push(await Line.open(), await Line.open());
	broker = await Broker.start({
		profile: { start_page: PAGE },
		egress: { hosts: site.hosts('site.test') },
		gate: { origins: lines.map(line => line.url) },
		sessions: { max: 2, kbit_s_each_max: EACH_KBIT, kbit_s_all_max: ALL_KBIT },
	});
	lines.forEach(line => line.connectTo(broker.url));
	await broker.addPerson('tanaka', PASSWORD);
	await broker.addPerson('suzuki', PASSWORD);
});

after(async () => {
	await broker?.kill();
	for (const line of lines)
		await line.close();
	await site?.stop();
});

// Bytes to each viewer, from now on.
function watch(watched) {
	const samples = [];
	const sample = () => samples.push({ ms: performance.now(), bytes: watched.map(line => line.toViewer) });
	const timer = setInterval(sample, EVERY_MS);
	sample();
	return () => {
		clearInterval(timer);
		sample();
		return samples;
	};
}

const sum = numbers => numbers.reduce((a, b) => a + b, 0);

// The most in any second, kbit. What is read after a sample may have been sent since the one before it: where a busy machine made
// this process stand still, the second is so much longer.
function mostInASecond(samples, bytesOf) {
	let most = 0;
	for (let first = 1, last = 1; last < samples.length; last++) {
		while (samples[last].ms - samples[first].ms > 1000)
			first++;
		const seconds = Math.max(1000, samples[last].ms - samples[first - 1].ms) / 1000;
		most = Math.max(most, (bytesOf(samples[last].bytes) - bytesOf(samples[first].bytes)) / seconds);
	}
	return most * 8 / 1000;
}

// A cap, one bucket (80 ms of it), and what a last frame may be longer; a busy machine's clock adds a sample.
function assertBelow(kbit, cap, what) {
	assert.ok(kbit <= cap * 1.12 + 150, `${what}: ${Math.round(kbit)} kbit in a second`);
}

const scrolled = n => until(() => site.reports.filter(report => report.type === 'scroll-done').length >= n, `${n} scrolled`, 60000);

async function settleExactly(person, uid) {
	const { n } = await compareWithDisplay(person, uid, 60000); // a thin line, and two at once
	assert.equal(n, 0, 'pixels differ');
}

test('a session stays below its cap, alone and beside another', async t => {
	const tanaka = await Person.atWork(broker, 'tanaka', { url: lines[0].url });
	t.after(() => tanaka.leave());
	await until(() => site.reports.some(report => report.type === 'scroll-ready'), 'the page');
	await tanaka.settled();
	let stop = watch([lines[0]]);
	await tanaka.press('KeyA');
	await scrolled(1);
	await settleExactly(tanaka);
	let samples = stop();
	const alone = samples.at(-1).bytes[0] - samples[0].bytes[0];
	assertBelow(mostInASecond(samples, ([bytes]) => bytes), EACH_KBIT, 'alone');
	// It was the limit: else this test would show nothing.
	assert.ok(alone * 8 / 1000 > EACH_KBIT * SECONDS / 2, `only ${alone} bytes`);
	t.diagnostic(`alone: ${alone} bytes, at most ${Math.round(mostInASecond(samples, ([bytes]) => bytes))} kbit in a second`);

	const suzuki = await Person.atWork(broker, 'suzuki', { url: lines[1].url });
	t.after(() => suzuki.leave());
	await until(() => site.reports.filter(report => report.type === 'scroll-ready').length >= 2, 'the second page');
	await suzuki.settled();
	await tanaka.press('F5');
	await until(() => site.reports.filter(report => report.type === 'scroll-ready').length >= 3, 'the page anew');
	// A viewer that comes anew remembers nothing: else these photographs would cost it next to nothing.
	await tanaka.page.reload();
	await viewer.waitLive(tanaka.page);
	await tanaka.settled();
	stop = watch(lines);
	await tanaka.press('KeyA');
	await suzuki.press('KeyA');
	await scrolled(3);
	samples = stop();
	const each = samples.at(-1).bytes.map((bytes, i) => bytes - samples[0].bytes[i]);
	t.diagnostic(`together: ${each.join(' and ')} bytes, at most ${Math.round(mostInASecond(samples, sum))} kbit in a second`);
	assertBelow(mostInASecond(samples, sum), ALL_KBIT, 'together');
	for (const bytes of each)
		assert.ok(bytes > sum(each) * 0.25, `${each.join(' and ')} bytes: not shared`);
	await settleExactly(tanaka, 61000);
	await settleExactly(suzuki, 61003);
	for (const person of [tanaka, suzuki])
		await person.signOut();
	await until(async () => (await broker.sessions()).length === 0, 'no session left');
});
