// Where the person sits: a network namespace of its own with a line to the server's side, and in front of a display the
// browser that shows the viewer. The same for every stack. Nothing of it outlives the bench, however that ends: the
// namespace is a process's, the line's devices are the namespace's, and every process dies with its parent.
import { spawn, execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { bin, until } from '../../integration/lib/broker.mjs';
import { cpuSeconds, descendants, status } from '../../integration/lib/processes.mjs';
import { chromium } from 'playwright-core';
import { Display, parentalSpawn } from './display.mjs';
import { SCREEN } from './stack.mjs';

const run = promisify(execFile);
export const HERE = '10.87.53.1'; // the server's side
const THERE = '10.87.53.2';
const DEVICE = 'shojibench';

// Each way: kbit/s, delay in ms, loss in percent. null: as fast as the machine is.
export const LINES = {
	lan: null,
	office: [20000, 10, 0], // 20 Mbit/s, 20 ms there and back
	narrow: [300, 100, 0], // 300 kbit/s, 200 ms
	lossy: [20000, 10, 1],
};

export function freePort(host) {
	return new Promise(resolve => {
		const server = net.createServer().listen(0, host, () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

function ready(child, what) {
	return new Promise((resolve, reject) => {
		child.stdout.on('data', chunk => /READY/.test(chunk) && resolve());
		child.once('exit', code => reject(new Error(`${what} ended (${code})`)));
	});
}

async function ended(child) {
	if (!child || child.exitCode !== null || child.signalCode)
		return;
	child.kill('SIGKILL');
	await new Promise(resolve => child.once('exit', resolve));
}

function isRoot(pid) {
	try {
		return status(pid).Uid.startsWith('0\t');
	} catch {
		return false; // it ended meanwhile
	}
}

export class Place {
	static async open(lineName) {
		const self = new Place();
		self.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoji-bench-'));
		self.namespace = parentalSpawn('unshare', ['--net', 'sleep', 'infinity']);
		const mine = fs.readlinkSync('/proc/self/ns/net');
		await until(() => fs.readlinkSync(`/proc/${self.namespace.pid}/ns/net`) !== mine, 'the namespace', 5000);
		// An IPv6 address of the line's own would come a second after the line, and Chromium drops what it is loading when
		// addresses change (ERR_NETWORK_CHANGED).
		await self.inside('sh', ['-c', 'f=/proc/sys/net/ipv6/conf; [ ! -d $f ] || for which in all default; do echo 1 >$f/$which/disable_ipv6; done']);
		await self.inside('ip', ['link', 'set', 'lo', 'up']);
		await self.layLine(LINES[lineName]);
		// Around the screen there is room for either viewer's bars.
		self.display = await Display.open({ size: { width: SCREEN.width + 40, height: SCREEN.height + 100 * SCREEN.scale } });
		self.browserPath = path.join(self.folder, 'chromium');
		fs.writeFileSync(self.browserPath, `#!/bin/sh\nexec nsenter --net=/proc/${self.namespace.pid}/ns/net /usr/bin/chromium "$@"\n`, { mode: 0o755 });
		return self;
	}

	inside(program, args) {
		return run('nsenter', [`--net=/proc/${this.namespace.pid}/ns/net`, program, ...args]);
	}

	async layLine(line) {
		if (line) {
			this.line = parentalSpawn(path.join(bin, 'netline'), [this.namespace.pid, DEVICE, HERE, THERE, ...line].map(String),
				['ignore', 'pipe', 'inherit']);
			return ready(this.line, 'netline');
		}
		await run('ip', ['link', 'add', DEVICE, 'type', 'veth', 'peer', 'name', DEVICE, 'netns', String(this.namespace.pid)]);
		await run('ip', ['address', 'add', `${HERE}/30`, 'dev', DEVICE]);
		await run('ip', ['link', 'set', DEVICE, 'up']);
		await this.inside('ip', ['address', 'add', `${THERE}/30`, 'dev', DEVICE]);
		await this.inside('ip', ['link', 'set', DEVICE, 'up']);
	}

	// The browser with one page that fills the display, behind the line or (isInside false) beside the server, with so many
	// pixels of the display for one of its page. Returns {page}.
	async browser({ isInside = true, scale = 1 } = {}) {
		const folder = fs.mkdtempSync(path.join(this.folder, 'browser-'));
		// Playwright has its own list of features to leave out; a question about translation would cover the screen.
		fs.mkdirSync(path.join(folder, 'Default'));
		fs.writeFileSync(path.join(folder, 'Default/Preferences'), JSON.stringify({ translate: { enabled: false } }));
		this.window = await chromium.launchPersistentContext(folder, { executablePath: isInside ? this.browserPath : '/usr/bin/chromium', headless: false, viewport: null,
			ignoreHTTPSErrors: true, locale: 'ja-JP', args: this.display.browserArguments(scale) });
		const page = this.window.pages()[0] ?? await this.window.newPage();
		// Not yet full screen for a moment after the start.
		await page.waitForFunction(({ width, height }) => innerWidth === width && innerHeight === height,
			{ width: this.display.size.width / scale, height: this.display.size.height / scale }, { timeout: 15000 });
		return { page };
	}

	async closeBrowser() {
		await this.window?.close();
		this.window = null;
	}

	// Processor seconds of every process of the browser.
	cpu() {
		const ours = descendants(process.pid).filter(p => /chromium/.test(p.command[0]) && isRoot(p.pid)); // the isolated ones are not
		return ours.reduce((sum, p) => {
			try {
				return sum + cpuSeconds(p.pid);
			} catch {
				return sum; // it ended meanwhile
			}
		}, 0);
	}

	// What TCP has carried to and from the viewer until now, each byte counted once (TLS, HTTP and WebSocket are in it, TCP/IP
	// headers and what had to be sent again are not), for each open connection; and what went over the wire with all that.
	bytes() {
		const out = execFileSync('ss', ['--tcp', '--info', '--numeric', '--no-header', '--oneline', 'state', 'established', 'src', HERE], { encoding: 'utf8' });
		const connections = Object.fromEntries(out.split('\n').filter(Boolean).map(line => {
			const value = name => Number(new RegExp(`\\b${name}:(\\d+)`).exec(line)?.[1] ?? 0);
			return [/\S+:\d+\s+(\S+:\d+)/.exec(line)[1], { toViewer: value('bytes_sent') - value('bytes_retrans'), fromViewer: value('bytes_received') }];
		}));
		return { connections, wire: Number(fs.readFileSync(`/sys/class/net/${DEVICE}/statistics/tx_bytes`, 'utf8')) };
	}

	// The bytes from one bytes() to a later one. A connection that was closed meanwhile is left out: the screen's is not.
	static bytesBetween(before, after) {
		const sum = which => Object.entries(after.connections).reduce((n, [name, now]) => n + now[which] - (before.connections[name]?.[which] ?? 0), 0);
		return { toViewer: sum('toViewer'), fromViewer: sum('fromViewer'), wire: after.wire - before.wire };
	}

	// A tool of build/.../bin on the display; resolves to the JSON that it prints.
	async tool(name, ...args) {
		const { stdout } = await run(path.join(bin, name), args.map(String), { env: { ...process.env, DISPLAY: this.display.name }, maxBuffer: 1 << 26 });
		return JSON.parse(stdout);
	}

	// The same, started; resolves once it watches. Its end is .done.
	watch(name, ...args) {
		return startWatch(path.join(bin, name), args.map(String), { ...process.env, DISPLAY: this.display.name });
	}

	// B,G,R,X of a part ("X,Y,WIDTH,HEIGHT") of the display.
	async picture(part) {
		const file = path.join(this.folder, 'shown.raw');
		await run(path.join(bin, 'tile-witness'), ['picture', part, file], { env: { ...process.env, DISPLAY: this.display.name } });
		return fs.readFileSync(file);
	}

	async close() {
		await this.closeBrowser();
		await this.display?.close();
		await ended(this.line);
		await ended(this.namespace);
		// The line's devices go with the namespace, a moment later.
		await until(() => !fs.existsSync(`/sys/class/net/${DEVICE}`), 'the line is gone', 10000);
		fs.rmSync(this.folder, { recursive: true, force: true });
	}
}

// Starts a tool that prints READY once it watches, and resolves then. Its end is .done; .said() is what it printed after READY.
export async function startWatch(program, args, env) {
	const child = parentalSpawn(program, args, ['ignore', 'pipe', 'inherit'], env);
	let out = '';
	child.stdout.on('data', chunk => { out += chunk; });
	const done = new Promise((resolve, reject) => child.once('close', code => code === 0 ? resolve() : reject(new Error(`${program}: ${code}`))));
	await Promise.race([ready(child, program), done]);
	return { done, said: () => out.replace(/^READY\n/, '') };
}
