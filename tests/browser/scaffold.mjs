// A stand-in for gate, for the faults that a real broker does not produce on demand: a refused sign-in of every kind,
// a line cut at a chosen moment, silence, garbage. Serves the real viewer's files over real TLS with gate's headers
// and speaks the stream by hand. Only the viewer's own tests use it; whole-system tests have the real broker.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { WebSocketServer } from "ws";

export const CSP =
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; " +
	"img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
// As broker/gate/answer.c sends them.
const HEADERS = {
	"Content-Security-Policy": CSP,
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy": "no-referrer",
	"Cross-Origin-Opener-Policy": "same-origin",
	"Cross-Origin-Embedder-Policy": "require-corp",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control": "no-store",
};

const TYPES = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
	".wasm": "application/wasm",
};

// ---- the stream, written from docs/protocol.md and not from the viewer's code ----

const header = (channel, type) => Buffer.from([channel * 16 + type]);
const u8 = (...values) => Buffer.from(values);
const u16 = (...values) => Buffer.concat(values.map((v) => Buffer.from([v & 255, v >> 8])));
const u24 = (v) => Buffer.from([v & 255, (v >>> 8) & 255, v >>> 16]);
const u32 = (v) => Buffer.from([v & 255, (v >>> 8) & 255, (v >>> 16) & 255, v >>> 24]);
const text = (s) => Buffer.concat([u16(Buffer.byteLength(s)), Buffer.from(s)]);

// zstd without compression: a frame's head, and raw blocks.
const WINDOW_LOG = 21;
const zstdHead = () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (WINDOW_LOG - 10) << 3]);
function zstdBlock(bytes, isLast = false) {
	const head = (bytes.length << 3) | (isLast ? 1 : 0);
	return Buffer.concat([u8(head & 255, (head >> 8) & 255, head >> 16), bytes]);
}

export const control = {
	welcome: (state, token, person) => Buffer.concat([header(0, 1), u16(2), u8(state), text(token), text(person)]),
	state: (state) => Buffer.concat([header(0, 2), u8(state)]),
	notice: (notice, words) => Buffer.concat([header(0, 3), u8(notice), text(words)]),
	ended: (reason) => Buffer.concat([header(0, 4), u8(reason)]),
	refused: (outcome) => Buffer.concat([header(0, 4), u8(0xff, outcome)]),
	pong: (nonce) => Buffer.concat([header(0, 5), u32(nonce)]),
};

const TILE = 64;

// A picture in which every tile differs and no pixel can be mistaken for its neighbour.
export function testPicture(width, height, seed = 1) {
	const rgb = Buffer.alloc(width * height * 3);
	for (let y = 0, at = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			rgb[at++] = (x * 7 + seed * 31) & 255;
			rgb[at++] = (y * 11 + (x >> 6) * 5) & 255;
			rgb[at++] = ((x ^ y) + seed * 17) & 255;
		}
	}
	return { width, height, rgb };
}

class Picture {
	constructor(send, width, height) {
		this.send = send;
		this.frame = 0;
		this.width = width;
		this.height = height;
		this.isHeadSent = false;
	}
	begin(epoch) {
		const payload = Buffer.concat([Buffer.alloc(8), u16(this.width, this.height), u8(WINDOW_LOG, 1), u16(0), u32(0), u32(0)]);
		payload.writeBigUInt64LE(epoch, 0);
		this.send(Buffer.concat([header(1, 1), payload]));
	}
	slice(commands, isFirst, isLast) {
		const head = this.isHeadSent ? Buffer.alloc(0) : zstdHead();
		this.isHeadSent = true;
		const flags = (isFirst ? 1 : 0) | (isLast ? 2 : 0);
		const payload = [u8(flags, this.frame & 255), u24(commands.length), head, zstdBlock(commands)];
		this.send(Buffer.concat([header(1, 2), ...payload]));
	}
	fill(x, y, width, height, r, g, b) {
		this.frame += 1;
		this.slice(Buffer.concat([u8(3), u16(x, y, width, height), u8(r, g, b)]), true, true);
	}
	whole({ width, height, rgb }) {
		this.frame += 1;
		const tiles = [];
		for (let y = 0; y < height; y += TILE) {
			for (let x = 0; x < width; x += TILE) {
				tiles.push([x, y, Math.min(TILE, width - x), Math.min(TILE, height - y)]);
			}
		}
		tiles.forEach(([x, y, w, h], i) => {
			const rows = [];
			for (let row = y; row < y + h; row++) {
				rows.push(rgb.subarray((row * width + x) * 3, (row * width + x + w) * 3));
			}
			const command = Buffer.concat([u8(2), u16(x, y, w, h), ...rows]);
			this.slice(command, i === 0, i === tiles.length - 1);
		});
	}
	cursor(side, hot, rgba) {
		const zstd = side === 0 ? rgba : Buffer.concat([zstdHead(), zstdBlock(rgba, true)]);
		this.send(Buffer.concat([header(2, 1), u8(side, side, hot, hot), zstd]));
	}
}

