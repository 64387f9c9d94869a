// gate as terminals meet it: TLS, HTTP, sign-in, the stream, and everything that must be refused. The process is the real
// one, confined as in the product; keeper, encode and capture are played by gate-peer (whole-*.test.mjs has the real ones).
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { spawnSync } from 'node:child_process';
import { Gate, sleep, token } from './lib/gate.mjs';

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
const FORM = { person: 'hanako', password: 'ひみつ secret', width: 1280, height: 800 };

function assertSecured(response) {
	for (const [name, value] of Object.entries(SECURITY_HEADERS))
		assert.equal(response.headers[name], value, name);
	assert.match(response.headers['permissions-policy'], /camera=\(\)/);
	assert.equal(response.headers.server, undefined);
}

let gate;
before(async () => { gate = await Gate.start({ sign_ins_per_address_per_minute_max: 1000, connections_per_address_max: 200 }); });
after(async () => { await gate.stop(); });

// A gate of its own for what needs other limits.
async function withGate(settings, body) {
	const own = await Gate.start(settings);
	try {
		await body(own);
		await own.stop();
	} catch (error) {
		own.kill();
		throw error;
	}
}

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
		width_max: 1920, height_min: status.json().height_min, height_max: 1200 });
});

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
		'Sec-WebSocket-Protocol: shoji.v1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n', { deadlineMs: 1000 });
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
		[{ ...FORM, password: 7 }, 'password'], [{ ...FORM, width: 1 }, 'width'], [{ ...FORM, height: '800' }, 'height'],
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
	await sleep(300);
	assert.equal((await own.request('GET', '/')).status, 200);
	const { fds } = await own.status();
	await sleep(300);
	assert.ok(fds < 16, `${fds} descriptors`);
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

// ---- the stream ----

test('who may open a stream', async () => {
	for (const [options, status] of [[{ cookie: null }, 401], [{ cookie: 'ABC' }, 401], [{ origin: 'https://evil.example' }, 403],
		[{ origin: null }, 403], [{ where: '/other' }, 404], [{ protocol: 'http' }, 400], [{ protocol: 'listener' }, 400],
		[{ protocol: ['shoji.v1', 'roles'] }, 400], [{ headers: { Host: 'evil.example' } }, 403], [{ headers: { 'Sec-Fetch-Site': 'cross-site' } }, 403]]) {
		const viewer = gate.stream(options);
		assert.equal(await viewer.refused, status, JSON.stringify(options));
	}
	const viewer = gate.stream();
	await viewer.open();
	assert.equal(viewer.socket.extensions, '', 'no deflate');
	viewer.socket.terminate();
});

test('HELLO comes first, whole, in time', async () => {
	for (const [say, code] of [
		[viewer => viewer.ping(1), 1002], [viewer => viewer.key(30, true), 1002], [viewer => viewer.socket.send('hello'), 1003],
		[viewer => viewer.socket.send(Buffer.alloc(0)), 1002], [viewer => viewer.socket.send(Buffer.alloc(16641)), 1009],
		[viewer => viewer.hello(token(1).slice(1)), 1002], [viewer => viewer.hello('Z'.repeat(64)), 1002],
		[viewer => viewer.hello(token(1), { min: 2, max: 3 }), 1002], [viewer => viewer.hello(token(1), { log: 40 }), 1002],
		[viewer => viewer.send(20, 1), 1002]]) {
		const viewer = gate.stream();
		await viewer.open();
		say(viewer);
		assert.equal((await viewer.closed).code, code, say.toString());
	}
	await withGate({ attach_deadline_s: 1 }, async own => {
		const began = Date.now();
		const viewer = own.stream();
		await viewer.open();
		await viewer.closed;
		assert.ok(Date.now() - began > 800 && Date.now() - began < 3000);
	});
	assert.ok(!gate.has('attach'), 'keeper was not asked');
});

