// Measures Shoji as it is: one broker, one session, one viewer in a real Chromium, all on this machine. Prints a table on
// standard error and JSON on standard output; docs/performance.md explains the figures and keeps the last ones.
//
// usage: tests/bench/run [--repeat N] [--seconds N] [--presses N] [--only NAME,...]     (as root; needs scripts/build gcc)
import { parseArgs } from 'node:util';
import path from 'node:path';
import os from 'node:os';
import { Broker, bin } from '../integration/lib/broker.mjs';
import { Line } from '../integration/lib/line.mjs';
import { Person, PASSWORD } from '../integration/lib/person.mjs';
import { Site } from '../integration/lib/site.mjs';
import { cpuSeconds, descendants, pssKib, roles, shepherds } from '../integration/lib/processes.mjs';
import { Display, keyLatency } from './lib/display.mjs';

const { values: options } = parseArgs({ options: {
	repeat: { type: 'string', default: '3' },
	seconds: { type: 'string', default: '8' },
	presses: { type: 'string', default: '60' },
	only: { type: 'string', default: 'open,scroll,idle,memory,latency' },
} });
const repeat = Number(options.repeat), seconds = Number(options.seconds), presses = Number(options.presses);
const SCREEN = { width: 1280, height: 840 }; // the viewer's window: bar and 1280x800 of screen
const TEXT_PAGE = '/reference/ch01.ja.html';

const median = values => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
const summary = values => ({ median: median(values), min: Math.min(...values), max: Math.max(...values), values });
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

// The colour of pages/flash.html.
const isFlash = ({ data }) => data[0] === 0x28 && data[1] === 0x35 && data[2] === 0x93;

class Bench {
	static async prepare() {
		const self = new Bench();
		self.site = await Site.start();
		self.line = await Line.open();
		self.broker = await Broker.start({
			gate: { origins: [self.line.url] },
			profile: { start_page: `http://site.test/pages/flash.html` },
			egress: { hosts: self.site.hosts('site.test') },
			people: { argon2_memory_kib: 65536, argon2_passes: 3 }, // as shipped: it is part of "open"
		});
		self.line.connectTo(self.broker.url);
		await self.broker.addPerson('tanaka', PASSWORD);
		return self;
	}

	// A person with a fresh session, through the line that counts.
	async work(options = {}) {
		this.site.reports.length = 0;
		const person = await Person.atWork(this.broker, 'tanaka', { url: this.line.url, ...SCREEN, ...options });
		await this.site.reported('flash-ready');
		await person.settled(500);
		return person;
	}

	async end(person) {
		await person.signOut();
		await person.leave();
		while ((await this.broker.sessions()).length > 0)
			await sleep(50);
	}

	workers() {
		const of = role => roles(this.broker.pid, role)[0];
		const [shepherd] = shepherds();
		const xserver = descendants(shepherd).find(p => /Xvnc|Xtigervnc/.test(p.command[0]))?.pid;
		return { gate: of('gate'), capture: of('capture'), encode: of('encode'), shepherd, xserver };
	}

	// From the sign-in button to the first picture on the viewer's canvas, and to the start page's own, milliseconds.
	async open() {
		const took = [], page = [];
		for (let i = 0; i < repeat; i++) {
			const person = await Person.arrive(this.line.url, SCREEN);
			const startMs = Date.now();
			await person.signIn('tanaka');
			await person.page.waitForFunction(() => document.body.dataset.state === 'live' &&
				document.getElementById('overlay').hidden, null, { polling: 10, timeout: 30000 });
			took.push(Date.now() - startMs);
			while (!isFlash(await person.pixels({ x: 640, y: 500, width: 1, height: 1 })))
				if (Date.now() - startMs > 30000)
					throw new Error('the start page was not drawn within 30 s');
			page.push(Date.now() - startMs);
			await this.end(person);
		}
		return { open_first_picture_ms: summary(took), open_start_page_ms: summary(page) };
	}

