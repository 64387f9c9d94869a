// Starts the real broker for a test, with a folder, certificates and a configuration of its own, and checks at the
// end, by difference, that nothing is left of it. Stands outside the product: it uses only what an administrator has.
import { spawn, execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import assert from 'node:assert/strict';
import { Leftovers } from './leftovers.mjs';

const run = promisify(execFile);
export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../..');
export const bin = process.env.SHOJI_BIN ?? path.join(root, 'build/gcc/bin');
const READY_DEADLINE_MS = 30000;

// YAML of a plain object two levels deep.
function yaml(settings) {
	const value = v => Array.isArray(v) ? `[${v.map(value).join(', ')}]`
		: v && typeof v === 'object' ? `{${Object.entries(v).map(([k, w]) => `${JSON.stringify(k)}: ${value(w)}`).join(', ')}}`
		: JSON.stringify(v);
	return Object.entries(settings).map(([section, keys]) =>
		`${section}:\n` + Object.entries(keys).map(([k, v]) => `  ${k}: ${value(v)}\n`).join('')).join('');
}

function merge(a, b) {
	const out = structuredClone(a);
	for (const [section, keys] of Object.entries(b))
		out[section] = { ...out[section], ...keys };
	return out;
}

export async function until(condition, what, deadlineMs = 15000) {
	const end = Date.now() + deadlineMs;
	for (;;) {
		const value = await condition();
		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`not within ${deadlineMs} ms: ${typeof what === 'function' ? what() : what}`);
		await new Promise(resolve => setTimeout(resolve, 50));
	}
}

export class Broker {
	static running = new Set(); // of this process's tests

	// settings: sections and keys of the configuration, over the tests' defaults. program: another one of bin/.
	// guestInit: what stands in shoji-guest-init's place, of bin/; the real one is then guest/honest-init.
	static async start(settings = {}, { program = 'shoji-broker', guestInit } = {}) {
		const self = new Broker();
		self.program = program;
		self.leftovers = new Leftovers();
		self.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoji-test-'));
		fs.chmodSync(self.folder, 0o755); // keeper's account has to reach its data folder
		await run(path.join(root, 'certs/shoji-ca'), ['init', path.join(self.folder, 'ca')]);
		await run(path.join(root, 'certs/shoji-ca'), ['issue', path.join(self.folder, 'ca'), 'server', '127.0.0.1', 'localhost']);
		self.settings = merge({
			broker: { run_folder: path.join(self.folder, 'run'), data_folder: path.join(self.folder, 'data') },
			gate: { listen: '127.0.0.1:0', certificate: path.join(self.folder, 'ca/server.crt'),
				key: path.join(self.folder, 'ca/server.key'), sign_ins_per_address_per_minute_max: 1000 },
			people: { argon2_memory_kib: 8192, argon2_passes: 1 },
			sessions: { max: 4 },
		}, settings);
		if (guestInit)
			self.useGuestInit(guestInit);
		self.configuration = path.join(self.folder, 'shoji.yaml');
		fs.writeFileSync(self.configuration, yaml(self.settings));
		await self.launch();
		return self;
	}

	// A program folder with the real programs but one: the broker looks for them beside itself.
	useGuestInit(guestInit) {
		const folder = path.join(this.folder, 'bin');
		fs.cpSync(path.join(bin, 'guest'), path.join(folder, 'guest'), { recursive: true });
		for (const name of [this.program, 'policies.json', ...fs.readdirSync(bin).filter(name => name.startsWith('shoji-guest-'))])
			fs.copyFileSync(path.join(bin, name), path.join(folder, name));
		fs.copyFileSync(path.join(bin, guestInit), path.join(folder, 'shoji-guest-init'));
		fs.copyFileSync(path.join(bin, 'shoji-guest-init'), path.join(folder, 'guest/honest-init'));
		this.program = path.join(folder, this.program);
		this.settings = merge({ gate: { viewer_folder: path.resolve(bin, '../viewer') } }, this.settings);
	}

