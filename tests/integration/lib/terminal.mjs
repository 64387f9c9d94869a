// The terminal that a person sits at: a display with a keyboard of a country, a browser on it that is no stand-in for one, and the
// hand that presses its keys and buttons. Nothing here goes through DevTools: what the browser's pages are told of a key is
// what they are told of a real one.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { claimDisplay, parentalSpawn } from '../../bench/lib/display.mjs';
import { NO_IME } from './ime.mjs';
import { bin, root, until } from './broker.mjs';

const NUMBER = 86;

export class Terminal {
	static async open({ width = 1400, height = 1000 } = {}) {
		const self = new Terminal();
		self.name = `:${NUMBER}`;
		self.env = { ...process.env, DISPLAY: self.name, ...NO_IME };
		const socket = await claimDisplay(NUMBER);
		self.server = parentalSpawn('Xvnc', [self.name, '-SecurityTypes', 'None', '-rfbport', '-1', '-geometry', `${width}x${height}`,
			'-depth', '24', '-nolisten', 'tcp', '-noreset']);
		await until(() => fs.existsSync(socket), 'the display', 10000);
		self.manager = parentalSpawn('openbox', ['--config-file', path.join(root, 'broker/guest/openbox.xml')], 'ignore', self.env);
		return self;
	}

	// jp or us; as broker/guest/programs.c sets the isolated host's.
	useKeyboard(layout) {
		execFileSync('setxkbmap', ['-rules', 'evdev', '-model', layout === 'jp' ? 'jp106' : 'pc105', '-layout', layout], { env: this.env });
	}

	// actions: x-hand's lines.
	do(actions) {
		return new Promise((resolve, reject) => {
			const hand = spawn(path.join(bin, 'x-hand'), [this.name], { stdio: ['pipe', 'ignore', 'inherit'] });
			hand.once('exit', code => code === 0 ? resolve() : reject(new Error(`x-hand ended with ${code}`)));
			hand.stdin.end(actions.join('\n') + '\n');
		});
	}

	async close() {
		for (const child of [this.manager, this.server]) {
			child.kill('SIGTERM');
			await new Promise(resolve => child.exitCode !== null || child.signalCode ? resolve() : child.once('exit', resolve));
		}
	}
}
