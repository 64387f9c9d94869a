// No stack at all: the person's browser shows the page itself. What is measured of it is what the machine, the browser and the
// display cost anyhow. Only scenarios that say so (isLocal) run on it.
import { SCREEN } from './stack.mjs';

export class Local {
	name = 'local';
	scale = SCREEN.scale;
	log = '';
	screen = { x: 0, y: 0 };
	pids = {};

	static async start({ site, place }) {
		return Object.assign(new Local(), { site, place });
	}

	async open() {
		const { page } = await this.place.browser({ isInside: false, scale: this.scale });
		this.page = page;
		await page.goto(this.url('/bench/still.html?bench'));
		return {};
	}

	url(address) {
		return `http://127.0.0.1:${this.site.port}${address}`;
	}

	async close() {
		await this.place.closeBrowser();
	}

	async stop() {
	}

	async kill() {
		await this.close();
	}
}
