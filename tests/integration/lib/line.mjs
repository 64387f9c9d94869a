// A line between a viewer and the broker that can be counted, cut, stalled, delayed and made thin: a TCP relay on loopback.
// TLS passes through it untouched, so what it counts is what a network would carry (without TCP/IP headers).
import net from 'node:net';

const SEGMENT_BYTES = 1460; // what leaves at once on a thin line
// A router's queue: what waits to leave at the line's rate. While it is full nothing more is read, as TCP would have it.
const QUEUE_BYTES = 32 * 1024;

// One direction of one connection: in order, each segment at its time.
class Way {
	// count(bytes): were read. onPass(bytes): have arrived.
	constructor(line, from, to, { count, onPass }) {
		Object.assign(this, { line, from, to, count, onPass });
		this.queue = []; // {leftAtMs, atMs, bytes}; bytes null: the end
		this.waiting = 0; // bytes in it
		this.freeAtMs = 0; // when the last segment has left
		this.timer = null;
		from.on('data', chunk => this.take(chunk));
		from.on('end', () => this.push(null));
	}

	take(chunk) {
		this.count(chunk.length);
		if (!this.line.kbitPerS && !this.line.delayMs && !this.queue.length)
			return this.pass(chunk);
		const size = this.line.kbitPerS ? SEGMENT_BYTES : chunk.length;
		for (let at = 0; at < chunk.length; at += size)
			this.push(chunk.subarray(at, at + size));
		this.flow();
	}

	push(bytes) {
		const { kbitPerS, delayMs } = this.line;
		const length = bytes?.length ?? 0;
		this.freeAtMs = Math.max(this.freeAtMs, performance.now()) + (kbitPerS ? length * 8 / kbitPerS : 0);
		this.queue.push({ atMs: Math.max(this.freeAtMs + delayMs, this.queue.at(-1)?.atMs ?? 0), bytes });
		this.waiting += length;
		this.schedule();
	}

	schedule() {
		if (this.timer === null && this.queue.length)
			this.timer = setTimeout(() => this.deliver(), Math.max(0, this.queue[0].atMs - performance.now()));
	}

	deliver() {
		this.timer = null;
		while (this.queue.length && this.queue[0].atMs <= performance.now() + 0.5) {
			const { bytes } = this.queue.shift();
			this.waiting -= bytes?.length ?? 0;
			if (bytes)
				this.pass(bytes);
			else
				this.to.end();
		}
		this.flow();
		this.schedule();
	}

	pass(bytes) {
		this.onPass?.(bytes.length);
		if (!this.to.destroyed && !this.to.write(bytes)) {
			this.isFull = true;
			this.to.once('drain', () => { this.isFull = false; this.flow(); });
			this.flow();
		}
	}

	// Reads on, or does not. What is on its way (rate x delay) is no queue.
	flow() {
		const { kbitPerS, delayMs } = this.line;
		const room = QUEUE_BYTES + (kbitPerS ?? 0) * delayMs / 8;
		if (this.isFull || this.line.isStalled || (kbitPerS && this.waiting > room))
			this.from.pause();
		else
			this.from.resume();
	}

	stop() {
		clearTimeout(this.timer);
		this.queue = [];
	}
}

export class Line {
	// Listens at once; connectTo() says later where the other end is.
	static async open() {
		const self = new Line();
		self.connections = new Set(); // {sockets, ways}
		self.toViewer = 0; // bytes
		self.fromViewer = 0;
		self.arrivals = null; // [{atMs, bytes}] to the viewer, while somebody wants them
		self.delayMs = 0; // each way
		self.kbitPerS = null; // each way, of each connection; null: as fast as it goes
		self.from = '127.0.0.1'; // who the broker takes the terminal for
		self.isCut = false;
		self.isStalled = false;
		self.server = net.createServer(socket => self.accept(socket));
		await new Promise(resolve => self.server.listen(0, '127.0.0.1', resolve));
		self.port = self.server.address().port;
		return self;
	}

	get url() {
		return `https://127.0.0.1:${this.port}`;
	}

	connectTo(url) {
		this.target = new URL(url);
	}

	accept(viewer) {
		if (this.isCut)
			return viewer.resetAndDestroy();
		const broker = net.connect({ port: Number(this.target.port), host: this.target.hostname, localAddress: this.from });
		const sockets = [viewer, broker];
		const connection = { sockets, ways: [] };
		const end = () => {
			sockets.forEach(socket => socket.destroy());
			connection.ways.forEach(way => way.stop());
			this.connections.delete(connection);
		};
		for (const socket of sockets) {
			socket.setNoDelay(true);
			socket.on('error', end);
			socket.on('close', end);
		}
		connection.ways.push(
			new Way(this, viewer, broker, { count: n => { this.fromViewer += n; } }),
			new Way(this, broker, viewer, {
				count: n => { this.toViewer += n; },
				onPass: bytes => this.arrivals?.push({ atMs: performance.now(), bytes }),
			}));
		this.connections.add(connection);
		if (this.isStalled)
			sockets.forEach(socket => socket.pause());
	}

	// Breaks every connection and refuses new ones until mend().
	cut() {
		this.isCut = true;
		for (const { sockets } of this.connections)
			sockets.forEach(socket => socket.resetAndDestroy());
	}

	mend() {
		this.isCut = false;
	}

	// Nothing moves any more, but nothing is closed either.
	stall() {
		this.isStalled = true;
		for (const { sockets } of this.connections)
			sockets.forEach(socket => socket.pause());
	}

	flow() {
		this.isStalled = false;
		for (const { ways } of this.connections)
			ways.forEach(way => way.flow());
	}

	async close() {
		this.cut();
		await new Promise(resolve => this.server.close(resolve));
	}
}
