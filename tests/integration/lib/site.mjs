// The web of the tests: real pages from Debian packages and small pages of ours, on loopback, reached by name
// through egress (Chromium never sends localhost to a proxy).
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';

const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.png': 'image/png', '.svg': 'image/svg+xml',
	'.js': 'text/javascript', '.gif': 'image/gif', '.jpg': 'image/jpeg' };

// Folders served below /NAME/.
const FOLDERS = {
	reference: '/usr/share/debian-reference',
	handbook: '/usr/share/doc/debian-handbook/html',
	photographs: '/usr/share/doc/libjs-jquery-colorbox/examples/content',
	pages: path.resolve(path.dirname(new URL(import.meta.url).pathname), '../pages'),
};

// Eight colours that only this page has, as 0xRRGGBB: "?marker" has them put on the page's upper right corner.
export function markerColours(page) {
	const hash = createHash('sha256').update(page).digest();
	return Array.from({ length: 8 }, (_, i) => hash.readUIntBE(i * 3, 3));
}

function marker(page) {
	const squares = markerColours(page).map(colour =>
		`<i style="display:inline-block;width:16px;height:16px;background:#${colour.toString(16).padStart(6, '0')}"></i>`);
	return `<div style="position:fixed;right:0;top:0;line-height:0;z-index:9999">${squares.join('')}</div>`;
}

// "?photographs=N" puts one after every Nth paragraph of a page: text and photographs, as a town's or a newspaper's
// page has them.
const PHOTOGRAPHS = ['daisy.jpg', 'ohoopee1.jpg', 'marylou.jpg', 'ohoopee2.jpg', 'ohoopee3.jpg', 'daisy@2x.jpg'];
function withPhotographs(html, every) {
	let n = 0;
	return html.replaceAll('</p>', () => ++n % every ? '</p>'
		: `</p><p><img src="/photographs/${PHOTOGRAPHS[n / every % PHOTOGRAPHS.length]}" alt=""></p>`);
}

export class Site {
	// folders: more of them, by the name below which they are served.
	static async start(folders = {}) {
		const self = new this();
		self.folders = { ...FOLDERS, ...folders };
		self.requests = [];
		self.addresses = [];
		self.reports = []; // what pages posted to /report
		self.server = http.createServer((request, response) => self.answer(request, response));
		await new Promise(resolve => self.server.listen(0, '127.0.0.1', resolve));
		self.port = self.server.address().port;
		return self;
	}

	// For egress.hosts
	hosts(...names) {
		return Object.fromEntries(names.map(name => [name, `127.0.0.1:${this.port}`]));
	}

	answer(request, response) {
		const url = new URL(request.url, 'http://site.test');
		this.addresses.push(url.href);
		this.requests.push(`${request.method} ${request.headers.host}${url.pathname}`);
		if (url.pathname === '/report')
			return this.take(request, response);
		const [, name, ...rest] = decodeURIComponent(url.pathname).split('/');
		const folder = this.folders[name];
		const file = folder && path.join(folder, rest.join('/'));
		if (!file || !file.startsWith(folder + path.sep) || !fs.existsSync(file) || !fs.statSync(file).isFile()) {
			response.writeHead(404, { 'content-type': 'text/plain' });
			return response.end('no such page');
		}
		response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
		const added = (url.searchParams.has('marker') ? marker(url.pathname) : '') + (url.searchParams.has('scroll')
			? `<script src="/pages/scroll.js" data-seconds="${Number(url.searchParams.get('scroll'))}"></script>` : '') + (url.searchParams.has('bench') ? '<script src="/bench/led.js"></script>' : '');
		const every = Number(url.searchParams.get('photographs'));
		if (!added && !every)
			return fs.createReadStream(file).pipe(response);
		const html = fs.readFileSync(file, 'utf8');
		const page = every > 0 ? withPhotographs(html, every) : html;
		const end = page.search(/<\/(body|html)>/i); // which a page may leave out
		response.end(end < 0 ? page + added : page.slice(0, end) + added + page.slice(end));
	}

	take(request, response) {
		let body = '';
		request.setEncoding('utf8'); // a character may lie across two chunks
		request.on('data', chunk => { body += chunk; });
		request.on('end', () => {
			this.reports.push(JSON.parse(body));
			response.writeHead(204);
			response.end();
		});
	}

	// Waits for a report of that type that came after the last call.
	async reported(type, deadlineMs = 15000) {
		const end = Date.now() + deadlineMs;
		for (;;) {
			const at = this.reports.findIndex(report => report.type === type);
			if (at >= 0)
				return this.reports.splice(at, 1)[0];
			if (Date.now() > end)
				throw new Error(`no report of ${type} within ${deadlineMs} ms`);
			await new Promise(resolve => setTimeout(resolve, 20));
		}
	}

	async stop() {
		this.server.closeAllConnections?.();
		await new Promise(resolve => this.server.close(resolve));
	}
}
