// Measures Shoji, and noVNC with TigerVNC, in turn and on the same machine: the same pages, the same isolated browser, the
// same viewer's browser before a display, over a line of a given kind. Prints a table on standard error and JSON on standard
// output; docs/performance.md explains the figures and keeps the last ones. As root; needs scripts/build gcc.
import { parseArgs } from 'node:util';
import path from 'node:path';
import os from 'node:os';
import { bin, root } from '../integration/lib/broker.mjs';
import { Place, LINES } from './lib/place.mjs';
import { LedSite } from './lib/site.mjs';
import { Shoji } from './lib/shoji.mjs';
import { Local } from './lib/local.mjs';
import { NoVnc } from './lib/novnc.mjs';
import { table, summary } from './lib/table.mjs';
import { NAMED_ONLY, SCENARIOS } from './scenarios/all.mjs';
import { chooseScreen } from './lib/stack.mjs';

const STACKS = { shoji: Shoji, novnc: NoVnc, local: Local };
const EVERY = { ...SCENARIOS, ...NAMED_ONLY };
const USAGE = `usage: tests/bench/run [--repeat N] [--rest SECONDS] [--only SCENARIO,...] [--line LINE,...] [--stack STACK,...] [--short]
	[--screen WIDTHxHEIGHT] [--scale N] [--folder FOLDER] [--page PAGE,...]
scenarios: ${Object.entries(EVERY).map(([name, { describe }]) => `\n  ${name.padEnd(12)}${describe}`).join('')}
lines:     ${Object.keys(LINES).join(', ')} (default lan); stacks: ${Object.keys(STACKS).join(', ')} (default all)
--short    sees only that everything runs
--screen   pixels of the isolated screen (default 1280x800); --scale: of them for one of the page's (default 1)
--folder   is served to the isolated browser, below /page/
--page     instead of the scenario's own (fast, smooth, exactness, moves: each; navigation: from one to the next): below --folder, or with a
           / before it below the site (/reference, /handbook, /bench), e.g.
           tests/bench/run --folder /usr/share/doc/maint-guide-ja/html --page index.ja.html --only fast,exactness --screen 1920x1080`;

function chosen(text, from) {
	const names = text.split(',');
	const unknown = names.filter(name => !Object.hasOwn(from, name));
	if (unknown.length > 0) {
		process.stderr.write(`${unknown.join(', ')}?\n${USAGE}\n`);
		process.exit(2);
	}
	return names;
}

const OPTIONS = {
	repeat: { type: 'string', default: '3' },
	only: { type: 'string', default: Object.keys(SCENARIOS).join(',') },
	rest: { type: 'string', default: '10' },
	line: { type: 'string', default: 'lan' },
	stack: { type: 'string', default: Object.keys(STACKS).join(',') },
	short: { type: 'boolean', default: false },
	screen: { type: 'string', default: '1280x800' },
	scale: { type: 'string', default: '1' },
	folder: { type: 'string' },
	page: { type: 'string', default: '' },
	help: { type: 'boolean', default: false },
};

function parsed() {
	try {
		return parseArgs({ options: OPTIONS }).values;
	} catch (error) {
		process.stderr.write(`${error.message}\n${USAGE}\n`);
		process.exit(2);
	}
}

function count(name) {
	const number = Number(values[name]);
	if (!Number.isInteger(number) || number < 1) {
		process.stderr.write(`--${name}: a whole number from 1\n${USAGE}\n`);
		process.exit(2);
	}
	return number;
}

const values = parsed();
if (values.help) {
	process.stdout.write(`${USAGE}\n`);
	process.exit(0);
}
// The script by which the bench leads a page comes with "bench" in its address.
const pages = values.page.split(',').filter(Boolean).map(each => `${each.startsWith('/') ? '' : '/page/'}${each}${each.includes('?') ? '&' : '?'}bench`);
const [, width, height] = /^(\d+)x(\d+)$/.exec(values.screen) ?? [];
const scale = Number(values.scale);
if (!width || !(scale >= 0.5 && scale <= 4)) {
	process.stderr.write(`${USAGE}\n`);
	process.exit(2);
}
chooseScreen({ width: Number(width), height: Number(height), scale });
const options = { pages, screen: values.screen, scale, short: values.short, rest: count('rest'), repeat: values.short ? 1 : count('repeat') };
const scenarios = chosen(values.only, EVERY), lines = chosen(values.line, LINES), stacks = chosen(values.stack, STACKS);

// One session of one stack, every scenario in it.
async function once(name, { site, place, stack }) {
	const figures = {};
	const { firstPictureMs } = await stack.open();
	if (firstPictureMs)
		figures.open_first_picture_ms = firstPictureMs;
	for (const scenario of scenarios.filter(each => name !== 'local' || EVERY[each].isLocal)) {
		process.stderr.write(`  ${name}: ${scenario} ...\n`);
		Object.assign(figures, await EVERY[scenario].run({ site, place, stack, options }));
	}
	await stack.close();
	return figures;
}

async function onLine(line, open) {
	const runs = Object.fromEntries(stacks.map(name => [name, []]));
	const site = open.site = await LedSite.start(values.folder && path.resolve(values.folder));
	const place = open.place = await Place.open(line);
	for (let i = 0; i < options.repeat; i++)
		for (const name of stacks) {
			process.stderr.write(`${line}, run ${i + 1} of ${options.repeat}\n`);
			const stack = open.stack = await STACKS[name].start({ site, place });
			runs[name].push(await once(name, { site, place, stack }));
			await stack.stop();
			open.stack = null;
		}
	await place.close();
	await site.stop();
	return Object.fromEntries(stacks.map(name => [name, summary(runs[name])]));
}

const results = {};
for (const line of lines) {
	const open = {};
	try {
		results[line] = await onLine(line, open);
	} catch (error) {
		process.stderr.write(`${error.stack}\n${open.stack?.log.slice(-3000) ?? ''}\n`);
		await open.stack?.kill().catch(() => {});
		await open.place?.close().catch(() => {});
		process.exit(1);
	}
	process.stderr.write(`\n${table(line, results[line])}\n\n`);
}
console.log(JSON.stringify({ machine: { cores: os.cpus().length, model: os.cpus()[0].model, load: os.loadavg() },
	build: path.relative(root, bin), options: { ...options, scenarios }, lines: Object.fromEntries(lines.map(line => [line, LINES[line]])),
	results }, null, '\t'));
process.exit(0);
