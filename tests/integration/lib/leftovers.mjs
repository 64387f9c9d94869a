// What a broker could leave behind on a machine, compared before and after: processes of the sessions' and roles'
// accounts, mounts, control groups, shared memory, temporary folders. By difference, never by name.
import fs from 'node:fs';
import path from 'node:path';
import assert from 'node:assert/strict';

const UID_FIRST = 60991, UID_LAST = 61899;

function processes() {
	const found = [];
	for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
		try {
			const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
			const uid = Number(/^Uid:\s+(\d+)/m.exec(status)[1]);
			if (uid >= UID_FIRST && uid <= UID_LAST && !/^State:\s+Z/m.test(status))
				found.push(`${pid} uid ${uid} ${/^Name:\s+(.*)/m.exec(status)[1]}`);
		} catch {
			// it ended meanwhile
		}
	}
	return found;
}

function mounts() {
	return fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean);
}

// Groups of the controllers that Shoji uses, to the depth at which it makes them.
function groups() {
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
	return found;
}

const list = folder => fs.existsSync(folder) ? fs.readdirSync(folder).map(name => path.join(folder, name)) : [];

function everything() {
	return {
		processes: processes(),
		mounts: mounts(),
		groups: groups(),
		sharedMemory: list('/dev/shm'),
		x11: list('/tmp/.X11-unix'),
	};
}

export class Leftovers {
	constructor() {
		this.before = everything();
	}

	new() {
		const now = everything();
		return Object.entries(now).flatMap(([kind, items]) =>
			items.filter(item => !this.before[kind].includes(item)).map(item => `${kind}: ${item}`));
	}

	// Whatever is being torn down gets some seconds.
	async assertNone(deadlineMs = 8000) {
		const end = Date.now() + deadlineMs;
		while (this.new().length > 0 && Date.now() < end)
			await new Promise(resolve => setTimeout(resolve, 100));
		assert.deepEqual(this.new(), [], 'left behind');
	}
}

export function openFds(pid) {
	return fs.readdirSync(`/proc/${pid}/fd`).length;
}
