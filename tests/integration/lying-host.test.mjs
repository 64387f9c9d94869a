// Isolated hosts that were taken over and lie at their RFB door, in a whole broker, beside a person whose host is honest:
// each lie ends its own session, with a reason for its viewer and for the audit log, or is none and harms nobody.
// The broker is the real one; shoji-guest-init is tests/hostile/lying-host.c, which is told by the screen's width
// whether to lie and how.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { Broker, bin, until } from './lib/broker.mjs';
import { Bystander } from './lib/bystander.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import { test } from './lib/suite.mjs';

const AT_ONCE = 5;
const HANDSHAKE = /does not speak RFB 3.8/, PROTOCOL = /RFB that was not asked for/, BOUNDS = /over its limit/;
const STALLED = /silent or slow/, CLOSED = /closed its RFB connection|the isolated host/;

// What the audit log says of each; and whether the viewer had a picture before. The slow ones first.
const LIES = {
	'silence': [STALLED, false],
	'a trickled handshake': [STALLED, false],
	'no picture': [STALLED, false],
	'an endless update': [STALLED, true],
	'an old version': [HANDSHAKE, false],
	'a foreign security type': [HANDSHAKE, false],
	'a giant name': [BOUNDS, false],
	'a giant screen': [BOUNDS, false],
	'a giant rectangle': [BOUNDS, true],
	'a rectangle outside': [BOUNDS, true],
	'a copy from outside': [BOUNDS, true],
	'a giant cursor': [BOUNDS, true],
	'a hot spot outside': [BOUNDS, true],
	'an encoding that was not offered': [PROTOCOL, true],
	'a colour map': [PROTOCOL, true],
	'a flood of bells': [BOUNDS, true],
	'a flood of cut texts': [BOUNDS, true],
	'a giant cut text': [BOUNDS, true],
	'a storm of sizes': [BOUNDS, true],
	'empty updates': [BOUNDS, true],
	'updates that were not asked for': [PROTOCOL, true],
	'a closed door': [CLOSED, true],
	'a whole screen as often as asked': [null, true], // no offence
};
const widths = Object.fromEntries(execFileSync(path.join(bin, 'lying-host'), ['--lies'], { encoding: 'utf8' })
	.trim().split('\n').map(line => /^(\d+) (.*)$/.exec(line)).map(([, width, name]) => [name, Number(width)]));

let site, broker, honest, bystander, crowd;
const leases = {}; // of each lie's session

before(async () => {
	site = await Site.start();
	broker = await Broker.start({
		profile: { start_page: 'http://site.test/pages/report.html' },
		egress: { hosts: site.hosts('site.test') },
		sessions: { max: AT_ONCE + 1 },
		gate: { connections_per_address_max: 256 }, // everybody sits at one address
	}, { guestInit: 'lying-host' });
	await broker.addPerson('tanaka', PASSWORD);
	for (let i = 0; i < AT_ONCE; i++)
		await broker.addPerson(`victim${i}`, PASSWORD);
	honest = await Person.atWork(broker);
	// A browser for all whose hosts lie; the honest person has one alone, for pages of one browser take the focus from each other.
	crowd = await Person.arrive(broker.url);
	bystander = await Bystander.begin({ broker, site, person: honest });
});

after(async () => {
	await honest?.leave();
	await crowd?.leave();
	await broker?.kill();
	await site?.stop();
});

const sessionsOf = id => broker.audit().filter(r => r.event === 'sign_in' && r.person === id);

// Meets one lie in a window of its own. Resolves to the session's number.
async function meet(id, lie) {
	const [expected, hasPicture] = LIES[lie];
	const victim = await Person.arrive(broker.url, { beside: crowd, width: widths[lie], height: 640 });
	await victim.recordStates();
	const n = sessionsOf(id).length;
	await victim.signIn(id);
	// From the log: between two looks at the sessions one may have come and gone.
	const { lease } = await until(() => sessionsOf(id)[n], `${lie}: a session`, 60000);
	if (expected) {
		assert.match(await victim.endedWords(), /閲覧環境.*再度ログイン/, lie);
	} else {
		await victim.state('live');
		await new Promise(resolve => setTimeout(resolve, 3000));
		assert.equal((await victim.states()).at(-1), 'live', `${lie}: ${JSON.stringify(broker.audit().filter(r => r.lease === lease))}`);
		await broker.ctl('end', id);
		await victim.state('ended');
	}
	const states = await victim.states();
	assert.equal(states.includes('live'), hasPicture, `${lie}: a picture first; ${states}`);
	await until(async () => !(await broker.sessions()).some(s => s.id === lease), `${lie}: the session is over`);
	assert.deepEqual(victim.complaints, [], lie);
	await victim.leave();
	return lease;
}

test('every lie ends its own session, and an honest person works on', { sessions: 1 }, async t => {
	assert.deepEqual(Object.keys(LIES).sort(), Object.keys(widths).sort(), 'every lie is told');
	await bystander.round(); // before
	bystander.start();
	const waiting = Object.keys(LIES);
	const times = [];
	await Promise.all(Array.from({ length: AT_ONCE }, async (_, i) => {
		for (let lie; (lie = waiting.shift());) {
			const startMs = performance.now();
			leases[lie] = await meet(`victim${i}`, lie);
			times.push(`${lie} ${Math.round(performance.now() - startMs)}`);
		}
	}));
	await bystander.stop();
	await bystander.round(); // after
	await bystander.assertUnharmed();
	t.diagnostic(`ms: ${times.join(', ')}`);
	t.diagnostic(`the honest person: ${bystander.report()}`);
});

test('the audit log has each end with its reason, and verifies', { sessions: 1 }, async () => {
	await broker.ctl('audit', 'verify');
	const ends = broker.audit().filter(r => r.event === 'session_ended');
	assert.equal(ends.length, Object.keys(LIES).length);
	for (const [lie, [expected]] of Object.entries(LIES)) {
		const end = ends.find(r => r.lease === leases[lie]);
		if (expected)
			assert.match(end.detail, expected, `${lie}: ${JSON.stringify(end)}`);
		else
			assert.match(end.reason, /administrator/, `${lie}: ${JSON.stringify(end)}`);
	}
});

test('nothing is left', async () => {
	await honest.signOut();
	await broker.stop();
});
