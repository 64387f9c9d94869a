// Records real sessions of pixels for tests/bench/codec, once: what the display of an isolated browser shows while a person
// works. The recordings are committed, so that everybody's codec is measured on the same pixels.
//
// usage: node tests/bench/record.mjs [NAME...]     (as root; needs scripts/build gcc)
import path from 'node:path';
import { root } from '../integration/lib/broker.mjs';
import { Place } from './lib/place.mjs';
import { LedSite } from './lib/site.mjs';
import { NoVnc } from './lib/novnc.mjs';
import { CONTENT, hover, quiet, shown, sleep, touch } from './lib/measure.mjs';

const FOLDER = path.join(root, 'tests/bench/recordings');
const WHOLE = '0,0,1280,800';

async function turn({ stack, place }, notches, intervalMs) {
	await place.tool('hand-and-eye', '--area', shown(stack, { ...CONTENT, width: 8 }), 'turn', 5, notches, intervalMs);
}

async function pressKeys({ stack, place }, code, n, intervalMs) {
	await place.tool('hand-and-eye', '--area', shown(stack, { ...CONTENT, width: 8 }), '--quiet', 400, '--limit', 600, 'press', code, n, intervalMs);
}

// What the person does, from which place of the page on; ms and pictures: so much is recorded at most.
const SESSIONS = {
	'text-scroll': { page: '/reference/ch01.ja.html?bench', ms: 4000, pictures: 120, work: context => turn(context, 20, 100) },
	'photo-scroll': { page: '/reference/ch01.ja.html?bench&photographs=4', from: 4000, ms: 3000, pictures: 60, work: context => turn(context, 10, 120) },
	'page-change': { page: '/reference/ch02.ja.html?bench', ms: 6000, pictures: 60, work: async context => {
		for (const page of ['/handbook/ja-JP/sect.apt-get.html?bench', '/reference/ch05.ja.html?bench', '/handbook/ja-JP/index.html?bench']) {
			await context.site.lead(context.stack.url(page));
			await sleep(300);
		}
	} },
	'typing': { page: '/bench/typing.html?bench', ms: 5000, pictures: 60, work: async context => {
		await touch(context.stack, 400, 300);
		await pressKeys(context, 38, 16, 125);
	} },
};

const names = process.argv.slice(2);
const site = await LedSite.start();
const place = await Place.open('lan');
const stack = await NoVnc.start({ site, place });
try {
	await stack.open();
	for (const [name, { page, from = 0, ms, pictures, work }] of Object.entries(SESSIONS)) {
		if (names.length > 0 && !names.includes(name))
			continue;
		await site.lead(stack.url(page));
		await site.scrollTo(from);
		await hover(stack, 1000, 500);
		await quiet(stack, place, 1000, 3000);
		const record = await stack.hostWatch('pixel-record', WHOLE, ms, pictures, path.join(FOLDER, `${name}.shpx.zst`));
		await work({ stack, place, site });
		await record.done;
		process.stdout.write(`${name}: ${record.said()}`);
	}
} finally {
	await stack.close();
	await stack.stop();
	await place.close();
	await site.stop();
}
process.exit(0);
