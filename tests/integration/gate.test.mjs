// gate as terminals meet it before they have a session: TLS, HTTP, sign-in, and everything that must be refused. The process is the
// real one, confined as in the product; keeper, encode and capture are played by gate-peer (whole-*.test.mjs has the real ones).
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { spawnSync } from 'node:child_process';
import { Gate, sleep, token, withGate } from './lib/gate.mjs';

const SECURITY_HEADERS = {
	'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; " +
		"img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	'x-content-type-options': 'nosniff',
	'referrer-policy': 'no-referrer',
	'cross-origin-opener-policy': 'same-origin',
	'cross-origin-embedder-policy': 'require-corp',
	'cross-origin-resource-policy': 'same-origin',
	'strict-transport-security': 'max-age=31536000',
};
const FORM = { person: 'hanako', password: 'ひみつ secret', width: 1280, height: 800, scale: 96 };

function assertSecured(response) {
	for (const [name, value] of Object.entries(SECURITY_HEADERS))
		assert.equal(response.headers[name], value, name);
	assert.match(response.headers['permissions-policy'], /camera=\(\)/);
	assert.equal(response.headers.server, undefined);
}

let gate;
before(async () => { gate = await Gate.start({ sign_ins_per_address_per_minute_max: 1000, connections_per_address_max: 200 }); });
after(async () => { await gate.stop(); });

function openssl(...args) {
	return spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${gate.port}`, ...args], { input: '', timeout: 10000 });
}

test('TLS 1.3 is spoken, 1.2 is not, and HTTP/2 is not offered', () => {
	const good = openssl('-tls1_3', '-alpn', 'h2,http/1.1');
	assert.match(good.stdout.toString(), /TLSv1\.3/);
	assert.match(good.stdout.toString(), /ALPN protocol: http\/1\.1/);
	assert.match(good.stdout.toString(), /depth=1|1 s:CN = Shoji CA/, 'the chain is sent');
	const old = openssl('-tls1_2');
	assert.notEqual(old.status, 0);
	assert.match(old.stderr.toString(), /alert protocol version/);
});

test('TLS 1.2 when the configuration permits it', () => withGate({ tls_1_2: true }, async own => {
	const said = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${own.port}`, '-tls1_2'], { input: '', timeout: 10000 });
	assert.equal(said.status, 0);
	assert.match(said.stdout.toString(), /Protocol\s*: TLSv1\.2/);
}));

test('the viewer\'s files, with every header and an ETag', async () => {
	const page = await gate.request('GET', '/');
	assert.equal(page.status, 200);
	assert.match(page.text, /障子/);
	assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
	assert.equal(page.headers['cache-control'], 'no-cache');
	assertSecured(page);
	const again = await gate.request('GET', '/', { headers: { 'If-None-Match': page.headers.etag } });
	assert.equal(again.status, 304);
	assert.equal(again.text, '');
	assertSecured(again);
	const head = await gate.request('HEAD', '/decoder.wasm');
	assert.equal(head.headers['content-length'], '700000');
	const large = await gate.request('GET', '/decoder.wasm?x=1');
	assert.ok(large.bytes.equals(Buffer.alloc(700000, 7)));
});

test('many requests on one connection', async () => {
	const { default: https } = await import('node:https');
	const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: gate.ca });
	for (let i = 0; i < 20; i++)
		assert.equal((await gate.request('GET', i % 2 ? '/viewer.js' : '/decoder.wasm', { agent })).status, 200);
	assert.equal(agent.totalSocketCount, 1);
	agent.destroy();
});

test('status tells what the sign-in page needs', async () => {
	const status = await gate.request('GET', '/status');
	assert.equal(status.headers['cache-control'], 'no-store');
	assertSecured(status);
	assert.deepEqual(status.json(), { version: '0.1.0', contact: '情報担当（内線1234）', width_min: status.json().width_min,
		width_max: 1920, height_min: status.json().height_min, height_max: 1200, watermark: false });
});

test('status tells of the watermark', () => withGate({}, async own => {
	assert.equal((await own.request('GET', '/status')).json().watermark, true);
}, '  watermark: true\n')); // of the profile

