// The web of the bench: the tests' site, whose pages take orders from the bench. A page that is asked for with "?bench"
// gets a script that reports what it does and waits for the next order, so that every stack's browser is led in the same way.
import { Site } from '../../integration/lib/site.mjs';
import path from 'node:path';

const BENCH_PAGES = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../pages');
const SPINNERS = '/usr/share/doc/libjs-jquery-colorbox/examples/example1/images';

export class LedSite extends Site {
	waiting = null; // the page's open request for an order
	queued = [];

	// folder: served below /page/
	static start(folder) {
		return super.start({ bench: BENCH_PAGES, spinners: SPINNERS, ...folder && { page: folder } });
	}

	answer(request, response) {
		// Whoever has us as a proxy asks with the whole address.
		if (new URL(request.url, 'http://site.test').pathname !== '/orders')
			return super.answer(request, response);
		this.waiting?.end('{}');
		this.waiting = response;
		response.on('close', () => { if (this.waiting === response) this.waiting = null; });
		this.#give();
	}

	#give() {
		if (!this.waiting || this.queued.length === 0)
			return;
		const response = this.waiting;
		this.waiting = null;
		response.writeHead(200, { 'content-type': 'application/json' });
		response.end(JSON.stringify(this.queued.shift()));
	}

	// What the page shall do: {go: address} | {next: address} (upon a key) | {back: true} (upon a key) | {to: y} |
	// {tell: true} (its scroll position) | {film: true} (where it is) | {rest: true} (what moves by itself stops).
	order(order) {
		this.queued.push(order);
		this.#give();
	}

	// Leads the browser to a page of the site and waits until it is loaded.
	async lead(address) {
		this.reports.length = 0;
		this.queued.length = 0;
		this.order({ go: address });
		await this.reported('loaded', 30000);
	}

	async scrolledPx() {
		this.order({ tell: true });
		return (await this.reported('position')).y;
	}

	async scrollTo(y) {
		this.order({ to: y });
		await this.reported('scrolled');
	}

	async restNow() {
		this.order({ rest: true });
		await this.reported('rests');
	}

	// Where the film begins on the isolated screen.
	async filmPlace() {
		this.order({ film: true });
		return this.reported('film');
	}
}
