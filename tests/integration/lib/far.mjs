// The far end of a line of packets: a network namespace in which the viewer's browser runs, behind a rate, a delay and a loss
// (tests/bench/netline.c). Nothing of it outlives the test.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parentalSpawn } from '../../bench/lib/display.mjs';
import { bin, until } from './broker.mjs';

export const HERE = '10.87.54.1'; // the broker's side
const THERE = '10.87.54.2';

export class Far {
	// line: kbit/s, delay each way in ms, loss in percent. From now on viewers run at the far end.
	static async open(line) {
		const self = new Far();
		self.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoji-far-'));
		self.namespace = parentalSpawn('unshare', ['--net', 'sleep', 'infinity']);
		const mine = fs.readlinkSync('/proc/self/ns/net');
		await until(() => fs.readlinkSync(`/proc/${self.namespace.pid}/ns/net`) !== mine, 'the namespace', 5000);
		const enter = `--net=/proc/${self.namespace.pid}/ns/net`;
		// An IPv6 address that comes by itself a moment later is a change of networks to Chromium, which then drops what it loads.
		execFileSync('nsenter', [enter, 'sh', '-c', 'ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6']);
		self.line = parentalSpawn(path.join(bin, 'netline'), [self.namespace.pid, 'shojifar', HERE, THERE, ...line].map(String), ['ignore', 'pipe', 'inherit']);
		await new Promise((resolve, reject) => {
			self.line.stdout.on('data', chunk => /READY/.test(chunk) && resolve());
			self.line.once('exit', code => reject(new Error(`netline ended (${code})`)));
		});
		self.before = process.env.SHOJI_CHROMIUM;
		process.env.SHOJI_CHROMIUM = path.join(self.folder, 'chromium');
		fs.writeFileSync(process.env.SHOJI_CHROMIUM, `#!/bin/sh\nexec nsenter ${enter} ${self.before ?? '/usr/bin/chromium'} "$@"\n`, { mode: 0o755 });
		return self;
	}

	async close() {
		if (this.before === undefined)
			delete process.env.SHOJI_CHROMIUM;
		else
			process.env.SHOJI_CHROMIUM = this.before;
		for (const child of [this.line, this.namespace]) {
			child.kill('SIGKILL');
			await new Promise(resolve => child.exitCode !== null || child.signalCode ? resolve() : child.once('exit', resolve));
		}
		fs.rmSync(this.folder, { recursive: true, force: true });
	}
}