test('unknown paths, methods, hosts', async () => {
	for (const where of ['/nothing', '/../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/index.html/', '/viewer.js%00', '/stream/x']) {
		const { status, headers } = await gate.request('GET', where).catch(() => ({ status: 'closed' }));
		assert.ok([404, 403, 'closed'].includes(status), `${where}: ${status}`);
		if (headers)
			assertSecured({ headers });
	}
	for (const [method, where] of [['PUT', '/'], ['DELETE', '/status'], ['OPTIONS', '/'], ['POST', '/'], ['GET', '/sign-in'], ['GET', '/sign-out']]) {
		const answer = await gate.request(method, where, { headers: { 'Content-Length': 0 } });
		assert.equal(answer.status, 405, `${method} ${where}`);
		assertSecured(answer);
	}
	assert.equal((await gate.request('GET', '/sign-in')).headers.allow, 'POST');
	for (const host of ['Host: evil.example\r\n', `Host: 127.0.0.2:${gate.port}\r\n`, 'Host: \r\n', '', 'Host: localhost:x\r\n',
		'Host: localhost, evil.example\r\n', 'Host: localhost\r\nHost: evil.example\r\n', 'Host: localhost/\r\n', 'Host: a@localhost\r\n'])
		assert.match((await gate.raw(`GET / HTTP/1.1\r\n${host}\r\n`)).text, /^HTTP\/1\.1 421 /, host);
	assert.equal((await gate.request('GET', '/', { headers: { Host: 'localhost:9' } })).status, 200, 'a name of ours, by another port');
	assert.equal((await gate.request('GET', '/stream')).status, 426);
	for (const bytes of ['BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'CONNECT evil:25 HTTP/1.1\r\nHost: localhost\r\n\r\n',
		'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x00\x00', 'GET http://evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n'])
		assert.doesNotMatch((await gate.raw(bytes, { deadlineMs: 15000 })).text, /^HTTP\/1\.[01] 200/, bytes);
	// lws itself would upgrade to HTTP/2 in clear, or go on with freed headers; all else about these is right.
	const upgrade = kind => gate.raw(`GET /stream HTTP/1.1\r\nHost: localhost:${gate.port}\r\nOrigin: https://localhost:${gate.port}\r\n` +
		`Cookie: __Host-shoji=${token(1)}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${kind}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n` +
		'Sec-WebSocket-Protocol: shoji.v2\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n', { deadlineMs: 1000 });
	assert.match((await upgrade('websocket')).text, /^HTTP\/1\.1 101 /);
	for (const kind of ['h2c', 'foo', 'websocket, h2c'])
		assert.doesNotMatch((await upgrade(kind)).text, /^HTTP\/1\.[01] (101|200)/, kind);
});

test('sign-in: keeper\'s answer reaches the page', async () => {
	const answer = gate.post('/sign-in', FORM);
	const asked = await gate.event('sign_in');
	assert.equal(Buffer.from(asked.person, 'hex').toString(), 'hanako');
	assert.equal(Buffer.from(asked.password, 'hex').toString(), 'ひみつ secret');
	assert.deepEqual([asked.width, asked.height, asked.address], [1280, 800, '127.0.0.1']);
	gate.say(`sign_in_result ${asked.request} 0 0 abc ${token(5)} ${token(6)}`);
	const { status, headers, json } = await answer;
	assert.equal(status, 200);
	assert.deepEqual(json(), { outcome: 'accepted', attach_token: token(6) });
	assert.deepEqual(headers['set-cookie'], [`__Host-shoji=${token(5)}; Secure; HttpOnly; SameSite=Strict; Path=/`]);
	assert.equal(headers['cache-control'], 'no-store');
	assert.ok(!gate.log.includes('secret') && !gate.log.includes(token(6)), 'no password and no token in the log');
});