	// Starts (or starts again) the broker itself.
	async launch() {
		this.log = '';
		this.child = spawn(path.resolve(bin, this.program), ['--config', this.configuration],
			{ stdio: ['ignore', 'pipe', 'pipe'] });
		Broker.running.add(this);
		this.exited = new Promise(resolve => this.child.once('exit', (code, signal) => {
			Broker.running.delete(this);
			resolve({ code, signal });
		}));
		let out = '';
		this.child.stdout.on('data', chunk => { out += chunk; });
		this.child.stderr.on('data', chunk => {
			this.log += chunk;
			if (process.env.SHOJI_TEST_LOG)
				process.stderr.write(chunk);
		});
		let gone = null;
		this.exited.then(how => { gone = how; });
		const ready = await until(() => {
			if (gone)
				throw new Error(`the broker exited ${JSON.stringify(gone)}:\n${this.log}`);
			return /^READY (\S+)/m.exec(out);
		}, () => `READY; log:\n${this.log}`, READY_DEADLINE_MS);
		this.url = ready[1];
	}

	get pid() {
		return this.child.pid;
	}

	// shojictl; resolves to its standard output, rejects with its exit code and message.
	async ctl(...args) {
		const { stdout } = await run(path.join(bin, 'shojictl'),
			['--socket', path.join(this.folder, 'run/control.sock'), ...args], { maxBuffer: 1 << 26 });
		return stdout;
	}

	async ctlJson(...args) {
		return JSON.parse(await this.ctl('--json', ...args));
	}

	async addPerson(id, password, name = id) {
		execFileSync(path.join(bin, 'shojictl'), ['--socket', path.join(this.folder, 'run/control.sock'),
			'people', 'add', id, '--name', name, '--password-stdin'], { input: `${password}\n`, stdio: ['pipe', 'pipe', 'pipe'] });
	}

	sessions() {
		return this.ctlJson('sessions');
	}

	auditText() {
		const folder = path.join(this.folder, 'data/audit');
		return fs.readdirSync(folder).filter(name => name.endsWith('.jsonl')).sort()
			.map(name => fs.readFileSync(path.join(folder, name), 'utf8')).join('');
	}

	audit() {
		return this.auditText().split('\n').slice(0, -1) // the last may be half written
			.filter(Boolean).map(line => JSON.parse(line));
	}

	isAlive() {
		return this.child.exitCode === null && this.child.signalCode === null;
	}

	// Ends the broker as Ctrl-C does, and asserts that nothing of it is left.
	async stop() {
		if (this.isAlive())
			this.child.kill('SIGTERM');
		const how = await Promise.race([this.exited, new Promise(resolve => setTimeout(resolve, 30000, null))]);
		if (!how) {
			this.child.kill('SIGKILL');
			throw new Error(`the broker did not stop within 30 s:\n${this.log.slice(-4000)}`);
		}
		assert.deepEqual(how, { code: 0, signal: null }, `exit status; log:\n${this.log.slice(-4000)}`);
		assert.doesNotMatch(this.log, /AddressSanitizer|runtime error:|bug in Shoji/, 'sanitizer or bug report');
		const run = path.join(this.folder, 'run');
		const sessions = path.join(run, 'sessions');
		assert.deepEqual(fs.existsSync(sessions) ? fs.readdirSync(sessions) : [], [], 'run folder');
		fs.rmSync(this.folder, { recursive: true, force: true });
		await this.leftovers.assertNone();
	}

	// For after(): whatever happened, nothing stays.
	async kill() {
		if (this.child && this.isAlive()) {
			this.child.kill('SIGTERM');
			const how = await Promise.race([this.exited, new Promise(resolve => setTimeout(resolve, 15000, null))]);
			if (!how)
				this.child.kill('SIGKILL');
		}
		if (process.env.SHOJI_TEST_KEEP)
			return;
		fs.rmSync(this.folder, { recursive: true, force: true });
	}
}
