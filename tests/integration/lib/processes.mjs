// What the kernel says of a broker's processes: roles, memory, processor time, confinement.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const read = (pid, name) => fs.readFileSync(`/proc/${pid}/${name}`, 'utf8');

export function status(pid) {
	return Object.fromEntries(read(pid, 'status').split('\n').filter(Boolean).map(line => {
		const at = line.indexOf(':');
		return [line.slice(0, at), line.slice(at + 1).trim()];
	}));
}

function all() {
	return fs.readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
		try {
			const [, rest] = /^\d+ \(.*\) \S (.*)$/s.exec(read(pid, 'stat'));
			return [{ pid: Number(pid), parent: Number(rest.split(' ')[0]), command: read(pid, 'cmdline').split('\0') }];
		} catch {
			return [];
		}
	});
}

// pids of a program's processes, by the name of its file.
export function pidsOf(name) {
	return all().filter(p => p.command[0].split('/').at(-1) === name).map(p => p.pid);
}

// pids of a role's processes below a broker, e.g. roles(broker.pid, 'capture'). Shepherds are found by run folder.
export function roles(monitor, role) {
	return all().filter(p => p.parent === monitor && p.command.includes(`--role=${role}`)).map(p => p.pid);
}

export function shepherds(uidFirst = 61000, uidLast = 61899) {
	return all().filter(p => p.command.includes('--role=shepherd')).map(p => p.pid).filter(pid => {
		try {
			const uid = Number(status(pid).Uid.split(/\s+/)[0]);
			return uid >= uidFirst && uid <= uidLast;
		} catch {
			return false; // it ended meanwhile
		}
	});
}

export function descendants(pid) {
	const table = all();
	const found = [];
	const walk = parent => table.filter(p => p.parent === parent).forEach(p => { found.push(p); walk(p.pid); });
	walk(pid);
	return found;
}

export function pssKib(pid) {
	return Number(/^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup'))[1]);
}

// Seconds of processor time, user and system.
export function cpuSeconds(pid) {
	const fields = /^\d+ \(.*\) (.*)$/s.exec(read(pid, 'stat'))[1].split(' ');
	return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

// How often a process has waited for something, all its threads together.
export function wakeUps(pid) {
	return fs.readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + Number(status(`${pid}/task/${thread}`).voluntary_ctxt_switches), 0);
}