test('sign-in: refusals', async () => {
	for (const [outcome, status, word] of [[1, 401, 'wrong'], [2, 423, 'locked'], [3, 409, 'in-use'], [4, 503, 'full'], [5, 503, 'unavailable']]) {
		const answer = gate.post('/sign-in', FORM);
		const { request } = await gate.event('sign_in');
		gate.say(`sign_in_result ${request} ${outcome} 42 0 - -`);
		assert.equal((await answer).status, status);
		assert.deepEqual((await answer).json(), { outcome: word, retry_after_s: 42 });
		assert.equal((await answer).headers['set-cookie'], undefined);
	}
	// keeper says accepted but gives no cookie: nobody is let in.
	const answer = gate.post('/sign-in', FORM);
	const { request } = await gate.event('sign_in');
	gate.say(`sign_in_result ${request} 0 0 abc ABC ABC`);
	assert.equal((await answer).status, 503);
});

test('sign-in: the size is held to the profile', async () => {
	const answer = gate.post('/sign-in', { ...FORM, width: 3840, height: 2160 });
	const asked = await gate.event('sign_in');
	assert.deepEqual([asked.width, asked.height], [1920, 1200]);
	gate.say(`sign_in_result ${asked.request} 1 0 0 - -`);
	await answer;
});

test('sign-in: malformed forms say which field', async () => {
	for (const [body, field] of [[{ ...FORM, person: '' }, 'person'], [{ ...FORM, person: 'x'.repeat(65) }, 'person'],
		[{ ...FORM, password: 7 }, 'password'], [{ ...FORM, width: 1 }, 'width'], [{ ...FORM, height: '800' }, 'height'], [{ ...FORM, scale: 300 }, 'scale'],
		[{ ...FORM, more: 1 }, ''], ['[]', ''], ['', ''], ['{"person":"a","person":"b"}', ''], ['{', '']]) {
		const answer = await gate.post('/sign-in', body);
		assert.equal(answer.status, 400, JSON.stringify(body));
		assert.deepEqual(answer.json(), { outcome: 'malformed', field });
	}
	assert.ok(!gate.has('sign_in'), 'keeper was not asked');
});