	// A long real page scrolled smoothly by its own script.
	async scroll() {
		const runs = { bytes: [], capture_cpu: [], encode_cpu: [], gate_cpu: [], xserver_cpu: [] };
		for (let i = 0; i < repeat; i++) {
			const person = await this.work();
			await person.browse(`http://site.test${TEXT_PAGE}?scroll=${seconds}`);
			await person.click(640, 500);
			await this.site.reported('scroll-ready');
			await person.settled(1000);
			const { shepherd, ...pids } = this.workers();
			const before = Object.fromEntries(Object.entries(pids).map(([role, pid]) => [role, cpuSeconds(pid)]));
			const bytes = this.line.toViewer;
			await person.press('KeyG'); // the page's script begins at a key
			await this.site.reported('scroll-done', (seconds + 10) * 1000);
			await sleep(500);
			runs.bytes.push(this.line.toViewer - bytes);
			for (const [role, pid] of Object.entries(pids))
				runs[`${role}_cpu`].push((cpuSeconds(pid) - before[role]) / seconds);
			await this.end(person);
		}
		return Object.fromEntries(Object.entries(runs).map(([name, values]) =>
			[name === 'bytes' ? 'scroll_bytes' : `scroll_${name}_share`, summary(values)]));
	}

	// A still screen: bytes a second to the viewer, processor share.
	async idle() {
		const person = await this.work();
		await person.settled(2000);
		const { shepherd, ...pids } = this.workers();
		const before = Object.fromEntries(Object.entries(pids).map(([role, pid]) => [role, cpuSeconds(pid)]));
		const bytes = this.line.toViewer;
		await sleep(seconds * 1000);
		const result = { idle_bytes_per_s: (this.line.toViewer - bytes) / seconds };
		for (const [role, pid] of Object.entries(pids))
			result[`idle_${role}_cpu_share`] = (cpuSeconds(pid) - before[role]) / seconds;
		await this.end(person);
		return result;
	}

	async memory() {
		const person = await this.work();
		await person.browse(`http://site.test${TEXT_PAGE}`);
		await person.settled(2000);
		const pids = this.workers();
		const pss = Object.fromEntries(Object.entries(pids).map(([role, pid]) => [`memory_${role}_pss_mib`, pssKib(pid) / 1024]));
		await this.end(person);
		return { ...pss, memory_session_pss_mib: pss.memory_capture_pss_mib + pss.memory_encode_pss_mib + pss.memory_shepherd_pss_mib };
	}

	// Key press to changed pixel on a display before which a person sits: a local Chromium, then the viewer, in turn.
	async latency() {
		const local = [], shoji = [];
		for (let i = 0; i < repeat; i++) {
			local.push(await keyLatency(presses, `http://127.0.0.1:${this.site.port}/pages/flash.html`));
			const display = await Display.open();
			try {
				const person = await this.work({ headless: false, args: display.browserArguments() });
				await person.page.focus('#screen');
				await person.settled(1000);
				shoji.push(await display.measure(presses));
				await this.end(person);
			} finally {
				await display.close();
			}
		}
		const of = (runs, name) => summary(runs.map(run => run[name]));
		return { key_local_p50_ms: of(local, 'p50_ms'), key_local_p95_ms: of(local, 'p95_ms'),
			key_shoji_p50_ms: of(shoji, 'p50_ms'), key_shoji_p95_ms: of(shoji, 'p95_ms') };
	}

	async finish() {
		await this.broker.stop();
		await this.line.close();
		await this.site.stop();
	}
}

function table(figures) {
	const show = value => typeof value === 'number' ? value.toFixed(value < 100 ? 2 : 0) : String(value);
	return Object.entries(figures).map(([name, value]) => typeof value === 'object'
		? `${name.padEnd(34)}${show(value.median).padStart(12)}   (${show(value.min)} to ${show(value.max)})`
		: `${name.padEnd(34)}${show(value).padStart(12)}`).join('\n');
}

const bench = await Bench.prepare();
const figures = {};
try {
	for (const name of options.only.split(',')) {
		process.stderr.write(`${name} ...\n`);
		Object.assign(figures, await bench[name]());
	}
	await bench.finish();
} catch (error) {
	process.stderr.write(`${error.stack}\n${bench.broker.log.slice(-3000)}\n`);
	await bench.broker.kill();
	process.exit(1);
}
process.stderr.write(`\n${table(figures)}\n`);
console.log(JSON.stringify({ machine: { cores: os.cpus().length, model: os.cpus()[0].model }, build: path.relative(process.cwd(), bin),
	options: { repeat, seconds, presses, ...SCREEN }, figures }, null, '\t'));
process.exit(0);