test('attach: refused by keeper', async () => {
	for (const [outcome, answered] of [[1, 1], [2, 2], [3, 3]]) {
		const viewer = gate.stream();
		await viewer.open();
		viewer.hello(token(7));
		const { request, token: given, cookie, address } = await gate.event('attach');
		assert.deepEqual([given, cookie, address], [token(7), token(1), '127.0.0.1']);
		gate.say(`attach_result ${request} ${outcome} 0 - -`);
		assert.deepEqual([...(await viewer.message())], [0, 4, 0, 0, 0, 0, 0, 0, 0xff, answered]);
		assert.equal((await viewer.closed).code, 1000);
	}
});

test('attach: one address is refused so often in a minute, then keeper is not asked', () =>
	withGate({ sign_ins_per_address_per_minute_max: 3 }, async own => {
		const attempt = async outcome => {
			const viewer = own.stream();
			await viewer.open();
			viewer.hello(token(7));
			if (outcome !== undefined) {
				const { request } = await own.event('attach');
				own.say(`attach_result ${request} ${outcome} 0 - -`);
			}
			const answer = [...(await viewer.message())].slice(8);
			await viewer.closed;
			return answer;
		};
		for (const outcome of [2, 1, 3, 3, 2]) // "not just now" is nobody's guess
			assert.deepEqual(await attempt(outcome), [0xff, outcome]);
		assert.deepEqual(await attempt(), [0xff, 3]);
		assert.ok(!own.has('attach'), 'keeper was not asked');
	}));

test('a session: welcome, live, slices, input, leaving', async () => {
	const lease = 'a1';
	const viewer = await gate.attached(lease);
	const welcome = viewer.welcome;
	assert.deepEqual([welcome[0], welcome[1], welcome.readUInt16LE(8), welcome[10]], [0, 1, 1, 0], 'version 1, starting');
	assert.equal(welcome.subarray(13, 77).toString(), token(2));
	assert.equal(welcome.subarray(79).toString(), '山田 花子');
	viewer.key(30, true); // nothing to take it yet: dropped
	viewer.ping(1);
	await viewer.message();
	gate.say(`join ${lease}`);
	assert.deepEqual([...(await viewer.message())], [0, 2, 0, 0, 0, 0, 0, 0, 1], 'live');
	const join = await gate.event('viewer_join', { lease });
	assert.deepEqual([join.capabilities, join.window_log, join.epoch, join.last, join.slots], [1, 21, '1122334455667788', 77, 300]);

	gate.say(`slice ${lease} 0102000001000000aabb`); // of an earlier viewer: a FRAME before BEGIN
	gate.say(`slice ${lease} 0101000000000000ccdd`);
	gate.say(`slice ${lease} 0102010001000000ee`);
	gate.say(`slice ${lease} 020100000000000000`);
	assert.equal((await viewer.message()).toString('hex'), '0101000000000000ccdd');
	assert.equal((await viewer.message()).toString('hex'), '0102010001000000ee');
	assert.equal((await viewer.message()).toString('hex'), '020100000000000000');
	viewer.ack(5, 1234);
	assert.equal((await gate.event('viewer_ack', { frame: 5 })).us, 1234);
	viewer.ping(0xdeadbeef);
	assert.equal((await viewer.message()).toString('hex'), '0005000000000000efbeadde');

	viewer.key(30, true, { modifiers: 1 });
	viewer.key(30, false);
	viewer.pointer(65535, 65535, 1);
	viewer.wheel(3, 0);
	viewer.text('a漢字𠮷', 7);
	assert.deepEqual(await gate.event('key', { down: 1 }), { event: 'key', lease, sequence: 1, key: 30, down: 1, modifiers: 1 });
	assert.equal((await gate.event('key', { down: 0 })).sequence, 2);
	const pointer = await gate.event('pointer');
	assert.deepEqual([pointer.sequence, pointer.x, pointer.y, pointer.buttons], [3, 1919, 1199, 1], 'held to the screen');
	assert.equal((await gate.event('wheel')).up, 3);
	const text = await gate.event('text');
	assert.deepEqual([Buffer.from(text.text, 'hex').toString(), text.number, text.sequence], ['a漢字𠮷', 7, 5]);
	assert.ok(!gate.log.includes('漢'), 'what a person writes is not logged');
	await gate.event('activity', { lease });
	assert.ok(!gate.has('activity', { lease }), 'at most every 10 s');

	gate.say(`notify ${lease} 1 管理者`);
	assert.deepEqual(await viewer.message(), Buffer.concat([Buffer.from([0, 3, 0, 0, 0, 0, 0, 0, 1, 9, 0]), Buffer.from('管理者')]));
	viewer.socket.terminate();
	await gate.event('detached', { lease });
	await gate.event('viewer_leave', { lease });
	assert.equal((await gate.event('release_all', { lease })).sequence, 6);

	// The same lease again, its workers still there: live at once, and what is on the way of old is dropped.
	const second = await gate.attached(lease);
	assert.equal(second.welcome[10], 1);
	await gate.event('viewer_join', { lease });
	gate.say(`slice ${lease} 0102010002000000ee`);
	gate.say(`slice ${lease} 0101000000000000`);
	assert.equal((await second.message()).toString('hex'), '0101000000000000');
	gate.say(`end_viewer ${lease} 2`);
	assert.deepEqual([...(await second.message())], [0, 4, 0, 0, 0, 0, 0, 0, 2]);
	assert.equal((await second.closed).code, 1000);
	await sleep(100);
	assert.ok(!gate.has('detached', { lease }), 'a lease that is over is not told as detached');
	gate.say(`gone ${lease} 2`);
	await gate.event('stream_closed', { lease });
});

