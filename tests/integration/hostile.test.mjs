// A capture that was taken over, in a whole broker (shoji-broker-garbage: the real program, but every capture of it
// replaced, save those of the first slot). It shows one picture, then says whatever a seed makes it say. Either its
// session ends with a reason, or every frame that the viewer gets decodes (a frame that does not makes it reconnect); the
// broker goes on, and a person in the first slot works on. The seed is the lease's number, so each session is another kind
// of garbage.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Broker, until } from './lib/broker.mjs';
import { Bystander } from './lib/bystander.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import { test } from './lib/suite.mjs';

const SESSIONS = 9; // of three manners, which the lease's random number chooses
const AT_ONCE = 3;

let site, broker, honest, crowd, bystander;

before(async () => {
	site = await Site.start();
	broker = await Broker.start({
		profile: { start_page: 'http://site.test/pages/report.html' },
		egress: { hosts: site.hosts('site.test') },
		sessions: { max: AT_ONCE + 1 },
		gate: { connections_per_address_max: 256 }, // everybody sits at one address
	}, { program: 'shoji-broker-garbage' });
	await broker.addPerson('suzuki', PASSWORD);
	for (let i = 0; i < AT_ONCE; i++)
		await broker.addPerson(`victim${i}`, PASSWORD);
	honest = await Person.atWork(broker, 'suzuki');
	crowd = await Person.arrive(broker.url); // a browser for all the others
	bystander = await Bystander.begin({ broker, site, person: honest });
});

after(async () => {
	await honest?.leave();
	await crowd?.leave();
	await broker?.kill();
	await site?.stop();
});

const isOver = async id => !(await broker.sessions()).some(s => s.person === id);

// A session whose capture says garbage. Resolves to how it stood after it: live or ended.
async function meetGarbage(id, what) {
	const person = await Person.arrive(broker.url, { beside: crowd });
	await person.signIn(id);
	await person.page.waitForFunction(() => ['live', 'ended'].includes(document.body.dataset.state), null, { timeout: 30000 });
	await person.recordStates();
	await new Promise(resolve => setTimeout(resolve, 4000)); // two seconds of manners, two of garbage
	const state = await person.page.evaluate(() => document.body.dataset.state);
	assert.ok(['live', 'ended'].includes(state), `${what}: the viewer is ${state}`);
	assert.deepEqual(person.complaints, [], what);
	const states = await person.states();
	assert.ok(!states.includes('waiting'), `${what}: a frame did not decode: ${states}`);
	if (state === 'live')
		await broker.ctl('end', id).catch(() => {}); // garbage may end it this moment
	assert.ok((await person.endedWords()).length > 5, what);
	await until(() => isOver(id), `${what}: the session is over`);
	assert.ok(broker.isAlive());
	await person.leave();
	return state;
}

test('garbage from capture harms nobody but its own session', { sessions: 1 }, async t => {
	const states = [];
	await bystander.round();
	bystander.start();
	let nBegun = 0;
	await Promise.all(Array.from({ length: AT_ONCE }, async (_, i) => {
		while (nBegun < SESSIONS)
			states.push(await meetGarbage(`victim${i}`, `session ${nBegun++}`));
	}));
	await bystander.stop();
	await bystander.round();
	await bystander.assertUnharmed();
	const nEnded = states.filter(state => state === 'ended').length;
	assert.ok(nEnded > 0 && states.length === SESSIONS, `${nEnded} of ${states.length} ended`);
	t.diagnostic(`${nEnded} ended, ${states.length - nEnded} stayed; the honest person: ${bystander.report()}`);
	assert.match(broker.log, /seed/, 'it was the replaced capture');
});

test('nothing is left', async () => {
	await honest.signOut();
	await broker.stop();
});
