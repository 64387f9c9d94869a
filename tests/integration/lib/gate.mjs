// Starts the real gate under gate-peer, which plays everybody behind it, and speaks with gate as a terminal would.
import { spawn, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import assert from 'node:assert/strict';
import WebSocket from 'ws';

const here = path.dirname(new URL(import.meta.url).pathname);
const root = path.resolve(here, '../../..');
const PEER = process.env.SHOJI_GATE_PEER;

export const token = n => String(n).padStart(64, '0');
export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

const PATIENCE_MS = 20000; // with a busy machine; what takes so long never comes

// What never comes fails its test, instead of stopping the run.
function within(promise, what, deadlineMs = PATIENCE_MS) {
	let timer;
	return Promise.race([promise, new Promise((resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what}`)), deadlineMs);
	})]).finally(() => clearTimeout(timer));
}

export class Gate {
	static async start(gateSettings = {}, more = '') {
		const self = new Gate();
		self.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoji-gate-test-'));
		const ca = path.join(self.folder, 'ca');
		execFileSync(path.join(root, 'certs/shoji-ca'), ['init', ca]);
		execFileSync(path.join(root, 'certs/shoji-ca'), ['issue', ca, 'server', '127.0.0.1', 'localhost']);
		self.ca = fs.readFileSync(path.join(ca, 'ca.crt'));
		const assets = path.join(self.folder, 'assets');
		fs.mkdirSync(assets);
		fs.writeFileSync(path.join(assets, 'index.html'), '<!doctype html><title>障子</title>');
		fs.writeFileSync(path.join(assets, 'viewer.js'), 'export {};\n');
		fs.writeFileSync(path.join(assets, 'decoder.wasm'), Buffer.alloc(700000, 7));
		const lines = Object.entries(gateSettings).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
		self.config = path.join(self.folder, 'shoji.yaml');
		fs.writeFileSync(self.config, `gate:\n  listen: "127.0.0.1:0"\n${lines.join('')}` +
			'people:\n  contact: "情報担当（内線1234）"\nprofile:\n  width_max: 1920\n  height_max: 1200\n' + more);
		self.events = [];
		self.waiting = [];
		self.log = '';
		self.child = spawn(PEER, [self.config, path.join(ca, 'server.crt'), path.join(ca, 'server.key'), assets],
			{ stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, SHOJI_LOG_LEVEL: 'debug', ASAN_OPTIONS: 'detect_leaks=0' } });
		let text = '';
		self.child.stdout.on('data', chunk => {
			text += chunk;
			const lines = text.split('\n');
			text = lines.pop();
			for (const line of lines)
				self.#take(JSON.parse(line));
		});
		self.child.stderr.on('data', chunk => {
			self.log += chunk;
			if (process.env.SHOJI_TEST_LOG)
				process.stderr.write(chunk);
		});
		const ready = await self.event('ready');
		self.port = ready.port;
		self.pid = ready.pid;
		self.origin = `https://127.0.0.1:${self.port}`;
		return self;
	}

	#take(event) {
		const at = this.waiting.findIndex(waiter => waiter.matches(event));
		if (at >= 0)
			this.waiting.splice(at, 1)[0].resolve(event);
		else
			this.events.push(event);
	}

	// The next event of that name (and of those fields) that nobody has taken yet.
	event(name, fields = {}, deadlineMs = PATIENCE_MS) {
		const matches = event => event.event === name && Object.entries(fields).every(([k, v]) => event[k] === v);
		const at = this.events.findIndex(matches);
		if (at >= 0)
			return Promise.resolve(this.events.splice(at, 1)[0]);
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.waiting = this.waiting.filter(waiter => waiter.matches !== matches);
				reject(new Error(`no ${name} ${JSON.stringify(fields)} within ${deadlineMs} ms; there are ` +
					`${JSON.stringify(this.events)}; log:\n${this.log.slice(-3000)}`));
			}, deadlineMs);
			this.waiting.push({ matches, resolve: event => { clearTimeout(timer); resolve(event); } });
		});
	}

	has(name, fields = {}) {
		return this.events.some(event => event.event === name && Object.entries(fields).every(([k, v]) => event[k] === v));
	}

	say(command) {
		this.child.stdin.write(`${command}\n`);
	}

	async status() {
		this.say('status');
		return this.event('status');
	}

	// One HTTP request on a connection of its own unless an agent is given.
	request(method, where, options = {}) {
		return within(this.#request(method, where, options), `an answer to ${method} ${where}`);
	}

	#request(method, where, { headers = {}, body, agent, ...options } = {}) {
		return new Promise((resolve, reject) => {
			const request = https.request({ host: '127.0.0.1', port: this.port, ca: this.ca, servername: 'localhost', method, path: where, headers,
				agent: agent ?? new https.Agent({ keepAlive: false }), ...options }, response => {
				const chunks = [];
				response.on('data', chunk => chunks.push(chunk));
				response.on('end', () => {
					const bytes = Buffer.concat(chunks);
					resolve({ status: response.statusCode, headers: response.headers, bytes, text: bytes.toString(),
						json: () => JSON.parse(bytes.toString()) });
				});
			});
			request.on('error', reject);
			request.end(body);
		});
	}

	post(where, body, headers = {}, options = {}) {
		return this.request('POST', where, { body: typeof body === 'string' ? body : JSON.stringify(body),
			headers: { Origin: this.origin, 'Content-Type': 'application/json',
				'Content-Length': Buffer.byteLength(typeof body === 'string' ? body : JSON.stringify(body)), ...headers }, ...options });
	}

	// Bytes over TLS, answered by whatever comes until the other side closes (or the deadline).
	raw(bytes, { deadlineMs = 8000, then } = {}) {
		return new Promise((resolve, reject) => {
			const began = Date.now();
			const socket = tls.connect({ host: '127.0.0.1', port: this.port, ca: this.ca, servername: 'localhost' });
			let text = '';
			const timer = setTimeout(() => { socket.destroy(); resolve({ text, closed: false, ms: Date.now() - began }); }, deadlineMs);
			socket.on('secureConnect', () => { socket.write(bytes); then?.(socket); });
			socket.on('data', chunk => { text += chunk.toString('latin1'); });
			socket.on('error', error => { if (!text && error.code !== 'ECONNRESET' && error.code !== 'EPIPE') { clearTimeout(timer); reject(error); } });
			socket.on('close', () => { clearTimeout(timer); resolve({ text, closed: true, ms: Date.now() - began }); });
		});
	}

	tcp() {
		return new Promise((resolve, reject) => {
			const socket = net.connect(this.port, '127.0.0.1', () => resolve(socket));
			socket.on('error', reject);
		});
	}

	stream({ cookie = token(1), origin = this.origin, protocol = 'shoji.v2', where = '/stream', headers = {} } = {}) {
		return new Viewer(new WebSocket(`wss://127.0.0.1:${this.port}${where}`, protocol,
			{ ca: this.ca, servername: 'localhost', origin, perMessageDeflate: true, headers: { ...(cookie ? { Cookie: `a=b; __Host-shoji=${cookie}` } : {}), ...headers } }));
	}

	// A viewer that keeper has accepted for this lease.
	async attached(lease, { cookie = token(1), next = token(2), name = '山田 花子' } = {}) {
		const viewer = this.stream({ cookie });
		await viewer.open();
		viewer.hello(token(9));
		const { request } = await this.event('attach', { cookie });
		this.say(`attach_result ${request} 0 ${lease} ${next} ${name}`);
		viewer.welcome = await viewer.message();
		return viewer;
	}

	// Somebody who opened the address of shojictl watch, and whom keeper let in.
	async onlooker(lease, { administrator = 'admin', person = '山田 花子', secret = token(7) } = {}) {
		const viewer = this.stream({ cookie: null, where: '/watch/stream' });
		await viewer.open();
		viewer.hello(secret);
		const { request } = await this.event('onlook', { token: secret });
		this.say(`onlook_result ${request} 0 ${lease} ${administrator} ${person}`);
		viewer.welcome = await viewer.message();
		return viewer;
	}

	// Waits until it has closed what was given back. Returns its status.
	async fdsAtMost(most) {
		const endMs = Date.now() + PATIENCE_MS;
		for (;;) {
			const status = await this.status();
			if (status.fds <= most)
				return status;
			assert.ok(Date.now() < endMs, `${status.fds} descriptors are open`);
			await sleep(50);
		}
	}

	// After all that was done to it.
	async checkNothingLeft() {
		const { pss_kib: pssKiB, fds } = await this.fdsAtMost(14);
		console.log(`gate: PSS ${pssKiB} KiB, ${fds} descriptors`);
	}

	// Ends it all, and asserts that gate went as it should.
	async stop() {
		this.say('quit');
		const exit = await this.event('exit');
		assert.doesNotMatch(this.log, /AddressSanitizer|runtime error:|bug in Shoji|ensure/);
		assert.deepEqual([exit.code, exit.signal], [0, 0], this.log.slice(-3000));
		fs.rmSync(this.folder, { recursive: true, force: true });
	}

	kill() {
		this.child.stdin.destroy();
		fs.rmSync(this.folder, { recursive: true, force: true });
	}
}

