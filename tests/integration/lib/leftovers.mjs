// What a broker could leave behind on a machine, compared before and after: processes of the sessions' and roles'
// accounts, mounts, control groups, shared memory, X sockets, temporary folders. By difference, never by name.
import fs from 'node:fs';
import path from 'node:path';
import assert from 'node:assert/strict';
import { shepherds, status } from './processes.mjs';

const UID_FIRST = 60991, UID_LAST = 61899;
const UIDS_PER_SLOT = 3;
const DEADLINE_MS = 8000; // whatever is being torn down gets some seconds

// Programs that were built elsewhere are somebody else's tests, which run on this machine meanwhile.
const bin = process.env.SHOJI_BIN ?? path.resolve(path.dirname(new URL(import.meta.url).pathname), '../../../build/gcc/bin');

function isForeign(pid) {
	try {
		const program = fs.readlinkSync(`/proc/${pid}/exe`);
		return /\/build\/[^/]+\/bin\//.test(program) && !program.startsWith(bin);
	} catch {
		return false;
	}
}

const uidOf = pid => Number(status(pid).Uid.split(/\s+/)[0]);

// {uid, pid, text} each
function processes() {
	const found = [];
	for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
		try {
			const { Uid, State, Name, PPid } = status(pid);
			const uid = Number(Uid.split(/\s+/)[0]);
			if (uid >= UID_FIRST && uid <= UID_LAST && !State.startsWith('Z') && !isForeign(pid))
				found.push({ uid, pid: Number(pid), parent: Number(PPid), text: `${pid} uid ${uid} ${Name}` });
		} catch {
			// it ended meanwhile
		}
	}
	return found;
}

function mounts() {
	return fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean);
}

// Groups of the controllers that Shoji uses, to the depth at which it makes them: below /shoji, or below our own. Others
// come and go with what else the machine does.
function groups() {
	const own = fs.readFileSync('/proc/self/cgroup', 'utf8').split('\n').filter(Boolean)
		.map(line => line.split(':').slice(2).join(':')).filter(group => group !== '/');
	const isOurs = folder => folder.includes('/shoji') || own.some(group => folder.includes(`${group}/`));
	const found = [];
	const walk = (folder, depth) => {
		let entries;
		try {
			entries = fs.readdirSync(folder, { withFileTypes: true });
		} catch {
			return;
		}
		for (const entry of entries.filter(e => e.isDirectory())) {
			const full = path.join(folder, entry.name);
			found.push(full);
			if (depth > 0)
				walk(full, depth - 1);
		}
	};
	walk('/sys/fs/cgroup', 5);
	return found.filter(isOurs);
}

const list = (folder, isWanted = () => true) => fs.existsSync(folder)
	? fs.readdirSync(folder).filter(isWanted).map(name => path.join(folder, name)) : [];

// The groups that processes of these accounts are in.
function groupsOf(uids) {
	const named = new Set();
	for (const { uid, pid } of processes().filter(p => uids.has(p.uid)))
		try {
			for (const line of fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n').filter(Boolean))
				named.add(line.split(':').slice(2).join(':'));
		} catch {
			// it ended meanwhile
		}
	named.delete('/');
	return [...named];
}

// brokers: pids of those that are running, whose roles are no leftovers; nor are sessions, if isLiving.
function everything(brokers, areSessionsLiving) {
	const living = new Set(areSessionsLiving ? shepherds().flatMap(pid => {
		const first = uidOf(pid);
		return Array.from({ length: UIDS_PER_SLOT }, (_, i) => first + i);
	}) : []);
	const livingGroups = groupsOf(living);
	return {
		processes: processes().filter(p => !living.has(p.uid) && !brokers.includes(p.parent)).map(p => p.text),
		mounts: mounts(),
		groups: groups().filter(folder => !livingGroups.some(group => folder.endsWith(group))),
		sharedMemory: list('/dev/shm'),
		x11: list('/tmp/.X11-unix'),
		temporary: list('/tmp', name => /^shoji-(test|grab|left)-/.test(name)), // unit tests have others, and may run beside
	};
}

export class Leftovers {
	constructor({ brokers = [], areSessionsLiving = false } = {}) {
		this.before = everything(brokers, areSessionsLiving);
	}

	// As the constructor's: what is running now and is meant to.
	new({ brokers = [], areSessionsLiving = false } = {}) {
		const now = everything(brokers, areSessionsLiving);
		return Object.entries(now).flatMap(([kind, items]) =>
			items.filter(item => !this.before[kind].includes(item)).map(item => `${kind}: ${item}`));
	}

	async assertNone(running = {}, deadlineMs = DEADLINE_MS) {
		await assertSoon(() => this.new(running), [], 'left behind', deadlineMs);
	}
}

// That what() becomes deeply equal to expected within the deadline.
export async function assertSoon(what, expected, message, deadlineMs = DEADLINE_MS) {
	const end = Date.now() + deadlineMs;
	for (;;) {
		const now = await what();
		try {
			return assert.deepEqual(now, expected, `${message}: ${JSON.stringify(now)} instead of ${JSON.stringify(expected)}`);
		} catch (error) {
			if (Date.now() > end)
				throw error;
		}
		await new Promise(resolve => setTimeout(resolve, 100));
	}
}

export function openFds(pid) {
	return fs.readdirSync(`/proc/${pid}/fd`).length;
}