test('a newer viewer of the same lease replaces the older', async () => {
	const lease = 'b2';
	gate.say(`join ${lease}`);
	const first = await gate.attached(lease, { cookie: token(21) });
	await gate.event('viewer_join', { lease });
	const second = await gate.attached(lease, { cookie: token(21) });
	await gate.event('viewer_leave', { lease });
	await gate.event('viewer_join', { lease });
	assert.deepEqual([...(await first.message())], [0, 4, 0, 0, 0, 0, 0, 0, 0xff, 2]);
	await first.closed;
	gate.say(`slice ${lease} 0101000000000000`);
	assert.equal((await second.message()).toString('hex'), '0101000000000000');
	assert.ok(!gate.has('detached', { lease }));
	gate.say(`gone ${lease} 7`);
	assert.deepEqual([...(await second.message())], [0, 4, 0, 0, 0, 0, 0, 0, 7]);
	await second.closed;
});

test('a viewer that leaves while the next attaches is not told as the next one\'s leaving', async () => {
	const lease = 'b7';
	const first = await gate.attached(lease, { cookie: token(70) });
	const second = gate.stream({ cookie: token(70) });
	await second.open();
	second.hello(token(9));
	const { request } = await gate.event('attach', { cookie: token(70) });
	first.socket.terminate(); // keeper has written the second down already
	await sleep(200);
	assert.ok(!gate.has('detached', { lease }));
	gate.say(`attach_result ${request} 0 ${lease} ${token(2)} name`);
	assert.equal((await second.message())[1], 1);
	await sleep(200);
	assert.ok(!gate.has('detached', { lease }));
	// The other way round: the second is refused, so the first one's leaving counts.
	const third = gate.stream({ cookie: token(70) });
	await third.open();
	third.hello(token(9));
	const asked = await gate.event('attach', { cookie: token(70) });
	second.socket.terminate();
	await sleep(200);
	gate.say(`attach_result ${asked.request} 2 0 - -`);
	await gate.event('detached', { lease });
	// And who has left before keeper's answer came.
	const fourth = gate.stream({ cookie: token(70) });
	await fourth.open();
	fourth.hello(token(9));
	const late = await gate.event('attach', { cookie: token(70) });
	fourth.socket.terminate();
	await sleep(200);
	gate.say(`attach_result ${late.request} 0 ${lease} ${token(2)} name`);
	await gate.event('detached', { lease });
});