// A gate of its own for what needs other limits; `more`: YAML behind gate's settings.
export async function withGate(settings, body, more = '') {
	const own = await Gate.start(settings, more);
	try {
		await body(own);
		await own.stop();
	} catch (error) {
		own.kill();
		throw error;
	}
}

export class Viewer {
	#messages = [];
	#waiting = [];
	#sequence = 0;

	constructor(socket) {
		this.socket = socket;
		this.whenClosed = new Promise(resolve => {
			socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
		});
		this.whenRefused = new Promise(resolve => {
			socket.on('unexpected-response', (request, response) => { response.resume(); resolve(response.statusCode); request.destroy(); });
			socket.on('error', error => resolve(error.message));
		});
		socket.on('message', data => {
			const waiter = this.#waiting.shift();
			if (waiter)
				waiter(data);
			else
				this.#messages.push(data);
		});
	}

	get closed() {
		return within(this.whenClosed, 'the stream\'s end');
	}

	get refused() {
		return within(this.whenRefused, 'a refusal of the stream');
	}

	open() {
		return Promise.race([
			new Promise(resolve => this.socket.once('open', resolve)),
			this.whenRefused.then(why => { throw new Error(`refused: ${why}`); }),
		]);
	}

	// The next message as a Buffer.
	message(deadlineMs = PATIENCE_MS) {
		if (this.#messages.length > 0)
			return Promise.resolve(this.#messages.shift());
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error('no message from gate')), deadlineMs);
			this.#waiting.push(data => { clearTimeout(timer); resolve(data); });
		});
	}

	send(channel, type, payload = Buffer.alloc(0)) {
		this.socket.send(Buffer.concat([Buffer.from([channel * 16 + type]), payload]));
	}

	hello(attachToken, { min = 2, max = 2, log = 21 } = {}) {
		const payload = Buffer.alloc(25);
		payload.writeUInt16LE(min, 0);
		payload.writeUInt16LE(max, 2);
		payload.writeUInt32LE(1, 4);
		payload[8] = log;
		payload.writeBigUInt64LE(0x1122334455667788n, 9);
		payload.writeUInt32LE(77, 17);
		payload.writeUInt16LE(300, 21);
		payload.writeUInt16LE(attachToken.length, 23);
		this.send(0, 1, Buffer.concat([payload, Buffer.from(attachToken)]));
	}

	told(number) {
		const payload = Buffer.alloc(4);
		payload.writeUInt32LE(number);
		this.send(0, 3, payload);
	}

	ping(nonce) {
		const payload = Buffer.alloc(4);
		payload.writeUInt32LE(nonce);
		this.send(0, 2, payload);
	}

	key(key, isDown, { sequence = ++this.#sequence, modifiers = 0 } = {}) {
		const payload = Buffer.alloc(9);
		payload.writeUInt32LE(sequence, 0);
		payload.writeUInt16LE(key, 4);
		payload[6] = isDown ? 1 : 0;
		payload.writeUInt16LE(modifiers, 7);
		this.send(4, 1, payload);
	}

	pointer(x, y, buttons = 0) {
		const payload = Buffer.alloc(11);
		payload.writeUInt32LE(++this.#sequence, 0);
		payload.writeUInt16LE(x, 4);
		payload.writeUInt16LE(y, 6);
		payload[8] = buttons;
		this.send(4, 2, payload);
	}

	wheel(up, down) {
		const payload = Buffer.alloc(14);
		payload.writeUInt32LE(++this.#sequence, 0);
		payload[10] = up;
		payload[11] = down;
		this.send(4, 3, payload);
	}

	text(text, number = 1) {
		const bytes = Buffer.from(text);
		const payload = Buffer.alloc(14); // caret 0, no clauses
		payload.writeUInt32LE(++this.#sequence, 0);
		payload.writeUInt32LE(number, 4);
		payload[8] = 1;
		payload.writeUInt16LE(bytes.length, 12);
		this.send(4, 4, Buffer.concat([payload, bytes]));
	}

	// answered: {input, took}: a press that this frame answers, and tenths of a millisecond.
	ack(frame, answered) {
		const payload = Buffer.alloc(answered ? 6 : 2);
		payload.writeUInt16LE(frame, 0);
		if (answered) {
			payload.writeUInt16LE(answered.input, 2);
			payload.writeUInt16LE(answered.took, 4);
		}
		this.send(1, 1, payload);
	}
}
