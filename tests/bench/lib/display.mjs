// A display before which a person sits: an X server of the bench's own, with a window manager.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { until } from '../../integration/lib/broker.mjs';
import { NO_IME } from '../../integration/lib/ime.mjs';

const NUMBER = 87;

// Dies with us, whatever we die of.
export function parentalSpawn(program, args, stdio = 'ignore', env = process.env) {
	return spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio, env });
}

// Makes sure that nobody has the display of that number. What a server left behind that was killed goes away.
export async function claimDisplay(number) {
	const socket = `/tmp/.X11-unix/X${number}`;
	const answers = await new Promise(resolve => {
		const connection = net.connect(socket, () => { connection.destroy(); resolve(true); });
		connection.on('error', () => resolve(false));
	});
	if (answers)
		throw new Error(`display :${number} is in use: is a bench running?`);
	fs.rmSync(socket, { force: true });
	fs.rmSync(`/tmp/.X${number}-lock`, { force: true });
	return socket;
}

export class Display {
	static async open({ number = NUMBER, size = { width: 1320, height: 900 } } = {}) {
		const self = new Display();
		self.name = `:${number}`;
		self.size = size;
		const socket = await claimDisplay(number);
		self.server = parentalSpawn('Xvnc', [self.name, '-SecurityTypes', 'None', '-rfbport', '-1', '-geometry', `${size.width}x${size.height}`, '-depth', '24',
			'-nolisten', 'tcp']);
		await until(() => fs.existsSync(socket), 'the bench display', 10000);
		self.before = process.env.DISPLAY;
		Object.assign(process.env, { DISPLAY: self.name, ...NO_IME }); // playwright hands its environment to the browser
		self.manager = parentalSpawn('openbox', []);
		return self;
	}

	// Nothing but the page is on the display.
	browserArguments(scale = 1) {
		return ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
			'--disable-sync', '--force-color-profile=srgb', `--force-device-scale-factor=${scale}`,
			'--window-position=0,0', `--window-size=${this.size.width / scale},${this.size.height / scale}`, '--kiosk'];
	}

	async close() {
		for (const child of [this.manager, this.server].filter(Boolean)) {
			child.kill('SIGTERM');
			await new Promise(resolve => child.exitCode !== null || child.signalCode ? resolve() : child.once('exit', resolve));
		}
		if (this.before === undefined)
			delete process.env.DISPLAY;
		else
			process.env.DISPLAY = this.before;
	}
}