test('viewers that break the rules are closed; the others go on', async () => {
	const bystander = await gate.attached('c0', { cookie: token(30) });
	for (const [name, say, code] of [
		['out of sequence', viewer => { viewer.key(30, true, { sequence: 1 }); viewer.key(30, true, { sequence: 3 }); }, 1002],
		['sequence twice', viewer => { viewer.key(30, true, { sequence: 1 }); viewer.key(30, true, { sequence: 1 }); }, 1002],
		['key 0', viewer => viewer.key(0, true), 1002], ['key 256', viewer => viewer.key(256, true), 1002],
		['unknown modifier', viewer => viewer.key(30, true, { modifiers: 0x80 }), 1002],
		['unknown button', viewer => viewer.pointer(1, 1, 0x20), 1002], ['too much wheel', viewer => viewer.wheel(33, 0), 1002],
		['text with NUL', viewer => viewer.text('a\0b'), 1002], ['text with escape', viewer => viewer.text('\x1b'), 1002],
		['a second HELLO', viewer => viewer.hello(token(1)), 1002], ['encode\'s channel', viewer => viewer.send(2, 1), 1002],
		['too fast', viewer => { for (let i = 0; i < 1500; i++) viewer.ping(i); }, 1008]]) {
		const viewer = await gate.attached('c3', { cookie: token(31) });
		say(viewer);
		assert.equal((await viewer.closed).code, code, name);
		await gate.event('detached', { lease: 'c3' });
	}
	bystander.send(200, 1, Buffer.from('an optional channel of later'));
	bystander.ping(9);
	assert.equal((await bystander.message())[1], 5);
	bystander.socket.close();
	await gate.event('detached', { lease: 'c0' });
});

test('encode that breaks the rules loses its session only', async () => {
	const bystander = await gate.attached('d0', { cookie: token(40) });
	for (const [name, slice] of [['control', '0001000000000000'], ['input', '0401000000000000'], ['unknown channel', '2001000000000000'],
		['too short', '01010000000000'], ['nothing', '']]) {
		const lease = 'd4';
		gate.say(`join ${lease}`);
		const viewer = await gate.attached(lease, { cookie: token(41) });
		await gate.event('viewer_join', { lease });
		gate.say(`slice ${lease} ${slice}`);
		assert.deepEqual([...(await viewer.message())], [0, 4, 0, 0, 0, 0, 0, 0, 9], name);
		await viewer.closed;
		await gate.event('stream_closed', { lease });
		await gate.event('detached', { lease });
		gate.say(`gone ${lease} 9`);
	}
	bystander.ping(9);
	assert.equal((await bystander.message())[1], 5);
	bystander.socket.close();
	await gate.event('detached', { lease: 'd0' });
});

test('a slow viewer pushes back to encode, and gate\'s memory stays small', async () => {
	const lease = 'e5';
	gate.say(`join ${lease}`);
	const viewer = await gate.attached(lease, { cookie: token(50) });
	await gate.event('viewer_join', { lease });
	const before = (await gate.status()).pss_kib;
	viewer.socket._socket.pause(); // reads nothing
	gate.say(`flood ${lease} 2500`);
	const { slices } = await gate.event('flooded', {}, 8000);
	const after_ = (await gate.status()).pss_kib;
	// What the kernel's buffers hold; without back-pressure it would be tens of thousands.
	assert.ok(slices > 5 && slices < 600, `${slices} slices taken`);
	assert.ok(after_ - before < 4096, `${after_ - before} KiB more`);
	viewer.socket._socket.resume();
	gate.say(`flood ${lease} 500`);
	const fast = await gate.event('flooded', {}, 8000);
	assert.ok(fast.slices > 300, `${fast.slices} slices in half a second to a viewer that reads`);
	viewer.socket.terminate();
	await gate.event('detached', { lease });
	gate.say(`gone ${lease} 1`);
});

test('capture gone: input goes nowhere, the viewer stays', async () => {
	const lease = 'f6';
	gate.say(`join ${lease}`);
	const viewer = await gate.attached(lease, { cookie: token(60) });
	await gate.event('viewer_join', { lease });
	gate.say(`capture_gone ${lease}`);
	await sleep(100);
	viewer.key(30, true);
	viewer.ping(3);
	assert.equal((await viewer.message())[1], 5);
	gate.say(`gone ${lease} 8`);
	assert.equal((await viewer.message())[8], 8);
	await viewer.closed;
});

