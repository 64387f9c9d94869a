// A capture that was taken over, in a whole broker (shoji-broker-garbage: the real program, capture replaced). It shows
// one picture, then says whatever a seed makes it say. Either its session ends with a reason, or every frame that the
// viewer gets decodes (a frame that does not makes it reconnect); the broker goes on. The seed is the lease's number, so each
// session is another kind of garbage.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Broker, until } from './lib/broker.mjs';
import { Person, PASSWORD } from './lib/person.mjs';

const SESSIONS = 9; // of three manners, which the lease's random number chooses

let broker;

before(async () => {
	broker = await Broker.start({}, { program: 'shoji-broker-garbage' });
	await broker.addPerson('tanaka', PASSWORD);
});

after(() => broker?.kill());

test('garbage from capture harms nobody but its own session', async t => {
	let nEnded = 0, nStayed = 0;
	for (let i = 0; i < SESSIONS; i++) {
		const person = await Person.arrive(broker.url);
		t.after(() => person.leave());
		await person.signIn('tanaka');
		await person.page.waitForFunction(() => ['live', 'ended'].includes(document.body.dataset.state), null, { timeout: 30000 });
		await person.page.evaluate(() => {
			window.states = [];
			new MutationObserver(() => window.states.push(document.body.dataset.state))
				.observe(document.body, { attributes: true, attributeFilter: ['data-state'] });
		});
		await new Promise(resolve => setTimeout(resolve, 4000)); // two seconds of manners, two of garbage
		const state = await person.page.evaluate(() => document.body.dataset.state);
		assert.ok(['live', 'ended'].includes(state), `session ${i}: the viewer is ${state}`);
		assert.deepEqual(person.complaints, [], `session ${i}`);
		const states = await person.page.evaluate(() => window.states);
		assert.ok(!states.includes('waiting'), `session ${i}: a frame did not decode: ${states}`);
		if (state === 'live') {
			nStayed++;
			await broker.ctl('end', 'tanaka').catch(() => {}); // garbage may end it this moment
			await person.state('ended');
		} else {
			nEnded++;
			assert.ok((await person.endedWords()).length > 5);
		}
		await until(async () => (await broker.sessions()).length === 0, 'the session is over');
		assert.ok(broker.isAlive());
		await person.leave();
	}
	assert.ok(nEnded > 0 && nStayed + nEnded === SESSIONS, `${nEnded} ended, ${nStayed} stayed`);
	t.diagnostic(`${nEnded} ended, ${nStayed} stayed`);
	assert.doesNotMatch(broker.log, /gate \(process \d+\) ended|keeper \(process \d+\) ended|egress \(process \d+\) ended/);
	assert.match(broker.log, /seed/, 'it was the replaced capture');
});

test('nothing is left', () => broker.stop());
