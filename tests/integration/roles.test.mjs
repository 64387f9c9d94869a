// Every role is a process of its own, confined as docs/architecture.md says; a role that dies comes back or takes its
// session with it; a broker that is killed leaves shepherds, which the next one adopts or which end by themselves.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Broker, until } from './lib/broker.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';
import { roles, shepherds, status, descendants } from './lib/processes.mjs';
import { test } from './lib/suite.mjs';

let site, broker, person;

before(async () => {
	site = await Site.start();
	broker = await Broker.start({
		profile: { start_page: 'http://site.test/pages/report.html', caret_blink: true },
		egress: { hosts: site.hosts('site.test') },
		sessions: { lease_s: 10 },
	});
	await broker.addPerson('tanaka', PASSWORD);
	person = await Person.atWork(broker);
});

after(async () => {
	await person?.leave();
	await broker?.kill();
	await site?.stop();
});

const one = role => {
	const found = roles(broker.pid, role);
	assert.equal(found.length, 1, `${role}: ${found}`);
	return found[0];
};
const uid = pid => Number(status(pid).Uid.split(/\s+/)[0]);
const sessionIds = async () => (await broker.sessions()).map(s => s.id);

test('every role is confined', { sessions: 1 }, () => {
	const expected = { gate: 60991, keeper: 60992, egress: 60994, capture: 61001, encode: 61002 };
	const seen = new Set();
	for (const [role, account] of Object.entries(expected)) {
		const pid = one(role);
		const facts = status(pid);
		assert.deepEqual(facts.Uid.split(/\s+/).map(Number), [account, account, account, account], role);
		assert.equal(facts.NoNewPrivs, '1', role);
		assert.match(facts.CapEff, /^0+$/, role);
		assert.match(facts.CapPrm, /^0+$/, role);
		assert.equal(facts.Groups.trim(), '', role);
		const inside = fs.readdirSync(`/proc/${pid}/root/`);
		if (role === 'keeper')
			assert.ok(inside.includes('audit'), `${role}: ${inside}`);
		else
			assert.deepEqual(inside, [], `${role}: its root is not empty`);
		seen.add(pid);
	}
	for (const role of ['capture', 'encode'])
		assert.equal(status(one(role)).Seccomp, '2', `${role}: seccomp`);
	for (const pid of roles(broker.pid, 'hash')) {
		assert.equal(status(pid).Seccomp, '2', 'hash: seccomp');
		assert.equal(uid(pid), 60993);
	}
	const [shepherd] = shepherds();
	assert.equal(uid(shepherd), 61000);
	for (const process of descendants(shepherd))
		assert.notEqual(uid(process.pid), 0, process.command.join(' '));
});

test('capture and encode hold nothing but sockets, the pixel buffer and the log', { sessions: 1 }, () => {
	for (const role of ['capture', 'encode']) {
		const pid = one(role);
		for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
			const target = fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
			assert.match(target, /^(socket:|pipe:|anon_inode:|\/memfd:|\/dev\/null)/, `${role}: fd ${fd} is ${target}`);
		}
	}
	// encode cannot write the buffer
	const pid = one('encode');
	const pixels = fs.readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').filter(line => /memfd/.test(line));
	assert.ok(pixels.length > 0);
	for (const line of pixels)
		assert.match(line, / r--s /, line);
});

// Where the profile lets it; session.test.mjs sees that it does not otherwise.
test('the caret of the address bar blinks', { sessions: 1 }, async () => {
	await person.caretInAddressBar();
	await until(async () => await person.changes(3000) >= 3, 'it blinks');
});

for (const role of ['gate', 'keeper', 'egress']) {
	test(`${role} is killed and comes back; the session goes on`, { sessions: 1 }, async () => {
		const before = await sessionIds();
		const killed = one(role);
		process.kill(killed, 'SIGKILL');
		await until(() => roles(broker.pid, role).some(pid => pid !== killed), `${role} is back`);
		assert.ok(broker.isAlive());
		await until(() => broker.sessions().then(() => true, () => false), 'keeper answers');
		await person.state('live', 30000);
		await until(async () => (await sessionIds()).length === 1, 'the session');
		assert.deepEqual(await sessionIds(), before);
		const n = site.reports.length;
		await until(async () => {
			await person.click(900, 500);
			return site.reports.slice(n).some(r => r.type === 'mousedown');
		}, `a click arrives after ${role} came back`, 20000);
	});
}

test('the broker is killed; the next one adopts the session', { sessions: 1 }, async () => {
	const before = await sessionIds();
	const [shepherd] = shepherds();
	broker.child.kill('SIGKILL');
	await broker.exited;
	await until(() => ['gate', 'keeper', 'egress', 'capture', 'encode'].every(role =>
		roles(1, role).length === 0), 'roles end with their monitor');
	assert.deepEqual(shepherds(), [shepherd], 'the shepherd stays');
	const address = new URL(broker.url);
	const yaml = fs.readFileSync(broker.configuration, 'utf8').replace('127.0.0.1:0', address.host);
	fs.writeFileSync(broker.configuration, yaml); // the same port, so that the viewer finds it
	await broker.launch();
	await until(async () => (await sessionIds()).length === 1, 'adopted', 15000);
	assert.deepEqual(await sessionIds(), before);
	assert.deepEqual(shepherds(), [shepherd]);
	await person.state('live', 30000);
	const n = site.reports.length;
	await until(async () => {
		await person.click(900, 500);
		return site.reports.slice(n).some(r => r.type === 'mousedown');
	}, 'a click arrives after the adoption', 20000);
});

for (const role of ['capture', 'encode']) {
	test(`${role} is killed: that session ends with a reason, the broker goes on`, { sessions: 1 }, async () => {
		process.kill(one(role), 'SIGKILL');
		await person.state('ended', 15000);
		assert.ok((await person.endedWords()).length > 5);
		await until(async () => (await sessionIds()).length === 0, 'no session');
		assert.ok(broker.isAlive());
		await person.leave();
		person = await Person.atWork(broker);
	});
}

test('the broker is killed and does not come back: the host ends by itself', async () => {
	const [shepherd] = shepherds();
	assert.ok(shepherd);
	broker.child.kill('SIGKILL');
	await broker.exited;
	await until(() => shepherds().length === 0, 'the shepherd ends its host', 25000);
	await broker.launch(); // cleans what is left
	await until(async () => (await sessionIds()).length === 0, 'no lease');
	await broker.stop();
});
