// noVNC with TigerVNC and websockify as a stack (stack.mjs): Debian's packages with the settings they come with (noVNC:
// quality 6, compression 2; Xvnc: 60 frames a second), TLS on, and no authentication. The isolated browser runs
// outside a sandbox of ours, under an account of its own, with Chromium's own sandbox on, the site
// itself being its proxy.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fs from 'node:fs';
import os from 'node:os';
import net from 'node:net';
import path from 'node:path';
import { bin, root, until } from '../../integration/lib/broker.mjs';
import { descendants } from '../../integration/lib/processes.mjs';
import { HERE, freePort, startWatch } from './place.mjs';
import { claimDisplay, parentalSpawn } from './display.mjs';
import { SCREEN, browserSettings } from './stack.mjs';

const run = promisify(execFile);
const SITE = 'site.test';
const NUMBER = 88;
const ACCOUNT = 61990; // beyond those of Shoji's sessions
const WEB = '/usr/share/novnc';

function listens(host, port) {
	return new Promise(resolve => {
		const socket = net.connect(port, host, () => { socket.destroy(); resolve(true); });
		socket.on('error', () => resolve(false));
	});
}

async function ended(child, signal = 'SIGTERM') {
	if (!child || child.exitCode !== null || child.signalCode)
		return;
	const gone = new Promise(resolve => child.once('exit', resolve));
	child.kill(signal);
	await Promise.race([gone, new Promise(resolve => setTimeout(resolve, 5000))]);
	child.kill('SIGKILL');
	await gone;
}

export class NoVnc {
	name = 'novnc';
	scale = 1;
	log = '';

	static async start({ site, place }) {
		const self = new NoVnc();
		Object.assign(self, { site, place });
		self.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoji-bench-novnc-'));
		fs.chmodSync(self.folder, 0o755);
		await run(path.join(root, 'certs/shoji-ca'), ['init', path.join(self.folder, 'ca')]);
		await run(path.join(root, 'certs/shoji-ca'), ['issue', path.join(self.folder, 'ca'), 'server', HERE]);
		return self;
	}

	async open({ startPage = '/bench/still.html?bench', timeoutMs = 60000 } = {}) {
		this.site.reports.length = 0;
		this.site.queued.length = 0;
		await this.#startHost(startPage);
		await this.site.reported('loaded', timeoutMs);
		await this.#startGateway();
		const { page } = await this.place.browser();
		this.page = page;
		await this.#connect(timeoutMs);
		// The notice of the connection passes over the screen.
		await page.waitForFunction(() => !document.getElementById('noVNC_status').classList.contains('noVNC_open'), null, { timeout: timeoutMs });
		const box = await page.locator('#noVNC_container canvas').boundingBox();
		this.screen = { x: Math.round(box.x), y: Math.round(box.y) };
		this.#find();
		return {};
	}