function readInput(bytes) {
	const type = bytes[0] & 15;
	const at = (offset) => 1 + offset;
	const sequence = bytes.readUInt32LE(at(0));
	switch (type) {
		case 1:
			return { kind: "key", sequence, key: bytes.readUInt16LE(at(4)), isDown: bytes[at(6)] === 1, modifiers: bytes.readUInt16LE(at(7)) };
		case 2:
			return { kind: "pointer", sequence, x: bytes.readUInt16LE(at(4)), y: bytes.readUInt16LE(at(6)), buttons: bytes[at(8)], modifiers: bytes.readUInt16LE(at(9)) };
		case 3:
			return { kind: "wheel", sequence, x: bytes.readUInt16LE(at(4)), y: bytes.readUInt16LE(at(6)), left: bytes[at(8)], right: bytes[at(9)], up: bytes[at(10)], down: bytes[at(11)], modifiers: bytes.readUInt16LE(at(12)) };
		case 4: {
			const text = at(12 + bytes[at(11)] * 5); // behind the clauses
			return { kind: "text", sequence, isCommit: bytes[at(8)] === 1, caret: bytes.readUInt16LE(at(9)), text: bytes.subarray(text + 2).toString() };
		}
		case 5:
			return { kind: "releaseAll", sequence };
		case 6:
			return { kind: "screen", sequence, width: bytes.readUInt16LE(at(4)), height: bytes.readUInt16LE(at(6)), scale: bytes.readUInt16LE(at(8)) };
		default:
			return { kind: "unknown", type };
	}
}

