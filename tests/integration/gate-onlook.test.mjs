// gate and an administrator who looks on: nothing before the person is told, no input, nothing without the policy. keeper, encode and
// capture are played by gate-peer.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { sleep, token, withGate } from './lib/gate.mjs';

const ANNOUNCED = 'sessions:\n  onlookers: announced\n';
const [WELCOME, STATE, ENDED, WATCHED] = [1, 2, 4, 6];

// The next message of the control channel of that type; slices and others before it are an error.
async function control(viewer, type) {
	const message = await viewer.message();
	assert.equal(message[0], type, message.toString('hex').slice(0, 80));
	return message.subarray(1);
}

async function watched(viewer) {
	const payload = await control(viewer, WATCHED);
	return { number: payload.readUInt32LE(0), administrator: payload.subarray(6).toString() };
}

test('without the policy there is no way to look on', () => withGate({}, async own => {
	assert.equal((await own.request('GET', '/watch')).status, 404);
	assert.equal(await own.stream({ cookie: null, where: '/watch/stream' }).refused, 404);
	assert.equal(await own.stream({ where: '/watch/stream' }).refused, 404);
}));

test('an onlooker: nothing before the person is told, no input, paused while they are away', () => withGate({ sign_ins_per_address_per_minute_max: 1000 }, async own => {
	assert.equal((await own.request('GET', '/watch')).text, (await own.request('GET', '/')).text);
	own.say('join a1');
	const person = await own.attached('a1');
	await own.event('viewer_join', { seat: 0 });
	const begin = Buffer.from([0x11, ...Array(24).fill(1)]).toString('hex');
	const frame = n => Buffer.from([0x12, 3, n]).toString('hex');

	const onlooker = await own.onlooker('a1');
	assert.equal(onlooker.welcome[0], WELCOME);
	assert.equal(onlooker.welcome[3], 0, 'not live yet');
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
	assert.equal((await onlooker.message())[0], 0x11);
	assert.equal((await onlooker.message())[0], 0x12);
	onlooker.ack(1);
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
}, ANNOUNCED));

test('onlookers: refused by keeper, without keeper, and after too many tries', () => withGate({ sign_ins_per_address_per_minute_max: 4 }, async own => {
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
}, ANNOUNCED));