test('an unanswered attach when keeper goes: closed, and the viewer may come again', () => withGate({}, async own => {
	const viewer = own.stream();
	await viewer.open();
	viewer.hello(token(1));
	await own.event('attach');
	own.say('keeper_gone');
	await viewer.closed;
	own.say('keeper_new');
	const again = await own.attached('77');
	own.say('keeper_gone');
	await sleep(100);
	own.say('keeper_new');
	await own.event('activity', { lease: '77' }); // a new keeper learns who is looking
	again.ping(1);
	assert.equal((await again.message())[1], 5);
	again.socket.terminate();
	await own.event('detached', { lease: '77' });
}));

const ANNOUNCED = 'sessions:\n  onlookers: announced\n';
const [WELCOME, STATE, ENDED, WATCHED] = [1, 2, 4, 6];

// The next message of the control channel of that type; slices and others before it are an error.
async function control(viewer, type) {
	const message = await viewer.message();
	assert.deepEqual([message[0], message[1]], [0, type], message.toString('hex').slice(0, 80));
	return message.subarray(8);
}

async function watched(viewer) {
	const payload = await control(viewer, WATCHED);
	return { number: payload.readUInt32LE(0), administrator: payload.subarray(6).toString() };
}

test('without the policy there is no way to look on', async () => {
	assert.equal((await gate.request('GET', '/watch')).status, 404);
	assert.equal(await gate.stream({ cookie: null, where: '/watch/stream' }).refused, 404);
	assert.equal(await gate.stream({ where: '/watch/stream' }).refused, 404);
});

test('an onlooker: nothing before the person is told, no input, paused while they are away', async () => {
	const own = await Gate.start({ sign_ins_per_address_per_minute_max: 1000 }, ANNOUNCED);
	try {
		assert.equal((await own.request('GET', '/watch')).text, (await own.request('GET', '/')).text);
		own.say('join a1');
		const person = await own.attached('a1');
		await own.event('viewer_join', { seat: 0 });
		const begin = Buffer.from([1, 1, 1, 0, 0, 0, 0, 0, ...Array(14).fill(1)]).toString('hex');
		const frame = n => Buffer.from([1, 2, 1, 0, n, 0, 0, 0, 3]).toString('hex');

		const onlooker = await own.onlooker('a1');
		assert.equal(onlooker.welcome[1], WELCOME);
		assert.equal(onlooker.welcome[10], 0, 'not live yet');
		const first = await watched(person);
		assert.equal(first.administrator, 'admin');
		assert.notEqual(first.number, 0);
		// A slice that encode sends unasked reaches nobody, nor does an answer about another watch begin anything.
		own.say(`onlooker_slice a1 ${begin}`);
		await own.status(); // it is on its way to gate by now
		person.told(first.number + 1);
		onlooker.ping(5);
		assert.deepEqual([...(await control(onlooker, 5))], [5, 0, 0, 0]);
		assert.ok(!own.has('viewer_join', { seat: 1 }), 'shown before the person was told');
		person.told(first.number);
		await own.event('viewer_join', { seat: 1 });
		assert.equal((await control(onlooker, STATE))[0], 1);
		own.say(`onlooker_slice a1 ${begin}`);
		own.say(`onlooker_slice a1 ${frame(1)}`);
		assert.equal((await onlooker.message())[1], 1);
		assert.equal((await onlooker.message())[1], 2);
		onlooker.ack(1, 10);
		assert.equal((await own.event('viewer_ack')).frame, 1);

		// One only.
		const second = own.stream({ cookie: null, where: '/watch/stream' });
		await second.open();
		second.hello(token(8));
		const { request } = await own.event('onlook');
		own.say(`onlook_result ${request} 0 a1 other x`);
		assert.deepEqual([...(await control(second, ENDED))], [0xff, 1]);
		await second.closed;

		// The person's line is cut: the onlooker waits, and sees nothing of what encode still says.
		person.key(30, true);
		await own.event('key');
		person.socket.terminate();
		await own.event('viewer_leave', { seat: 1 });
		assert.equal((await control(onlooker, STATE))[0], 0);
		own.say(`onlooker_slice a1 ${begin}`);
		own.say(`onlooker_slice a1 ${frame(2)}`);
		await own.status();
		await own.event('detached');
		assert.ok(!own.has('onlook_left'));
		const back = await own.attached('a1', { next: token(3) });
		await own.event('viewer_join', { seat: 0 });
		assert.equal((await watched(back)).number, first.number);
		assert.ok(!own.has('viewer_join', { seat: 1 }));
		back.told(first.number);
		await own.event('viewer_join', { seat: 1 });
		assert.equal((await control(onlooker, STATE))[0], 1);

		// The onlooker goes: the person hears it, keeps their keys, and notices nothing else.
		own.events = own.events.filter(event => !['release_all', 'viewer_leave'].includes(event.event));
		onlooker.socket.terminate();
		await own.event('onlook_left', { lease: 'a1' });
		assert.deepEqual(await watched(back), { number: 0, administrator: '' });
		assert.ok(!own.has('release_all'), 'keys were let go');
		assert.ok(!own.has('viewer_leave', { seat: 0 }));

		// Input is a violation, whatever it is.
		for (const act of [v => v.key(30, true), v => v.pointer(1, 1), v => v.wheel(1, 0), v => v.text('a'), v => v.told(1)]) {
			const pressing = await own.onlooker('a1');
			back.told((await watched(back)).number);
			assert.equal((await control(pressing, STATE))[0], 1);
			act(pressing);
			assert.equal((await pressing.closed).code, 1008);
			assert.equal((await watched(back)).number, 0);
			await own.event('onlook_left');
		}
		assert.ok(!own.has('key') && !own.has('pointer') && !own.has('wheel') && !own.has('text'));

		// The session ends: both are told.
		const last = await own.onlooker('a1');
		await watched(back);
		own.say('end_viewer a1 5');
		assert.deepEqual([...(await control(last, ENDED))], [5]);
		assert.deepEqual([...(await control(back, ENDED))], [5]);
		await own.stop();
	} catch (error) {
		own.kill();
		throw error;
	}
});

