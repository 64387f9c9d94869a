// Shoji as a stack (stack.mjs): one broker as it is shipped, one person, one session.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fs from 'node:fs';
import path from 'node:path';
import { Broker, bin, until } from '../../integration/lib/broker.mjs';
import { descendants, roles, shepherds } from '../../integration/lib/processes.mjs';
import { PASSWORD } from '../../integration/lib/person.mjs';
import * as viewer from '../../browser/viewer.mjs';
import { HERE, freePort, startWatch } from './place.mjs';
import { SCREEN, browserSettings } from './stack.mjs';

const run = promisify(execFile);
const SITE = 'site.test';

export class Shoji {
	name = 'shoji';
	scale = SCREEN.scale;

	static async start({ site, place }) {
		const self = new Shoji();
		Object.assign(self, { site, place });
		const port = await freePort(HERE);
		self.broker = await Broker.start({
			gate: { listen: `${HERE}:${port}`, origins: [`https://${HERE}:${port}`] },
			profile: { start_page: `http://${SITE}/bench/still.html?bench`, width_min: SCREEN.width, width_max: SCREEN.width,
				height_min: SCREEN.height, height_max: SCREEN.height,
				caret_blink: true }, // as noVNC's isolated browser has it; as shipped it stands still
			egress: { hosts: site.hosts(SITE) },
			people: { argon2_memory_kib: 65536, argon2_passes: 3 }, // as shipped: it is part of "open"
		});
		await self.broker.addPerson('tanaka', PASSWORD);
		return self;
	}

	// {firstPictureMs, startPageMs}: from the sign-in button.
	async open({ startPage = '/bench/still.html?bench', timeoutMs = 60000 } = {}) {
		this.site.reports.length = 0;
		this.site.queued.length = 0;
		const { page } = await this.place.browser({ scale: this.scale });
		this.page = page;
		await viewer.openSignIn(page, this.broker.url);
		await page.fill('#person', 'tanaka');
		await page.fill('#password', PASSWORD);
		const startMs = Date.now();
		await page.click('#sign-in');
		await viewer.waitLive(page, timeoutMs);
		const firstPictureMs = Date.now() - startMs;
		await this.site.reported('loaded', timeoutMs);
		this.#find();
		const box = await page.locator('#screen').boundingBox();
		this.screen = { x: Math.round(box.x * this.scale), y: Math.round(box.y * this.scale) };
		if (startPage !== '/bench/still.html?bench')
			await this.site.lead(`http://${SITE}${startPage}`);
		return { firstPictureMs };
	}

	url(address) {
		return `http://${SITE}${address}`;
	}

	#find() {
		const of = role => roles(this.broker.pid, role)[0];
		const inside = shepherds().flatMap(descendants);
		const xserver = inside.find(p => /Xtigervnc$/.test(p.command[0]));
		this.pids = { xserver: xserver.pid, gate: of('gate'), capture: of('capture'), encode: of('encode') };
		this.resting = { monitor: this.broker.pid, keeper: of('keeper'), egress: of('egress'), shepherd: shepherds()[0] };
		this.displayName = xserver.command.find(word => /^:\d+$/.test(word));
		// Chromium writes its arguments anew, with blanks between them; only its first process has the window's size.
		const browser = inside.map(p => p.command.join(' ')).find(words => /chromium .*--window-size/.test(words));
		const missing = browserSettings().filter(setting => !browser?.includes(setting));
		if (missing.length > 0)
			throw new Error(`stack.mjs and broker/guest/programs.c differ: ${missing.join(' ')}`);
	}

	#inHost(program, args) {
		return ['nsenter', [`--net=/proc/${this.pids.xserver}/ns/net`, path.join(bin, program), ...args.map(String)],
			{ ...process.env, DISPLAY: this.displayName }];
	}

	async hostRun(program, ...args) {
		const [command, words, env] = this.#inHost(program, args);
		const { stdout } = await run(command, words, { env, maxBuffer: 1 << 26 });
		return stdout;
	}

	// B,G,R,X of a part ("X,Y,WIDTH,HEIGHT") of the isolated display.
	async hostPicture(part, folder) {
		const file = path.join(folder, 'host.raw');
		await this.hostRun('tile-witness', 'picture', part, file);
		return fs.readFileSync(file);
	}

	hostWatch(program, ...args) {
		return startWatch(...this.#inHost(program, args));
	}

	async close() {
		if (!this.page)
			return;
		await viewer.signOut(this.page);
		this.page = null;
		await this.place.closeBrowser();
		await until(async () => (await this.broker.sessions()).length === 0, 'the session has ended', 30000);
	}

	async stop() {
		try {
			await this.broker.stop();
		} catch (error) {
			// Compares the whole machine before and after: on a shared one, somebody else's may have come.
			if (!/left behind/.test(error.message))
				throw error;
			process.stderr.write(`${error.message}\n`);
			await this.broker.kill();
		}
	}

	// For an end that was not planned.
	async kill() {
		await this.broker.kill();
	}

	get log() {
		return this.broker.log;
	}
}
