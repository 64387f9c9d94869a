// test() for whole-system tests: node's, and after each the machine is as it was before. What one test leaves is then
// told of that test, and not of the file that it stands in.
//
// options.sessions: so many sessions live on when the test is over (default: none). They, and the roles of brokers that
// are still running, are all that may be there: one gate, keeper and egress each, hash workers by the configuration; for
// each session one shepherd and one folder. The monitor has as many descriptors as before the test, if as many sessions
// lived then.
import { test as nodeTest } from 'node:test';
import fs from 'node:fs';
import path from 'node:path';
import { Broker } from './broker.mjs';
import { Leftovers, assertSoon, openFds } from './leftovers.mjs';
import { roles, shepherds } from './processes.mjs';

const HASH_WORKERS_MAX = 2; // people.hash_workers' default

const names = folder => fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];

// What may be there of the brokers that are running.
function running() {
	return { brokers: [...Broker.running].map(broker => broker.pid), areSessionsLiving: true };
}

function describe(broker) {
	const folder = path.join(broker.folder, 'run');
	return {
		runFolder: names(folder),
		sessions: names(path.join(folder, 'sessions')).length,
		hasControlSocket: fs.statSync(path.join(folder, 'control.sock'), { throwIfNoEntry: false })?.isSocket() ?? false,
		roles: Object.fromEntries(['gate', 'keeper', 'egress'].map(role => [role, roles(broker.pid, role).length])),
		hasTooManyHashWorkers: roles(broker.pid, 'hash').length > HASH_WORKERS_MAX,
	};
}

class Before {
	constructor() {
		this.leftovers = new Leftovers(running());
		this.brokers = new Map([...Broker.running].map(broker =>
			[broker.pid, { fds: openFds(broker.pid), ...describe(broker) }]));
	}

	async assertBrokerAsBefore(broker, sessions) {
		const before = this.brokers.get(broker.pid);
		const what = `broker ${broker.pid}`;
		await assertSoon(() => describe(broker), {
			runFolder: before?.runFolder ?? describe(broker).runFolder,
			sessions,
			hasControlSocket: true,
			roles: { gate: 1, keeper: 1, egress: 1 },
			hasTooManyHashWorkers: false,
		}, what);
		if (before && before.sessions === sessions)
			await assertSoon(() => openFds(broker.pid), before.fds, `${what}: descriptors of the monitor`);
	}

	async assertAsBefore(sessions) {
		await assertSoon(() => shepherds().length, sessions, 'sessions that live on (their shepherds)');
		for (const broker of Broker.running)
			await this.assertBrokerAsBefore(broker, sessions);
		await this.leftovers.assertNone(running());
	}
}

// As node:test's test(name, options, fn). What fn registers with t.after() has run, last first, before anything is
// compared.
export function test(name, ...rest) {
	const fn = rest.pop();
	const { sessions = 0, ...options } = rest[0] ?? {};

	nodeTest(name, options, async t => {
		const before = new Before();
		const cleanups = [];
		try {
			await fn({
				after: cleanup => cleanups.unshift(cleanup),
				test: (...subtest) => t.test(...subtest),
				diagnostic: text => t.diagnostic(text),
			});
		} finally {
			for (const cleanup of cleanups)
				await cleanup();
		}
		await before.assertAsBefore(sessions);
	});
}