test('sign-in: wrong origins, types, lengths', async () => {
	for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { Origin: `http://127.0.0.1:${gate.port}` },
		{ Origin: `https://127.0.0.1:${gate.port}.evil.example` }, { Origin: 'https://127.0.0.1' }, { Origin: '' },
		{ Origin: [gate.origin, gate.origin] }, { 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }, { 'Sec-Fetch-Site': 'none' }]) {
		const answer = await gate.post('/sign-in', FORM, headers);
		assert.equal(answer.status, 403, JSON.stringify(headers));
		assertSecured(answer);
	}
	for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', ''])
		assert.equal((await gate.post('/sign-in', FORM, { 'Content-Type': type })).status, 415, type);
	assert.equal((await gate.post('/sign-in', 'x'.repeat(4097))).status, 413);
	assert.equal((await gate.post('/sign-in', 'x', { 'Content-Length': 99999999999 }).catch(() => ({ status: 413 }))).status, 413);
	const head = `POST /sign-in HTTP/1.1\r\nHost: localhost:${gate.port}\r\nOrigin: https://localhost:${gate.port}\r\nContent-Type: application/json\r\n`;
	assert.match((await gate.raw(`${head}\r\n`)).text, / 411 /);
	assert.match((await gate.raw(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`)).text, / 411 /);
	for (const length of ['2\r\nContent-Length: 3', '-1', '+2', '0x2', '2 2', '02'])
		assert.match((await gate.raw(`${head}Content-Length: ${length}\r\n\r\n{}`)).text, / 400 /, length);
	assert.match((await gate.raw(`GET / HTTP/1.1\r\nHost: localhost:${gate.port}\r\nContent-Length: 5\r\n\r\nGET /`)).text, / 400 /);
	assert.ok(!gate.has('sign_in'), 'keeper was not asked');
	// The control: the same head with a right length is asked.
	const body = JSON.stringify(FORM);
	const answer = gate.raw(`${head}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
	const { request } = await gate.event('sign_in');
	gate.say(`sign_in_result ${request} 1 0 0 - -`);
	assert.match((await answer).text, / 401 /);
});

test('sign-out', async () => {
	const cookie = { Cookie: `__Host-shoji=${token(3)}` };
	const answer = gate.post('/sign-out', '', cookie);
	const asked = await gate.event('sign_out');
	assert.equal(asked.cookie, token(3));
	gate.say(`sign_out_result ${asked.request} 1`);
	assert.deepEqual((await answer).json(), { outcome: 'done' });
	assert.match((await answer).headers['set-cookie'][0], /^__Host-shoji=; .*Max-Age=0$/);
	assert.equal((await gate.post('/sign-out', '')).status, 401);
	assert.equal((await gate.post('/sign-out', '', { Cookie: `__Host-shoji=${token(3)}; __Host-shoji=${token(4)}` })).status, 401);
	assert.equal((await gate.post('/sign-out', '', { ...cookie, Origin: 'https://evil.example' })).status, 403);
});

test('a pipelined request behind an unanswered sign-in closes the connection', async () => {
	const body = JSON.stringify(FORM);
	const bytes = `POST /sign-in HTTP/1.1\r\nHost: localhost:${gate.port}\r\nOrigin: https://localhost:${gate.port}\r\n` +
		`Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
	const answer = gate.raw(bytes + bytes);
	await gate.event('sign_in');
	await gate.event('sign_in', {}, 500).catch(() => {});
	const { text } = await answer;
	assert.doesNotMatch(text, / 200 /);
});

function cpuMs(pid) {
	const fields = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ');
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

test('bytes behind a request cannot make gate spin', async () => {
	const host = `Host: localhost:${gate.port}\r\n`;
	// A refused body with more behind it: lws would tell of the body's end for ever, and never return.
	for (const method of ['PUT', 'POST'])
		await gate.raw(`${method} / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\n12345GET / HTTP/1.1\r\n${host}\r\n`, { deadlineMs: 1000 });
	assert.equal((await gate.request('GET', '/')).status, 200);
	// Requests behind one another, and answers that nobody takes.
	const before = cpuMs(gate.pid);
	const stuck = [];
	for (let i = 0; i < 5; i++)
		stuck.push(gate.raw(`GET /decoder.wasm HTTP/1.1\r\n${host}\r\n`.repeat(9), { deadlineMs: 2500, then: socket => socket.pause() }));
	await Promise.all(stuck);
	const used = cpuMs(gate.pid) - before;
	assert.ok(used < 1200, `${used} ms of CPU in 2.5 s`);
	assert.equal((await gate.request('GET', '/')).status, 200);
});

test('headers over the limit', async () => {
	const { text, closed } = await gate.raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20000)}\r\n\r\n`);
	assert.ok(closed);
	assert.doesNotMatch(text, / 200 /);
});

test('slow terminals are cut at the deadline', () => withGate({ request_deadline_s: 2 }, async own => {
	const began = Date.now();
	const silent = await own.tcp(); // not even TLS
	const silentClosed = new Promise(resolve => silent.on('close', () => resolve(Date.now() - began)));
	silent.on('error', () => {});
	// A byte each 200 ms: every one of them on time, the whole never.
	const dripping = own.raw('GET / HTTP/1.1\r\nHost: localhost\r\n', { deadlineMs: 9000, then: socket => {
		const timer = setInterval(() => socket.writable ? socket.write('X') : clearInterval(timer), 200);
		socket.on('close', () => clearInterval(timer));
		socket.on('error', () => clearInterval(timer));
	} });
	const head = `POST /sign-in HTTP/1.1\r\nHost: localhost:${own.port}\r\nOrigin: https://localhost:${own.port}\r\n` +
		'Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n';
	const drippingBody = own.raw(head, { deadlineMs: 9000, then: socket => {
		const timer = setInterval(() => socket.writable ? socket.write(' ') : clearInterval(timer), 200);
		socket.on('close', () => clearInterval(timer));
		socket.on('error', () => clearInterval(timer));
	} });
	const idle = own.raw(`GET / HTTP/1.1\r\nHost: localhost:${own.port}\r\n\r\n`, { deadlineMs: 9000 });
	for (const ms of [await silentClosed, (await dripping).ms, (await drippingBody).ms])
		assert.ok(ms > 1500 && ms < 4000, `${ms} ms`);
	assert.match((await idle).text, / 200 /);
	assert.ok((await idle).ms < 4500);
}));

