import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff, FIRST_MS, LAST_MS } from "../../../viewer/web/backoff.js";
import { GOOD_SAMPLES } from "../../../viewer/web/badge.js";
import { DecoderError } from "../../../viewer/web/decoder.js";
import * as session from "../../../viewer/web/session.js";

const { State, Cause, Ending, TRANSITIONS } = session;
const token = (n) => String(n).padStart(64, "0");
const le32 = (n) => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
const string = (s) => {
	const utf8 = [...new TextEncoder().encode(s)];
	return [utf8.length & 255, utf8.length >> 8, ...utf8];
};
const message = (channel, type, ...payload) =>
	Uint8Array.from([channel * 16 + type, ...payload.flat()]).buffer;
const welcome = (state, n, version = 2) => message(0, 1, version, 0, state, string(token(n)), string("花子"));
const STARTING = 0;
const LIVE = 1;

// A clock whose time passes when the test says so.
class Clock {
	nowMs = 1000;
	#timers = new Map();
	#last = 0;
	set(callback, ms) {
		this.#timers.set(++this.#last, { callback, atMs: this.nowMs + ms });
		return this.#last;
	}
	clear(timer) {
		this.#timers.delete(timer);
	}
	get count() {
		return this.#timers.size;
	}
	pass(ms) {
		const endMs = this.nowMs + ms;
		for (;;) {
			const due = [...this.#timers].filter(([, t]) => t.atMs <= endMs).sort((a, b) => a[1].atMs - b[1].atMs)[0];
			if (!due) {
				break;
			}
			this.#timers.delete(due[0]);
			this.nowMs = due[1].atMs;
			due[1].callback();
		}
		this.nowMs = endMs;
	}
}

function setUp({ openFails = false } = {}) {
	const clock = new Clock();
	const world = { clock, sockets: [], states: [], told: [], slices: [], resets: 0, openFails, pictureError: null };
	world.session = new session.Session({
		openSocket: (isOnlooker) => {
			world.isOnlooker = isOnlooker;
			if (world.openFails) {
				throw new Error("refused");
			}
			const socket = {
				sent: [],
				bufferedAmount: 0,
				isClosed: false,
				send: (bytes) => socket.sent.push(bytes),
				close: () => (socket.isClosed = true),
			};
			world.sockets.push(socket);
			return socket;
		},
		nowMs: () => clock.nowMs,
		setTimer: (callback, ms) => clock.set(callback, ms),
		clearTimer: (timer) => clock.clear(timer),
		backoff: new Backoff(() => 0),
		picture: {
			hello: () => ({ epoch: 5n, lastFrame: 7 }),
			receive: (bytes) => {
				if (world.pictureError) {
					throw world.pictureError;
				}
				world.slices.push(bytes);
			},
			reset: () => (world.resets += 1),
		},
		onState: (state, detail) => world.states.push([state, detail]),
		onToken: (next) => world.told.push(["token", next]),
		onPerson: (person) => world.told.push(["person", person]),
		onNotice: (notice) => world.told.push(["notice", notice]),
		onWatched: (watch) => world.told.push(["watched", watch]),
		onSample: (sample) => world.told.push(["sample", sample]),
		onLatency: (figures) => world.told.push(["latency", figures]),
	});
	world.socket = () => world.sockets.at(-1);
	world.receive = (data) => world.socket().onmessage({ data });
	world.at = () => world.session.state;
	return world;
}

function live(world = setUp()) {
	world.session.start(token(1));
	world.socket().onopen();
	world.receive(welcome(LIVE, 2));
	return world;
}

// How each state is reached, by what the world outside does.
const REACH = {
	[State.IDLE]: () => setUp(),
	[State.CONNECTING]: () => {
		const world = setUp();
		world.session.start(token(1));
		return world;
	},
	[State.STARTING]: () => {
		const world = REACH[State.CONNECTING]();
		world.socket().onopen();
		world.receive(welcome(STARTING, 2));
		return world;
	},
	[State.LIVE]: () => live(),
	[State.WAITING]: () => {
		const world = live();
		world.socket().onclose();
		return world;
	},
	[State.ENDED]: () => {
		const world = live();
		world.receive(message(0, 4, 2));
		return world;
	},
};

// What makes each permitted transition happen.
const CAUSES = {
	"idle>connecting": (world) => world.session.start(token(1)),
	"idle>ended": (world) => world.session.end({ kind: Ending.REASON, reason: 1 }),
	"connecting>starting": (world) => world.receive(welcome(STARTING, 2)),
	"connecting>live": (world) => world.receive(welcome(LIVE, 2)),
	"connecting>waiting": (world) => world.socket().onclose(),
	"connecting>ended": (world) => world.receive(message(0, 4, 0xff, 1)),
	"starting>live": (world) => world.receive(message(0, 2, LIVE)),
	"starting>waiting": (world) => world.socket().onclose(),
	"starting>ended": (world) => world.receive(message(0, 4, 6)),
	"live>starting": (world) => world.receive(message(0, 2, STARTING)),
	"live>waiting": (world) => world.socket().onclose(),
	"live>ended": (world) => world.receive(message(0, 4, 2)),
	"waiting>connecting": (world) => world.clock.pass(FIRST_MS),
	"waiting>ended": (world) => world.session.end({ kind: Ending.REASON, reason: 1 }),
};

test("every permitted transition happens, and is told", () => {
	const permitted = Object.entries(TRANSITIONS).flatMap(([from, tos]) => tos.map((to) => `${from}>${to}`));
	assert.deepEqual(new Set(Object.keys(CAUSES)), new Set(permitted));
	for (const [name, cause] of Object.entries(CAUSES)) {
		const [from, to] = name.split(">");
		const world = REACH[from]();
		assert.equal(world.at(), from, name);
		cause(world);
		assert.equal(world.at(), to, name);
		assert.equal(world.states.at(-1)[0], to, name);
	}
});

test("what must not follow does not: start, retry and end in every other state", () => {
	for (const state of Object.values(State)) {
		if (!TRANSITIONS[state].includes(State.CONNECTING)) {
			assert.throws(() => REACH[state]().session.start(token(1)), /session: /, state);
		}
		if (state !== State.WAITING) {
			const world = REACH[state]();
			world.session.retryNow();
			assert.equal(world.at(), state);
		}
	}
	const ended = REACH[State.ENDED]();
	const told = ended.states.length;
	ended.session.end({ kind: Ending.REASON, reason: 1 });
	assert.equal(ended.states.length, told);
});

test("HELLO is the first thing sent, with the token, the epoch and the last frame", () => {
	const world = REACH[State.CONNECTING]();
	assert.equal(world.socket().sent.length, 0);
	assert.equal(world.socket().binaryType, "arraybuffer");
	world.socket().onopen();
	const [hello] = world.socket().sent;
	assert.equal(hello[0], 1);
	assert.equal(hello[10], 5);
	assert.equal(hello[18], 7);
	assert.equal(new TextDecoder().decode(hello.subarray(-64)), token(1));
});

test("the next token is told before the state, and used for the next attachment", () => {
	const world = live();
	assert.deepEqual(world.told[0], ["token", token(2)]);
	assert.deepEqual(world.told[1], ["person", "花子"]);
	world.socket().onclose();
	world.clock.pass(FIRST_MS);
	world.socket().onopen();
	assert.equal(new TextDecoder().decode(world.socket().sent[0].subarray(-64)), token(2));
});

test("a cut line is tried again after 0.3 s, then twice as long, up to 5 s", () => {
	const world = REACH[State.WAITING]();
	for (const waitMs of [300, 600, 1200, 2400, 4800, 5000, 5000]) {
		const before = world.sockets.length;
		world.clock.pass(waitMs - 1);
		assert.equal(world.sockets.length, before, `too early before ${waitMs}`);
		world.clock.pass(1);
		assert.equal(world.sockets.length, before + 1, `not after ${waitMs}`);
		world.socket().onclose();
	}
});

test("a connection that held resets the back-off; one that broke at once does not", () => {
	const world = live();
	world.socket().onclose();
	world.clock.pass(300);
	world.socket().onopen();
	world.receive(welcome(LIVE, 3));
	world.socket().onclose();
	world.clock.pass(599);
	assert.equal(world.at(), State.WAITING);
	world.clock.pass(1);
	world.socket().onopen();
	world.receive(welcome(LIVE, 4));
	for (let ms = 0; ms < session.SETTLED_MS; ms += 500) {
		world.clock.pass(500);
		world.receive(message(0, 3, 1, string("a")));
	}
	world.socket().onclose();
	world.clock.pass(300);
	assert.equal(world.at(), State.CONNECTING);
});

test("back-off: at most a fifth less by chance, never more", () => {
	const shortest = new Backoff(() => 0.999999);
	const longest = new Backoff(() => 0);
	for (let i = 0; i < 100; i++) {
		const [short, long] = [shortest.nextMs(), longest.nextMs()];
		assert.ok(long <= LAST_MS && long >= FIRST_MS);
		assert.ok(short >= long * 0.8 - 1 && short <= long);
	}
	longest.reset();
	assert.equal(longest.nextMs(), FIRST_MS);
});

test("retry now does not wait", () => {
	const world = REACH[State.WAITING]();
	world.session.retryNow();
	assert.equal(world.at(), State.CONNECTING);
	world.clock.pass(FIRST_MS);
	assert.equal(world.sockets.length, 2, "the back-off's own attempt is cancelled");
});

test("no WELCOME in time: tried again", () => {
	const world = REACH[State.CONNECTING]();
	world.socket().onopen();
	world.clock.pass(session.WELCOME_DEADLINE_MS);
	assert.deepEqual(world.states.at(-1), [State.WAITING, { cause: Cause.SILENT }]);
	assert.ok(world.sockets[0].isClosed);
});

test("a socket that cannot be made counts as a cut line", () => {
	const world = setUp({ openFails: true });
	world.session.start(token(1));
	assert.deepEqual(world.states.at(-1), [State.WAITING, { cause: Cause.CLOSED }]);
});

test("an old socket says nothing any more", () => {
	const world = live();
	const [old] = world.sockets;
	old.onclose();
	assert.deepEqual([old.onopen, old.onmessage, old.onclose], [null, null, null]);
	assert.ok(old.isClosed);
});

test("pings measure the round trip, and silence cuts the line", () => {
	const world = live();
	const pings = () => world.socket().sent.filter((bytes) => bytes[0] === 2);
	assert.equal(pings().length, 1);
	world.clock.pass(40);
	world.receive(message(0, 5, [...pings()[0].subarray(1)]));
	assert.deepEqual(world.told.at(-1), ["sample", { roundTripMs: 40, drawMs: 0 }]);
	world.session.input("wheel", { x: 0, y: 0, left: 0, right: 0, up: 1, down: 0, modifiers: 0 });
	world.clock.pass(session.PING_INTERVAL_MS);
	assert.equal(pings().length, 2);
	world.clock.pass(session.PING_INTERVAL_MS);
	assert.equal(pings().length, 2, "one question at a time");
	const age = world.told.at(-1)[1].roundTripMs;
	assert.ok(age > 0 && age <= session.PING_INTERVAL_MS, "an unanswered ping's age is a sample");
	world.clock.pass(session.SILENCE_MAX_MS - session.PING_INTERVAL_MS - 41);
	assert.equal(world.at(), State.LIVE, "not before its time");
	world.clock.pass(1);
	assert.deepEqual(world.states.at(-1), [State.WAITING, { cause: Cause.SILENT }]);
});

test("a line on which nothing happens is pinged seldom, and at once when something does", () => {
	const world = live();
	const pings = () => world.socket().sent.filter((bytes) => bytes[0] === 2);
	const answer = () => world.receive(message(0, 5, [...pings().at(-1).subarray(1)]));
	answer();
	for (let n = 2; n <= GOOD_SAMPLES; n++) { // as long as the badge may have to take something back
		world.clock.pass(session.PING_INTERVAL_MS);
		assert.equal(pings().length, n);
		answer();
	}
	const slice = message(1, 2, new Array(40).fill(0));
	for (let i = 0; i < 14; i++) {
		world.receive(slice); // a caret that blinks
		world.clock.pass(1000);
	}
	assert.equal(pings().length, GOOD_SAMPLES);
	world.clock.pass(session.IDLE_PING_MS - 14000);
	assert.equal(pings().length, GOOD_SAMPLES + 1);
	answer();
	world.clock.pass(3000);
	assert.equal(pings().length, GOOD_SAMPLES + 1);
	world.session.input("key", { key: 30, isDown: true, modifiers: 0 });
	assert.equal(pings().length, GOOD_SAMPLES + 2, "with the first key");
	answer();
	world.session.input("key", { key: 30, isDown: false, modifiers: 0 });
	world.clock.pass(session.PING_INTERVAL_MS);
	assert.equal(pings().length, GOOD_SAMPLES + 3);
	answer();
	world.clock.pass(3000);
	for (let i = 0; i <= session.STIRRING_BYTES / slice.byteLength; i++) {
		world.receive(slice);
	}
	assert.equal(pings().length, GOOD_SAMPLES + 4, "a picture comes");
	world.clock.pass(session.SILENCE_MAX_MS);
	assert.equal(world.at(), State.WAITING, "silence after it");
});

test("a busy line on which only the pong is late is slow, not cut", () => {
	const world = live();
	for (let i = 0; i < 20; i++) {
		world.clock.pass(1000);
		world.receive(message(1, 2, 0));
	}
	assert.equal(world.at(), State.LIVE);
});

test("frames are acknowledged, and the slowest is in the next sample", () => {
	const world = live();
	world.session.acknowledge(9, 1500.25);
	world.session.acknowledge(10, 700);
	const acks = () => world.sockets[0].sent.filter((bytes) => bytes[0] === 0x11);
	assert.deepEqual([...acks()[0].subarray(1)], [9, 0]);
	const nonce = world.socket().sent.find((bytes) => bytes[0] === 2).subarray(1);
	world.receive(message(0, 5, [...nonce]));
	assert.equal(world.told.at(-1)[1].drawMs, 1.50025);
	world.socket().onclose();
	world.session.acknowledge(11, 5);
	assert.equal(acks().length, 2, "none on a line that is cut");
});

test("the frame that answers a press is acknowledged with how long it took", () => {
	const world = live();
	const acks = () => world.socket().sent.filter((bytes) => bytes[0] === 0x11).map((bytes) => [...bytes.subarray(1)]);
	const key = (isDown) => world.session.input("key", { key: 30, isDown, modifiers: 0 }, world.clock.nowMs - 2.5);
	key(true);
	key(false);
	world.clock.pass(10);
	world.session.acknowledge(9, 1500, 2);
	world.session.acknowledge(10, 1500, 1);
	world.session.acknowledge(11, 1500, 1);
	assert.deepEqual(acks(), [
		[9, 0],
		[10, 0, 1, 0, 125, 0],
		[11, 0],
	]);
	assert.deepEqual(world.told.at(-1), ["latency", { count: 1, p50Ms: 12.5, p95Ms: 12.5 }]);
	key(true);
	world.socket().onclose();
	world.clock.pass(LAST_MS);
	world.socket().onopen();
	world.receive(welcome(LIVE, 3));
	world.session.acknowledge(12, 1500, 3);
	assert.deepEqual(acks(), [[12, 0]], "a press of the line before");
});

test("input: numbered from 1 by one on each connection, and only while live", () => {
	const key = { key: 30, isDown: true, modifiers: 0 };
	for (const state of Object.values(State).filter((name) => name !== State.LIVE)) {
		const world = REACH[state]();
		const before = world.sockets.flatMap((socket) => socket.sent).length;
		assert.equal(world.session.input("key", key), false, state);
		assert.equal(world.sockets.flatMap((socket) => socket.sent).length, before, state);
	}
	const world = live();
	const inputs = () => world.socket().sent.filter((bytes) => bytes[0] >> 4 === 4);
	const numbers = () => inputs().map((bytes) => bytes[1]);
	world.session.input("key", key);
	world.session.input("pointer", { x: 1, y: 2, buttons: 0, modifiers: 0 });
	world.session.input("wheel", { x: 0, y: 0, left: 0, right: 0, up: 1, down: 0, modifiers: 0 });
	world.session.input("releaseAll", {});
	assert.deepEqual(numbers(), [1, 2, 3, 4]);
	assert.deepEqual(inputs().map((bytes) => bytes[0]), [0x41, 0x42, 0x43, 0x45]);
	world.socket().onclose();
	world.clock.pass(300);
	world.socket().onopen();
	world.receive(welcome(LIVE, 3));
	assert.deepEqual(numbers(), [], "nothing pressed before is sent now");
	world.session.input("key", key);
	assert.deepEqual(numbers(), [1]);
});

test("on a jammed line moves merge, everything else keeps its order", () => {
	const world = live();
	const inputs = () => world.socket().sent.filter((bytes) => bytes[0] >> 4 === 4);
	const move = (x, buttons = 0) => world.session.input("pointer", { x, y: 0, buttons, modifiers: 0 });
	world.socket().bufferedAmount = session.MERGE_ABOVE_BYTES + 1;
	for (let x = 1; x <= 50; x++) {
		move(x);
	}
	assert.equal(inputs().length, 0);
	world.session.input("key", { key: 30, isDown: true, modifiers: 0 });
	assert.deepEqual(inputs().map((bytes) => [bytes[0], bytes[1]]), [[0x42, 1], [0x41, 2]]);
	assert.equal(inputs()[0][5], 50, "the newest position goes first");
	move(60);
	move(61, 1);
	assert.equal(inputs().length, 3, "a button is sent at once");
	assert.equal(inputs()[2][5], 61);
	move(62, 1);
	world.socket().bufferedAmount = 0;
	world.clock.pass(session.MERGE_RETRY_MS);
	assert.equal(inputs()[3][5], 62, "the last position is not forgotten");
});

test("a line that takes nothing is given up", () => {
	const world = live();
	world.socket().bufferedAmount = session.JAMMED_ABOVE_BYTES + 1;
	assert.equal(world.session.input("key", { key: 30, isDown: true, modifiers: 0 }), false);
	assert.deepEqual(world.states.at(-1), [State.WAITING, { cause: Cause.JAMMED }]);
});

test("pictures go to the decoder while attached; before WELCOME they are a violation", () => {
	const world = REACH[State.STARTING]();
	world.receive(message(1, 2, 1, 2, 3));
	assert.equal(world.slices.length, 1);
	const early = REACH[State.CONNECTING]();
	early.receive(message(1, 2, 1));
	assert.deepEqual(early.states.at(-1), [State.WAITING, { cause: Cause.BROKEN }]);
	assert.equal(early.resets, 1, "nothing of a broken stream is kept");
});

test("out of shape or out of turn breaks the line", () => {
	const violations = [
		welcome(LIVE, 3), // a second time
		message(0, 5, le32(99)), // an answer to no ping
		message(0, 4, 0xff, 1), // refused after it was accepted
		message(0, 9),
		message(0, 2, LIVE, 0),
		"text",
		new ArrayBuffer(0),
		new ArrayBuffer(3),
	];
	for (const [i, data] of violations.entries()) {
		const world = live();
		world.receive(data);
		assert.deepEqual(world.states.at(-1), [State.WAITING, { cause: Cause.BROKEN }], `violation ${i}`);
	}
	const other = REACH[State.CONNECTING]();
	other.receive(welcome(LIVE, 2, 3));
	assert.equal(other.states.at(-1)[1].cause, Cause.BROKEN, "another version");
});

test("a stream that breaks three times in a minute is given up with a reason; slower than that it is not", () => {
	const breakOnce = (world) => {
		world.socket().onopen?.();
		world.receive(welcome(LIVE, 2));
		world.pictureError = new DecoderError(-1);
		world.receive(message(1, 2, 0));
		world.pictureError = null;
	};
	const quick = REACH[State.CONNECTING]();
	breakOnce(quick);
	quick.clock.pass(5000);
	breakOnce(quick);
	quick.clock.pass(5000);
	breakOnce(quick);
	assert.equal(quick.at(), State.ENDED);
	assert.equal(quick.states.at(-1)[1].kind, Ending.BROKEN);

	const slow = REACH[State.CONNECTING]();
	for (let i = 0; i < 6; i++) {
		breakOnce(slow);
		slow.clock.nowMs += session.BROKEN_WITHIN_MS;
		slow.session.retryNow();
	}
	assert.notEqual(slow.at(), State.ENDED);
});

test("a bug of ours is not taken for a broken stream", () => {
	const world = live();
	world.pictureError = new TypeError("ours");
	assert.throws(() => world.receive(message(1, 2, 0)), TypeError);
});

test("ended: the broker's reason, and not a timer left", () => {
	for (let reason = 1; reason <= 12; reason++) {
		const world = live();
		world.receive(message(0, 4, reason));
		assert.deepEqual(world.states.at(-1), [State.ENDED, { kind: Ending.REASON, reason }]);
		assert.ok(world.socket().isClosed);
		assert.equal(world.clock.count, 0);
	}
	const refused = REACH[State.CONNECTING]();
	refused.receive(message(0, 4, 0xff, 2));
	assert.deepEqual(refused.states.at(-1), [State.ENDED, { kind: Ending.REFUSED, outcome: 2 }]);
	assert.equal(refused.clock.count, 0);
});

test("not just now: the same token is tried again, and nobody has to sign in anew", () => {
	const world = REACH[State.CONNECTING]();
	world.socket().onopen();
	world.receive(message(0, 4, 0xff, 3));
	assert.deepEqual(world.states.at(-1), [State.WAITING, { cause: Cause.UNAVAILABLE }]);
	assert.ok(world.socket().isClosed);
	world.session.retryNow();
	world.socket().onopen();
	assert.ok(Buffer.from(world.socket().sent[0]).includes(token(1)));
	world.receive(welcome(LIVE, 2));
	assert.equal(world.at(), State.LIVE);
});

test("somebody looks on: told to the page, whose answer goes back", () => {
	const world = live();
	world.receive(message(0, 6, le32(9), string("佐藤")));
	assert.deepEqual(world.told.at(-1), ["watched", { number: 9, administrator: "佐藤" }]);
	world.session.told(9);
	assert.deepEqual([...world.socket().sent.at(-1)], [3, 9, 0, 0, 0]);
	assert.equal(world.isOnlooker, false);
	const early = REACH[State.CONNECTING]();
	early.session.told(9);
	assert.ok(!early.socket().sent.some((bytes) => bytes[0] === 3));
});

test("an onlooker sends no input, pauses when told, and does not come back", () => {
	const world = setUp();
	world.session.start(token(1), true);
	assert.equal(world.isOnlooker, true);
	world.socket().onopen();
	world.receive(welcome(STARTING, 2));
	world.receive(message(0, 2, LIVE));
	assert.equal(world.at(), State.LIVE);
	const n = world.socket().sent.length;
	assert.equal(world.session.input("key", { key: 30, isDown: true, modifiers: 0 }), false);
	assert.equal(world.session.input("pointer", { x: 1, y: 1, buttons: 0, modifiers: 0 }), false);
	assert.equal(world.socket().sent.length, n);
	world.receive(message(0, 2, STARTING));
	assert.equal(world.at(), State.STARTING);
	world.socket().onclose();
	assert.deepEqual(world.states.at(-1), [State.ENDED, { kind: Ending.LOST }]);
	assert.equal(world.clock.count, 0);
});
