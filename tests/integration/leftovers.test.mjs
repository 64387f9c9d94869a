// That the tests would notice what a broker left behind: one of each kind is left on purpose.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Leftovers, assertSoon } from './lib/leftovers.mjs';

const UID = 61777; // of a slot, without a shepherd
const name = `shoji-left-${process.pid}`;

function leaveProcess() {
	const child = spawn('sleep', ['60'], { uid: UID, gid: UID, stdio: 'ignore' });
	return { kind: 'processes', clear: () => child.kill('SIGKILL') };
}

function leaveFolder() {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoji-left-'));
	return { kind: 'temporary', clear: () => fs.rmdirSync(folder) };
}

function leaveMount() {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'left-'));
	execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
	return { kind: 'mounts', clear: () => { execFileSync('umount', [folder]); fs.rmdirSync(folder); } };
}

function leaveMemory() {
	fs.writeFileSync(`/dev/shm/${name}`, 'left');
	return { kind: 'sharedMemory', clear: () => fs.rmSync(`/dev/shm/${name}`) };
}

async function leaveDisplay() {
	fs.mkdirSync('/tmp/.X11-unix', { recursive: true });
	const server = net.createServer().listen(`/tmp/.X11-unix/${name}`);
	await new Promise(resolve => server.once('listening', resolve));
	return { kind: 'x11', clear: () => server.close() };
}

function leaveGroup() {
	const hierarchy = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find(folder => fs.existsSync(path.join(folder, 'cgroup.procs')));
	const folder = path.join(hierarchy, name);
	fs.mkdirSync(folder);
	return { kind: 'groups', clear: () => fs.rmdirSync(folder) };
}

for (const leave of [leaveProcess, leaveFolder, leaveMount, leaveMemory, leaveDisplay, leaveGroup])
	test(`${leave.name} is noticed`, async () => {
		const leftovers = new Leftovers();
		const { kind, clear } = await leave();
		try {
			await assertSoon(() => leftovers.new().some(found => found.startsWith(`${kind}: `)), true, 'noticed');
			await assert.rejects(leftovers.assertNone({}, 300), /left behind/);
		} finally {
			await clear();
		}
		await leftovers.assertNone();
	});
