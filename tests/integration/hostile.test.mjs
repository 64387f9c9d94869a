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

let site, broker, honest, bystander;

before(async () => {
	site = await Site.start();
	broker = await Broker.start({
		profile: { start_page: 'http://site.test/pages/report.html' },
		egress: { hosts: site.hosts('site.test') },
	}, { program: 'shoji-broker-garbage' });
	await broker.addPerson('suzuki', PASSWORD);
	await broker.addPerson('tanaka', PASSWORD);
	honest = await Person.atWork(broker, 'suzuki');
	bystander = await Bystander.begin({ broker, site, person: honest });
});

after(async () => {
	await honest?.leave();
	await broker?.kill();
	await site?.stop();
});

const garbageSessions = async () => (await broker.sessions()).filter(s => s.person === 'tanaka').length;

test('garbage from capture harms nobody but its own session', { sessions: 1 }, async t => {
	let nEnded = 0, nStayed = 0;
	await bystander.round();
	bystander.start();
	for (let i = 0; i < SESSIONS; i++) {
		const person = await Person.arrive(broker.url);
		await person.signIn('tanaka');
		await person.page.waitForFunction(() => ['live', 'ended'].includes(document.body.dataset.state), null, { timeout: 30000 });
		await person.recordStates();
		await new Promise(resolve => setTimeout(resolve, 4000)); // two seconds of manners, two of garbage
		const state = await person.page.evaluate(() => document.body.dataset.state);
		assert.ok(['live', 'ended'].includes(state), `session ${i}: the viewer is ${state}`);
		assert.deepEqual(person.complaints, [], `session ${i}`);
		const states = await person.states();
		assert.ok(!states.includes('waiting'), `session ${i}: a frame did not decode: ${states}`);
		if (state === 'live') {
			nStayed++;
			await broker.ctl('end', 'tanaka').catch(() => {}); // garbage may end it this moment
			await person.state('ended');
		} else {
			nEnded++;
			assert.ok((await person.endedWords()).length > 5);
		}
		await until(async () => await garbageSessions() === 0, 'the session is over');
		assert.ok(broker.isAlive());
		await person.leave();
	}
	await bystander.stop();
	await bystander.round();
	await bystander.assertUnharmed();
	assert.ok(nEnded > 0 && nStayed + nEnded === SESSIONS, `${nEnded} ended, ${nStayed} stayed`);
	t.diagnostic(`${nEnded} ended, ${nStayed} stayed; the honest person: ${bystander.report()}`);
	assert.match(broker.log, /seed/, 'it was the replaced capture');
});

test('nothing is left', async () => {
	await honest.signOut();
	await broker.stop();
});
