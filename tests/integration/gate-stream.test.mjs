// gate and a viewer's WebSocket: who may open it, HELLO, attaching, slices one way and input the other, and what of these is refused.
// keeper, encode and capture are played by gate-peer.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Gate, sleep, token, withGate } from './lib/gate.mjs';

let gate;
before(async () => { gate = await Gate.start({ sign_ins_per_address_per_minute_max: 1000, connections_per_address_max: 200 }); });
after(async () => { await gate.stop(); });

test('who may open a stream', async () => {
	for (const [options, status] of [[{ cookie: null }, 401], [{ cookie: 'ABC' }, 401], [{ origin: 'https://evil.example' }, 403],
		[{ origin: null }, 403], [{ where: '/other' }, 404], [{ protocol: 'http' }, 400], [{ protocol: 'listener' }, 400],
		[{ protocol: ['shoji.v2', 'roles'] }, 400], [{ headers: { Host: 'evil.example' } }, 403], [{ headers: { 'Sec-Fetch-Site': 'cross-site' } }, 403]]) {
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
		[viewer => viewer.hello(token(1), { min: 3, max: 4 }), 1002], [viewer => viewer.hello(token(1), { min: 1, max: 1 }), 1002],
		[viewer => viewer.hello(token(1), { log: 40 }), 1002],
		[viewer => viewer.send(12, 1), 1002]]) {
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
		assert.deepEqual([...(await viewer.message())], [4, 0xff, answered]);
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
			const answer = [...(await viewer.message())].slice(1);
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
	assert.deepEqual([welcome[0], welcome.readUInt16LE(1), welcome[3]], [1, 2, 0], 'version 2, starting');
	assert.equal(welcome.subarray(6, 70).toString(), token(2));
	assert.equal(welcome.subarray(72).toString(), '山田 花子');
	viewer.key(30, true); // nothing to take it yet: dropped
	viewer.ping(1);
	await viewer.message();
	gate.say(`join ${lease}`);
	assert.deepEqual([...(await viewer.message())], [2, 1], 'live');
	const join = await gate.event('viewer_join', { lease });
	assert.deepEqual([join.capabilities, join.window_log, join.epoch, join.last, join.slots], [1, 21, '1122334455667788', 77, 300]);
	assert.equal(join.address, '127.0.0.1', 'whom a watermark has to name');

	gate.say(`slice ${lease} 12aabb`); // of an earlier viewer: a FRAME before BEGIN
	gate.say(`slice ${lease} 11ccdd`);
	gate.say(`slice ${lease} 12ee`);
	gate.say(`slice ${lease} 2100`);
	assert.equal((await viewer.message()).toString('hex'), '11ccdd');
	assert.equal((await viewer.message()).toString('hex'), '12ee');
	assert.equal((await viewer.message()).toString('hex'), '2100');
	viewer.ack(0xfedc);
	await gate.event('viewer_ack', { frame: 0xfedc });
	viewer.ping(0xdeadbeef);
	assert.equal((await viewer.message()).toString('hex'), '05efbeadde');

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
	assert.equal((await gate.event('activity', { lease })).address, '127.0.0.1');
	assert.ok(!gate.has('activity', { lease }), 'at most every 10 s');
	// encode is told where a button went down or the wheel turned, and what a person waits for: keys that go down, and texts.
	for (const [x, y] of [[65535, 65535], [0, 0]]) // encode holds them to the screen
		assert.deepEqual(await gate.event('viewer_touch'), { event: 'viewer_touch', lease, x, y });
	for (const input of [2, 6])
		assert.deepEqual(await gate.event('viewer_press'), { event: 'viewer_press', lease, input });
	viewer.pointer(100, 100, 1); // a move, and a button that goes up: neither
	viewer.pointer(100, 100, 0);
	viewer.pointer(7, 8, 1);
	viewer.key(30, false);
	assert.deepEqual(await gate.event('viewer_touch'), { event: 'viewer_touch', lease, x: 7, y: 8 });
	await gate.event('key', { down: 0 });
	assert.ok(!gate.has('viewer_press') && !gate.has('viewer_touch'));

	gate.say(`notify ${lease} 1 管理者`);
	assert.deepEqual(await viewer.message(), Buffer.concat([Buffer.from([3, 1, 9, 0]), Buffer.from('管理者')]));
	viewer.socket.terminate();
	await gate.event('detached', { lease });
	await gate.event('viewer_leave', { lease });
	assert.equal((await gate.event('release_all', { lease })).sequence, 10);

	// The same lease again, its workers still there: live at once, and what is on the way of old is dropped.
	const second = await gate.attached(lease);
	assert.equal(second.welcome[3], 1);
	await gate.event('viewer_join', { lease });
	gate.say(`slice ${lease} 12ee`);
	gate.say(`slice ${lease} 11`);
	assert.equal((await second.message()).toString('hex'), '11');
	gate.say(`end_viewer ${lease} 2`);
	assert.deepEqual([...(await second.message())], [4, 2]);
	assert.equal((await second.closed).code, 1000);
	await sleep(100);
	assert.ok(!gate.has('detached', { lease }), 'a lease that is over is not told as detached');
	gate.say(`gone ${lease} 2`);
	await gate.event('stream_closed', { lease });
});