test('connections are limited per address, and are given back', () => withGate({ connections_per_address_max: 4, connections_max: 6 }, async own => {
	const sockets = [];
	for (let i = 0; i < 4; i++)
		sockets.push(await own.tcp());
	await sleep(200);
	const fifth = await own.tcp();
	await new Promise(resolve => { fifth.on('close', resolve); fifth.on('error', resolve); fifth.resume(); });
	await assert.rejects(own.request('GET', '/'));
	for (const socket of sockets)
		socket.destroy();
	await own.fdsAtMost(15);
	assert.equal((await own.request('GET', '/')).status, 200);
	// Another address has places of its own, up to the total.
	for (let i = 0; i < 4; i++)
		sockets.push(await own.tcp());
	assert.equal((await own.request('GET', '/', { localAddress: '127.0.0.7' })).status, 200);
	for (const socket of sockets)
		socket.destroy();
}));

test('sign-ins are limited per address and minute', () => withGate({ sign_ins_per_address_per_minute_max: 3 }, async own => {
	for (let i = 0; i < 3; i++) {
		const answer = own.post('/sign-in', FORM);
		const { request } = await own.event('sign_in');
		own.say(`sign_in_result ${request} 1 0 0 - -`);
		assert.equal((await answer).status, 401);
	}
	const answer = await own.post('/sign-in', FORM);
	assert.equal(answer.status, 429);
	assert.equal(answer.json().outcome, 'locked');
	assert.ok(answer.json().retry_after_s > 50 && answer.json().retry_after_s <= 60);
	assert.ok(!own.has('sign_in'));
}));

test('configured origins', () => withGate({ origins: ['https://shoji.example.lg.jp'] }, async own => {
	const headers = { Host: 'shoji.example.lg.jp', Origin: 'https://shoji.example.lg.jp' };
	const answer = own.post('/sign-in', FORM, headers);
	const { request } = await own.event('sign_in');
	own.say(`sign_in_result ${request} 1 0 0 - -`);
	assert.equal((await answer).status, 401);
	assert.equal((await own.post('/sign-in', FORM, { ...headers, Origin: 'https://localhost' })).status, 403);
	assert.equal((await own.request('GET', '/')).status, 421);
}));

test('keeper away: nobody waits, and it can come back', () => withGate({}, async own => {
	const answer = own.post('/sign-in', FORM);
	await own.event('sign_in');
	own.say('keeper_gone');
	await own.event('keeper_lost'); // monitor is asked for another channel
	assert.equal((await answer).status, 503);
	assert.equal((await answer).json().outcome, 'unavailable');
	assert.equal((await own.post('/sign-in', FORM)).status, 503);
	own.say('keeper_new');
	const again = own.post('/sign-in', FORM);
	const { request } = await own.event('sign_in');
	own.say(`sign_in_result ${request} 1 0 0 - -`);
	assert.equal((await again).status, 401);
}));

test('a terminal that left before it heard that it was let in is signed out', async () => {
	const body = JSON.stringify(FORM);
	const before = (await gate.status()).fds;
	let socket;
	const over = gate.raw(`POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:${gate.port}\r\nOrigin: ${gate.origin}\r\n` +
		`Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
	{ then: opened => { socket = opened; } });
	const { request } = await gate.event('sign_in');
	socket.destroy();
	await over;
	while ((await gate.status()).fds > before)
		await sleep(20);
	gate.say(`sign_in_result ${request} 0 0 ab12 ${token(88)} ${token(89)}`);
	const { request: nobodys, cookie } = await gate.event('sign_out');
	assert.deepEqual([nobodys, cookie], [0, token(88)], 'nobody else knows that cookie');
});

test('nothing is left of all this', () => gate.checkNothingLeft());