function certificate() {
	const folder = mkdtempSync(path.join(tmpdir(), "shoji-scaffold-"));
	try {
		const key = path.join(folder, "key.pem");
		const cert = path.join(folder, "cert.pem");
		execFileSync("openssl", [
			"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
			"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
			"-keyout", key, "-out", cert,
		], { stdio: "ignore" });
		return { key: readFileSync(key), cert: readFileSync(cert) };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

// What a session is set to do; tests change these fields at any time.
export class Scaffold {
	static async start(viewerFolder) {
		const self = new Scaffold();
		self.files = new Map(
			readdirSync(viewerFolder, { withFileTypes: true })
				.filter((entry) => entry.isFile())
				.map(({ name }) => [`/${name}`, readFileSync(path.join(viewerFolder, name))]),
		);
		self.status = { contact: "情報担当（内線210）", width_min: 320, width_max: 3840, height_min: 240, height_max: 2160, watermark: false };
		self.signInAnswer = { status: 200, body: {} };
		self.signOutStatus = 200;
		self.requests = [];
		self.inputs = [];
		self.screens = [];
		self.acks = [];
		self.hellos = [];
		self.isRefusing = false; // every WebSocket is cut at once
		self.isAway = false; // every HTTP request as well
		self.isSilent = false; // answers nothing on the WebSocket
		self.pongDelayMs = 0;
		self.isStarting = false; // stays at "starting"
		self.attachRefusal = null;
		self.seed = 1; // of the picture that is shown
		self.isDark = false; // shows one pixel on black instead
		self.turn = 0;
		self.viewers = new Set();
		self.server = https.createServer(certificate(), (request, response) => self.http(request, response));
		self.sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
		self.server.on("upgrade", (request, socket, head) => {
			if (self.isRefusing) {
				socket.destroy();
				return;
			}
			self.sockets.handleUpgrade(request, socket, head, (viewer) => self.attach(viewer, request));
		});
		await new Promise((resolve) => self.server.listen(0, "127.0.0.1", resolve));
		self.url = `https://127.0.0.1:${self.server.address().port}/`;
		return self;
	}

	async stop() {
		this.cut();
		this.sockets.close();
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}

	nextToken() {
		this.turn += 1;
		this.token = this.turn.toString(16).padStart(64, "0");
		return this.token;
	}

	http(request, response) {
		const json = (status, body, more = {}) => {
			response.writeHead(status, { ...HEADERS, ...more, "Content-Type": "application/json" });
			response.end(JSON.stringify(body));
		};
		if (this.isAway) {
			request.socket.destroy();
			return;
		}
		if (request.method === "POST") {
			let body = "";
			request.on("data", (chunk) => (body += chunk));
			request.on("end", () => this.post(request.url, body, json));
			return;
		}
		if (request.url === "/status") {
			json(200, this.status);
			return;
		}
		const name = request.url === "/" ? "/index.html" : request.url;
		const bytes = this.files.get(name);
		response.writeHead(bytes ? 200 : 404, { ...HEADERS, "Content-Type": TYPES[path.extname(name)] ?? "text/plain" });
		response.end(bytes);
	}

	post(url, body, json) {
		this.requests.push({ url, body: body ? JSON.parse(body) : null });
		if (url === "/sign-out") {
			json(this.signOutStatus, {});
			return;
		}
		const { status, body: answer } = this.signInAnswer;
		if (status !== 200) {
			json(status, answer);
			return;
		}
		const { width, height } = JSON.parse(body);
		this.size = { width, height };
		json(200, { outcome: "accepted", attach_token: this.nextToken() }, { "Set-Cookie": "shoji=1; HttpOnly; Secure; SameSite=Strict; Path=/" });
	}

	attach(viewer, request) {
		this.viewers.add(viewer);
		viewer.cookie = request.headers.cookie;
		viewer.on("close", () => this.viewers.delete(viewer));
		viewer.on("message", (bytes) => this.receive(viewer, bytes));
	}

	// What the page tells of its own size is no input of the person's, but numbered with it.
	take(input) {
		(input.kind === "screen" ? this.screens : this.inputs).push(input);
	}

	receive(viewer, bytes) {
		if (this.isSilent) {
			return;
		}
		if (bytes[0] === 1) {
			this.hello(viewer, bytes);
		} else if (bytes[0] === 2) {
			setTimeout(() => viewer.send(control.pong(bytes.readUInt32LE(1))), this.pongDelayMs);
		} else if (bytes[0] === 0x11) {
			this.acks.push({ frame: bytes.readUInt16LE(1) });
		} else if (bytes[0] >> 4 === 4) {
			this.take(readInput(bytes));
		}
	}

	hello(viewer, bytes) {
		const token = bytes.subarray(bytes.length - 64).toString();
		this.hellos.push({
			epoch: bytes.readBigUInt64LE(10),
			lastFrame: bytes.readUInt32LE(18),
			token,
		});
		const refusal = this.attachRefusal ?? (token === this.token ? null : 2);
		if (refusal !== null) {
			viewer.send(control.refused(refusal));
			return;
		}
		viewer.send(control.welcome(this.isStarting ? 0 : 1, this.nextToken(), "山田 花子"));
		if (!this.isStarting) {
			this.show(viewer);
		}
	}

	goLive() {
		this.isStarting = false;
		for (const viewer of this.viewers) {
			viewer.send(control.state(1));
			this.show(viewer);
		}
	}

	show(viewer) {
		viewer.picture = new Picture((bytes) => viewer.send(bytes), this.size.width, this.size.height);
		viewer.picture.begin(BigInt(this.turn));
		if (this.isDark) {
			viewer.picture.fill(3, 4, 1, 1, 9, 9, 9); // the rest stays as BEGIN made it: black
			return;
		}
		viewer.picture.whole(testPicture(this.size.width, this.size.height, this.seed));
	}

	get viewer() {
		return [...this.viewers].at(-1);
	}

	send(bytes) {
		this.viewer.send(bytes);
	}

	cut() {
		for (const viewer of this.viewers) {
			viewer.terminate();
		}
	}
}
