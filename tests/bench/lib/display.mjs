// A display before which a person sits (an X server of the bench's own, with a window manager), and the latency tool
// on it.
import { spawn, execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { bin, until } from '../../integration/lib/broker.mjs';

const run = promisify(execFile);
const NUMBER = 87;
const PIXEL = { x: 640, y: 500 };

export class Display {
	static async open() {
		const self = new Display();
		self.name = `:${NUMBER}`;
		const socket = `/tmp/.X11-unix/X${NUMBER}`;
		const quiet = { stdio: 'ignore' };
		self.server = spawn('Xvnc', [self.name, '-SecurityTypes', 'None', '-rfbport', '-1', '-geometry', '1280x960', '-depth', '24',
			'-nolisten', 'tcp'], quiet);
		await until(() => fs.existsSync(socket), 'the bench display', 10000);
		self.before = process.env.DISPLAY;
		process.env.DISPLAY = self.name; // playwright hands its environment to the browser
		self.manager = spawn('openbox', [], quiet);
		return self;
	}

	browserArguments() {
		return ['--window-position=0,0', '--window-size=1280,960', '--kiosk'];
	}

	async measure(presses) {
		const { stdout } = await run(path.join(bin, 'key-latency'), [String(PIXEL.x), String(PIXEL.y), String(presses)]);
		return JSON.parse(stdout);
	}

	async close() {
		for (const child of [this.manager, this.server]) {
			child.kill('SIGTERM');
			await new Promise(resolve => child.exitCode !== null || child.signalCode ? resolve() : child.once('exit', resolve));
		}
		if (this.before === undefined)
			delete process.env.DISPLAY;
		else
			process.env.DISPLAY = this.before;
	}
}

// The same page in a local browser, nothing of Shoji in between.
export async function keyLatency(presses, url) {
	const display = await Display.open();
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoji-bench-'));
	const context = await chromium.launchPersistentContext(folder, { executablePath: '/usr/bin/chromium', headless: false, viewport: null,
		args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
			'--disable-sync', ...display.browserArguments()] });
	try {
		const page = context.pages()[0] ?? await context.newPage();
		await page.goto(url);
		await page.mouse.click(PIXEL.x, PIXEL.y);
		await new Promise(resolve => setTimeout(resolve, 1500));
		return await display.measure(presses);
	} finally {
		await context.close();
		await display.close();
		fs.rmSync(folder, { recursive: true, force: true });
	}
}