test('onlookers: refused by keeper, without keeper, and after too many tries', async () => {
	const own = await Gate.start({ sign_ins_per_address_per_minute_max: 4 }, ANNOUNCED);
	try {
		own.say('join a2');
		const person = await own.attached('a2');
		const onlooker = own.stream({ cookie: null, where: '/watch/stream' });
		await onlooker.open();
		onlooker.hello(token(8));
		const { request } = await own.event('onlook');
		own.say(`onlook_result ${request} 1 0 - -`);
		assert.deepEqual([...(await control(onlooker, ENDED))], [0xff, 1]);
		await onlooker.closed;
		// Left before the answer: keeper hears that nobody looks.
		const hasty = own.stream({ cookie: null, where: '/watch/stream' });
		await hasty.open();
		hasty.hello(token(8));
		const { request: second } = await own.event('onlook');
		hasty.socket.terminate();
		await sleep(100);
		own.say(`onlook_result ${second} 0 a2 admin x`);
		await own.event('onlook_left', { lease: 'a2' });
		// keeper goes: what it allowed is over.
		const looking = await own.onlooker('a2');
		person.told((await watched(person)).number);
		assert.equal((await control(looking, STATE))[0], 1);
		own.say('keeper_gone');
		assert.deepEqual([...(await control(looking, ENDED))], [11]);
		assert.equal((await watched(person)).number, 0);
		own.say('keeper_new');
		await own.onlooker('a2');
		const fifth = own.stream({ cookie: null, where: '/watch/stream' });
		await fifth.open();
		fifth.hello(token(8));
		assert.equal((await fifth.closed).code, 1011);
		await own.stop();
	} catch (error) {
		own.kill();
		throw error;
	}
});

test('nothing is left of all this', async () => {
	await sleep(500);
	const { fds, pss_kib } = await gate.status();
	assert.ok(fds <= 14, `${fds} descriptors are open`);
	console.log(`gate: PSS ${pss_kib} KiB, ${fds} descriptors`);
});