test('what the viewer says of an answered press comes to keeper', async () => {
	const lease = 'a7';
	gate.say(`join ${lease}`);
	const viewer = await gate.attached(lease, { cookie: token(77) });
	viewer.ack(1, { input: 9, took: 83 }); // of a press that gate never saw
	let told;
	// An answer counts within a second, which may be over where the machine is busy.
	for (let tries = 0; !told && tries < 10; tries++) {
		viewer.key(30, true);
		const { input } = await gate.event('viewer_press', { lease });
		viewer.ack(2, { input, took: 83 });
		told = await gate.event('latency', { lease }, 1500).catch(() => null);
	}
	assert.deepEqual([told.answers, told.drawn], [1, [83, 83]]);
	assert.ok(told.round[0] <= told.round[1] && told.round[1] <= 10000, JSON.stringify(told));
	viewer.socket.terminate();
	await gate.event('detached', { lease });
	gate.say(`gone ${lease} 1`);
});

test('a newer viewer of the same lease replaces the older', async () => {
	const lease = 'b2';
	gate.say(`join ${lease}`);
	const first = await gate.attached(lease, { cookie: token(21) });
	await gate.event('viewer_join', { lease });
	const second = await gate.attached(lease, { cookie: token(21) });
	await gate.event('viewer_leave', { lease });
	await gate.event('viewer_join', { lease });
	assert.deepEqual([...(await first.message())], [4, 0xff, 2]);
	await first.closed;
	gate.say(`slice ${lease} 11`);
	assert.equal((await second.message()).toString('hex'), '11');
	assert.ok(!gate.has('detached', { lease }));
	gate.say(`gone ${lease} 7`);
	assert.deepEqual([...(await second.message())], [4, 7]);
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
	assert.equal((await second.message())[0], 1);
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

// More than a thousand a second. In small parts: what gate has not read when it closes costs the client its close frame.
async function pingWithoutEnd(viewer) {
	for (let n = 0; viewer.socket.readyState === viewer.socket.OPEN; n++) {
		viewer.ping(n);
		if (n % 20 === 19)
			await sleep(1);
	}
}

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
		['too fast', pingWithoutEnd, 1008]]) {
		const viewer = await gate.attached('c3', { cookie: token(31) });
		say(viewer);
		assert.equal((await viewer.closed).code, code, name);
		await gate.event('detached', { lease: 'c3' });
	}
	bystander.send(12, 1, Buffer.from('an optional channel of later'));
	bystander.ping(9);
	assert.equal((await bystander.message())[0], 5);
	bystander.socket.close();
	await gate.event('detached', { lease: 'c0' });
});

test('encode that breaks the rules loses its session only', async () => {
	const bystander = await gate.attached('d0', { cookie: token(40) });
	for (const [name, slice] of [['control', '01'], ['input', '41'], ['unknown channel', 'c1'], ['nothing', '']]) {
		const lease = 'd4';
		gate.say(`join ${lease}`);
		const viewer = await gate.attached(lease, { cookie: token(41) });
		await gate.event('viewer_join', { lease });
		gate.say(`slice ${lease} ${slice}`);
		assert.deepEqual([...(await viewer.message())], [4, 9], name);
		await viewer.closed;
		await gate.event('stream_closed', { lease });
		await gate.event('detached', { lease });
		gate.say(`gone ${lease} 9`);
	}
	bystander.ping(9);
	assert.equal((await bystander.message())[0], 5);
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
	assert.equal((await viewer.message())[0], 5);
	gate.say(`gone ${lease} 8`);
	assert.equal((await viewer.message())[1], 8);
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
	assert.equal((await again.message())[0], 5);
	again.socket.terminate();
	await own.event('detached', { lease: '77' });
}));

test('nothing is left of all this', () => gate.checkNothingLeft());
