// A line between a viewer and the broker that can be counted, cut, stalled and delayed: a TCP relay on loopback.
// TLS passes through it untouched, so what it counts is what a network would carry (without TCP/IP headers).
import net from 'node:net';

export class Line {
	// Listens at once; connectTo() says later where the other end is.
	static async open() {
		const self = new Line();
		self.connections = new Set();
		self.toViewer = 0; // bytes
		self.fromViewer = 0;
		self.delayMs = 0; // each way
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
		const broker = net.connect(Number(this.target.port), this.target.hostname);
		const both = [viewer, broker];
		const end = () => both.forEach(socket => socket.destroy());
		for (const socket of both) {
			socket.setNoDelay(true);
			socket.on('error', end);
			socket.on('close', () => { end(); this.connections.delete(both); });
		}
		this.connections.add(both);
		this.relay(viewer, broker, n => { this.fromViewer += n; });
		this.relay(broker, viewer, n => { this.toViewer += n; });
		if (this.isStalled)
			both.forEach(socket => socket.pause());
	}

	relay(from, to, count) {
		const pass = chunk => {
			if (!to.write(chunk)) {
				from.pause();
				to.once('drain', () => { if (!this.isStalled) from.resume(); });
			}
		};
		from.on('data', chunk => {
			count(chunk.length);
			if (this.delayMs)
				setTimeout(() => pass(chunk), this.delayMs);
			else
				pass(chunk);
		});
		from.on('end', () => setTimeout(() => to.end(), this.delayMs));
	}

	// Breaks every connection and refuses new ones until mend().
	cut() {
		this.isCut = true;
		for (const both of this.connections)
			both.forEach(socket => socket.resetAndDestroy());
	}

	mend() {
		this.isCut = false;
	}

	// Nothing moves any more, but nothing is closed either.
	stall() {
		this.isStalled = true;
		for (const both of this.connections)
			both.forEach(socket => socket.pause());
	}

	flow() {
		this.isStalled = false;
		for (const both of this.connections)
			both.forEach(socket => socket.resume());
	}

	async close() {
		this.cut();
		await new Promise(resolve => this.server.close(resolve));
	}
}