	// noVNC gives up when its first attempt fails, as it does now and then on a busy machine: the page is loaded anew then.
	async #connect(timeoutMs) {
		const address = `https://${HERE}:${this.webPort}/vnc.html?autoconnect=true`;
		const isConnected = () => document.documentElement.classList.contains('noVNC_connected') &&
			document.querySelector('#noVNC_container canvas')?.width > 0;
		for (let left = 3; ; left--) {
			try {
				await this.page.goto(address, { timeout: timeoutMs });
				return await this.page.waitForFunction(isConnected, null, { timeout: timeoutMs / 2 });
			} catch (error) {
				this.log += await this.page.locator('#noVNC_status').textContent().catch(() => '');
				if (left === 1)
					throw error;
			}
		}
	}

	url(address) {
		return `http://${SITE}${address}`;
	}

	async #startHost(startPage) {
		await claimDisplay(NUMBER);
		this.rfbPort = await freePort('127.0.0.1');
		const as = ['--reuid', ACCOUNT, '--regid', ACCOUNT, '--clear-groups', 'env', '-i', 'PATH=/usr/bin:/bin', `HOME=${this.folder}/home`,
			`DISPLAY=:${NUMBER}`, 'LANG=ja_JP.UTF-8', 'TZ=Asia/Tokyo', `XDG_RUNTIME_DIR=${this.folder}/home`].map(String);
		const spawnAs = (...command) => parentalSpawn('setpriv', ['--pdeathsig', 'KILL', ...as, ...command.map(String)], ['ignore', 'ignore', 'pipe']);
		const profile = path.join(this.folder, 'home/browser/Default');
		fs.mkdirSync(profile, { recursive: true });
		fs.copyFileSync(path.join(root, 'broker/guest/preferences.json'), path.join(profile, 'Preferences'));
		await run('chown', ['-R', `${ACCOUNT}:${ACCOUNT}`, path.join(this.folder, 'home')]);
		this.xserver = spawnAs('/usr/bin/Xtigervnc', `:${NUMBER}`, '-geometry', `${SCREEN.width}x${SCREEN.height}`, '-depth', 24, '-dpi', 96,
			'-localhost', '-rfbport', this.rfbPort, '-SecurityTypes', 'None', '-nolisten', 'tcp');
		await until(() => listens('127.0.0.1', this.rfbPort), 'Xtigervnc', 15000);
		this.manager = spawnAs('/usr/bin/openbox', '--config-file', path.join(root, 'broker/guest/openbox.xml'));
		this.browser = spawnAs('/usr/lib/chromium/chromium', `--user-data-dir=${this.folder}/home/browser`, ...browserSettings(), `--force-device-scale-factor=${SCREEN.scale}`,
			`--proxy-server=http://127.0.0.1:${this.site.port}`, this.url(startPage));
		this.browser.stderr.on('data', chunk => { this.log += chunk; });
	}

	async #startGateway() {
		this.webPort = await freePort(HERE);
		const ca = path.join(this.folder, 'ca');
		this.gateway = parentalSpawn('websockify', ['--web', WEB, '--cert', path.join(ca, 'server.crt'), '--key', path.join(ca, 'server.key'), '--ssl-only',
			`${HERE}:${this.webPort}`, `127.0.0.1:${this.rfbPort}`], ['ignore', 'ignore', 'pipe']);
		this.gateway.stderr.on('data', chunk => { this.log += chunk; });
		await until(() => listens(HERE, this.webPort), 'websockify', 15000);
	}

	// websockify forks for each connection: the process that carries the screen is the newest child.
	#find() {
		const children = descendants(this.gateway.pid).map(p => p.pid);
		this.pids = { xserver: this.xserver.pid, websockify: this.gateway.pid,
			...Object.fromEntries(children.map((pid, i) => [`websockify_${i + 1}`, pid])) };
	}

	#onHost() {
		return { ...process.env, DISPLAY: `:${NUMBER}` };
	}

	async hostRun(program, ...args) {
		const { stdout } = await run(path.join(bin, program), args.map(String), { env: this.#onHost(), maxBuffer: 1 << 26 });
		return stdout;
	}

	// B,G,R,X of a part ("X,Y,WIDTH,HEIGHT") of the isolated display.
	async hostPicture(part, folder) {
		const file = path.join(folder, 'host.raw');
		await this.hostRun('tile-witness', 'picture', part, file);
		return fs.readFileSync(file);
	}

	hostWatch(program, ...args) {
		return startWatch(path.join(bin, program), args.map(String), this.#onHost());
	}

	async close() {
		this.page = null;
		await this.place.closeBrowser();
		for (const child of [this.gateway, this.browser, this.manager, this.xserver])
			await ended(child);
		this.gateway = this.browser = this.manager = this.xserver = null;
		fs.rmSync(path.join(this.folder, 'home'), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
	}

	async stop() {
		fs.rmSync(this.folder, { recursive: true, force: true });
	}

	async kill() {
		await this.close();
		await this.stop();
	}
}
