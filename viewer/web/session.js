// One session as the viewer lives it: a WebSocket that is opened, lost and opened again until the session ends. One
// state, one place that changes it (#setState). Runs in the worker; knows no page and no real socket or clock: they
// are handed in, so that plain node can test every turn of it.
//
// Boundary: reads what the broker sends. Anything out of shape or out of turn drops the line and begins anew with
// nothing kept; when that happens again and again the session is given up with a reason.

import {
	AttachOutcome,
	Capability,
	WIRE_VERSION,
	WireError,
	WireState,
	decode,
	encodeAck,
	encodeHello,
	encodeKey,
	encodePing,
	encodePointer,
	encodeReleaseAll,
	encodeScreen,
	encodeText,
	encodeTold,
	encodeVideoDrawn,
	encodeVideoFailed,
	encodeWheel,
} from "./wire.js";
import { GOOD_SAMPLES, SLOW_DRAW_MS, SLOW_ROUND_TRIP_MS } from "./badge.js";
import { Latency, isPress } from "./latency.js";
import { CACHE_SLOTS, DecoderError, WINDOW_LOG } from "./decoder.js";

export const State = Object.freeze({
	IDLE: "idle", // nothing was begun
	CONNECTING: "connecting", // socket opened, HELLO sent, WELCOME awaited
	STARTING: "starting", // attached; the isolated host is not up yet
	LIVE: "live", // pictures come, input goes
	WAITING: "waiting", // the line is cut; tried again after a while
	ENDED: "ended", // for good
});

export const TRANSITIONS = Object.freeze({
	[State.IDLE]: [State.CONNECTING, State.ENDED],
	[State.CONNECTING]: [State.STARTING, State.LIVE, State.WAITING, State.ENDED],
	[State.STARTING]: [State.LIVE, State.WAITING, State.ENDED],
	[State.LIVE]: [State.STARTING, State.WAITING, State.ENDED],
	[State.WAITING]: [State.CONNECTING, State.ENDED],
	[State.ENDED]: [],
});

// Why the line was given up (detail of WAITING).
export const Cause = Object.freeze({ CLOSED: "closed", SILENT: "silent", JAMMED: "jammed", BROKEN: "broken", UNAVAILABLE: "unavailable" });
// Who ended it (detail.kind of ENDED): the broker with a reason, the broker at the door, or this viewer.
export const Ending = Object.freeze({ REASON: "reason", REFUSED: "refused", BROKEN: "broken", LOST: "lost" });

export const WELCOME_DEADLINE_MS = 10000;
export const PING_INTERVAL_MS = 2000;
// While nobody does anything, next to nothing comes (a caret that blinks), and the badge has nothing to take back. What is cut
// meanwhile is noticed with the first key, or that much later.
export const IDLE_PING_MS = 15000;
export const STIRRING_BYTES = 4096; // since the last ping: more is a line at work
export const SILENCE_MAX_MS = 6000;
// A connection that held for so long was a good one: the next loss waits the shortest time again.
export const SETTLED_MS = 5000;
export const BROKEN_MAX = 3;
export const BROKEN_WITHIN_MS = 60000;
// Bytes waiting in the browser: above the first, pointer moves merge; above the second, the line is as good as cut.
export const MERGE_ABOVE_BYTES = 8 * 1024;
export const JAMMED_ABOVE_BYTES = 256 * 1024;
export const MERGE_RETRY_MS = 30;

const INPUT_ENCODERS = Object.freeze({
	key: encodeKey,
	pointer: encodePointer,
	wheel: encodeWheel,
	text: encodeText,
	releaseAll: encodeReleaseAll,
	screen: encodeScreen,
});

export class Session {
	#parts;
	#isOnlooker = false;
	#state = State.IDLE;
	#token = "";
	#socket = null;
	#deadline = null; // of WELCOME, or of the next attempt
	#pingTimer = null;
	#mergeTimer = null;
	#sequence = 0;
	#lastButtons = 0;
	#mergedMove = null;
	#connectedAtMs = 0;
	#heardAtMs = 0;
	#pingNonce = 0;
	#pingSentAtMs = null; // of the unanswered one
	#pingedAtMs = 0;
	#isStirred = true; // since the last ping the person did something, or much came
	#goodSamples = 0; // in a row
	#isResting = false; // the next ping waits for IDLE_PING_MS
	#receivedBytes = 0; // since the last ping
	#slowestDrawMs = 0;
	#brokenAtMs = [];
	#latency = new Latency();

	// parts: openSocket(isOnlooker) -> WebSocket; nowMs(); setTimer(fn, ms) -> id; clearTimer(id); backoff;
	// picture: {hello() -> {epoch, lastFrame, takesVideo}, receive(bytes), reset()};
	// and what is told: onState(state, detail), onToken(token), onPerson(name), onNotice({notice, text}),
	// onWatched({number, administrator}), onSample({roundTripMs, drawMs}), onLatency(Latency.figures()).
	constructor(parts) {
		this.#parts = parts;
	}

	get state() {
		return this.#state;
	}

	// ---- what the page asks ----

	// isOnlooker: an administrator who looks on. One visit, no input; a line that was lost is the end.
	start(token, isOnlooker = false) {
		this.#token = token;
		this.#isOnlooker = isOnlooker;
		this.#connect();
	}

	// "Reconnect now": does not wait for the back-off.
	retryNow() {
		if (this.#state === State.WAITING) {
			this.#parts.backoff.reset();
			this.#connect();
		}
	}

	// kind: key, pointer, wheel, text, releaseAll, screen. False: not sent. Input is never kept for later: what was pressed
	// while the line was cut must not happen when it is back. atMs: when the person did it.
	input(kind, fields, atMs = this.#parts.nowMs()) {
		if (this.#state !== State.LIVE || this.#isOnlooker) {
			return false;
		}
		if (kind === "pointer" && this.#mergeMove(fields)) {
			return true;
		}
		this.#sendMergedMove();
		return this.#state === State.LIVE && this.#sendInput(kind, fields, atMs);
	}

	// The page shows that somebody looks on.
	told(number) {
		if (this.#isConnected()) {
			this.#socket.send(encodeTold(number));
		}
	}

	// A frame is on the canvas. answers: the input that it answers, or -1.
	acknowledge(frame, drawnAfterUs, answers = -1) {
		this.#slowestDrawMs = Math.max(this.#slowestDrawMs, drawnAfterUs / 1000);
		const took = answers < 0 ? null : this.#latency.answered(answers, this.#parts.nowMs());
		if (this.#isConnected()) {
			const answer = took === null ? null : { input: answers, took };
			this.#socket.send(encodeAck(frame, answer));
		}
		if (took !== null) {
			this.#parts.onLatency(this.#latency.figures());
		}
	}

	// A frame of video is on the canvas; or this browser cannot decode what comes.
	videoDrawn(channel, number) {
		if (this.#isConnected()) {
			this.#socket.send(encodeVideoDrawn(channel, number));
		}
	}

	videoFailed(channel) {
		if (this.#isConnected()) {
			this.#socket.send(encodeVideoFailed(channel));
		}
	}

	// The broker told the page by another way (the answer to its sign-out) that the session is over.
	end(detail) {
		if (this.#state !== State.ENDED) {
			this.#setState(State.ENDED, detail);
		}
	}

	// ---- the one state ----

	#setState(state, detail = {}) {
		if (!TRANSITIONS[this.#state].includes(state)) {
			throw new Error(`session: ${this.#state} -> ${state}`);
		}
		this.#state = state;
		if (state === State.WAITING || state === State.ENDED) {
			this.#dropSocket();
		}
		if (state === State.WAITING) {
			this.#deadline = this.#parts.setTimer(() => this.#connect(), this.#parts.backoff.nextMs());
		}
		this.#parts.onState(state, detail);
	}

	#connect() {
		this.#clearDeadline();
		this.#setState(State.CONNECTING);
		this.#sequence = 0;
		this.#lastButtons = 0;
		this.#latency.forgetPresses();
		let socket;
		try {
			socket = this.#parts.openSocket(this.#isOnlooker);
		} catch {
			this.#lose(Cause.CLOSED);
			return;
		}
		socket.binaryType = "arraybuffer";
		socket.onopen = () => this.#hello();
		socket.onmessage = (event) => this.#receive(event.data);
		socket.onclose = () => this.#lose(Cause.CLOSED);
		this.#socket = socket;
		this.#deadline = this.#parts.setTimer(() => this.#lose(Cause.SILENT), WELCOME_DEADLINE_MS);
	}

	// From here on the old socket can say nothing more, whatever the browser still holds of it.
	#dropSocket() {
		this.#clearDeadline();
		this.#parts.clearTimer(this.#pingTimer);
		this.#parts.clearTimer(this.#mergeTimer);
		this.#pingTimer = null;
		this.#mergeTimer = null;
		this.#pingSentAtMs = null;
		this.#isResting = false;
		this.#mergedMove = null;
		const socket = this.#socket;
		this.#socket = null;
		if (socket) {
			socket.onopen = null;
			socket.onmessage = null;
			socket.onclose = null;
			socket.close();
		}
	}

	#clearDeadline() {
		this.#parts.clearTimer(this.#deadline);
		this.#deadline = null;
	}

	#isConnected() {
		return this.#state === State.STARTING || this.#state === State.LIVE;
	}

	#lose(cause) {
		if (this.#isConnected() && this.#parts.nowMs() - this.#connectedAtMs >= SETTLED_MS) {
			this.#parts.backoff.reset();
		}
		if (this.#isOnlooker) {
			this.#setState(State.ENDED, { kind: Ending.LOST });
			return;
		}
		this.#setState(State.WAITING, { cause });
	}

	// What came was no Shoji stream, or is not any more. Beginning anew heals a damaged stream, not a wrong program.
	#broken(error) {
		const nowMs = this.#parts.nowMs();
		this.#brokenAtMs = this.#brokenAtMs.filter((atMs) => nowMs - atMs < BROKEN_WITHIN_MS);
		this.#brokenAtMs.push(nowMs);
		this.#parts.picture.reset();
		if (this.#brokenAtMs.length >= BROKEN_MAX) {
			this.#setState(State.ENDED, { kind: Ending.BROKEN, message: error.message });
			return;
		}
		this.#lose(Cause.BROKEN);
	}

	// ---- sending ----

	#hello() {
		const { epoch, lastFrame, takesVideo } = this.#parts.picture.hello();
		this.#socket.send(
			encodeHello({
				capabilities: Capability.CURSOR | (takesVideo ? Capability.H264 : 0),
				windowLogMax: WINDOW_LOG,
				epoch,
				lastFrame,
				cacheSlots: CACHE_SLOTS,
				token: this.#token,
			}),
		);
	}

	#sendInput(kind, fields, atMs) {
		if (this.#socket.bufferedAmount > JAMMED_ABOVE_BYTES) {
			this.#lose(Cause.JAMMED);
			return false;
		}
		this.#sequence = (this.#sequence + 1) >>> 0;
		this.#socket.send(INPUT_ENCODERS[kind](this.#sequence, fields));
		if (kind === "pointer") {
			this.#lastButtons = fields.buttons;
		}
		this.#stir();
		if (isPress(kind, fields)) {
			this.#latency.pressed(this.#sequence & 0xffff, atMs);
		}
		return true;
	}

	// On a jammed line only the newest position is worth sending; a change of buttons always is.
	#mergeMove(fields) {
		if (this.#socket.bufferedAmount <= MERGE_ABOVE_BYTES || fields.buttons !== this.#lastButtons) {
			this.#mergedMove = null;
			return false;
		}
		this.#mergedMove = fields;
		this.#mergeTimer ??= this.#parts.setTimer(() => this.#retryMergedMove(), MERGE_RETRY_MS);
		return true;
	}

	#retryMergedMove() {
		this.#mergeTimer = null;
		const fields = this.#mergedMove;
		if (fields && this.#state === State.LIVE && !this.#mergeMove(fields)) {
			this.#sendInput("pointer", fields);
		}
	}

	#sendMergedMove() {
		const fields = this.#mergedMove;
		this.#mergedMove = null;
		if (fields) {
			this.#sendInput("pointer", fields);
		}
	}

	#ping() {
		const nowMs = this.#parts.nowMs();
		const mayRest = this.#pingSentAtMs === null && !this.#isStirred && this.#goodSamples >= GOOD_SAMPLES;
		const restMs = mayRest ? this.#pingedAtMs + IDLE_PING_MS - nowMs : 0;
		this.#isResting = restMs > 0;
		this.#pingTimer = this.#parts.setTimer(() => this.#ping(), this.#isResting ? restMs : PING_INTERVAL_MS);
		if (this.#isResting) {
			return;
		}
		if (this.#pingSentAtMs === null) {
			this.#pingNonce = (this.#pingNonce + 1) >>> 0;
			this.#pingSentAtMs = nowMs;
			this.#pingedAtMs = nowMs;
			this.#isStirred = false;
			this.#receivedBytes = 0;
			this.#socket.send(encodePing(this.#pingNonce));
			return;
		}
		if (nowMs - Math.max(this.#heardAtMs, this.#pingSentAtMs) >= SILENCE_MAX_MS) {
			this.#lose(Cause.SILENT);
			return;
		}
		this.#sample(nowMs - this.#pingSentAtMs);
	}

	#stir() {
		this.#isStirred = true;
		if (this.#isResting) {
			this.#parts.clearTimer(this.#pingTimer);
			this.#ping();
		}
	}

	#sample(roundTripMs) {
		const drawMs = this.#slowestDrawMs;
		this.#slowestDrawMs = 0;
		const isGood = roundTripMs < SLOW_ROUND_TRIP_MS && drawMs < SLOW_DRAW_MS;
		this.#goodSamples = isGood ? this.#goodSamples + 1 : 0;
		this.#parts.onSample({ roundTripMs, drawMs });
	}

	// ---- receiving ----

	#receive(data) {
		this.#heardAtMs = this.#parts.nowMs();
		try {
			if (!(data instanceof ArrayBuffer)) {
				throw new WireError("a text message");
			}
			const message = decode(new Uint8Array(data));
			this.#handlers[message.name](message);
		} catch (error) {
			if (!(error instanceof WireError) && !(error instanceof DecoderError)) {
				throw error;
			}
			this.#broken(error);
		}
	}

	#expect(isInTurn, name) {
		if (!isInTurn) {
			throw new WireError(`${name} while ${this.#state}`);
		}
	}

	#handlers = {
		welcome: (message) => {
			this.#expect(this.#state === State.CONNECTING, message.name);
			if (message.version !== WIRE_VERSION) {
				throw new WireError(`version ${message.version}`);
			}
			this.#clearDeadline();
			this.#token = message.token;
			this.#parts.onToken(message.token);
			this.#parts.onPerson(message.person);
			this.#connectedAtMs = this.#parts.nowMs();
			this.#isStirred = true;
			this.#setState(message.state === WireState.LIVE ? State.LIVE : State.STARTING);
			this.#ping();
		},
		state: (message) => {
			this.#expect(this.#isConnected(), message.name);
			const state = message.state === WireState.LIVE ? State.LIVE : State.STARTING;
			if (state !== this.#state) {
				this.#setState(state);
			}
		},
		notice: (message) => {
			this.#expect(this.#isConnected(), message.name);
			this.#parts.onNotice({ notice: message.notice, text: message.text });
		},
		ended: (message) => {
			this.#setState(State.ENDED, { kind: Ending.REASON, reason: message.reason });
		},
		refused: (message) => {
			this.#expect(this.#state === State.CONNECTING, message.name);
			if (message.outcome === AttachOutcome.UNAVAILABLE) {
				this.#lose(Cause.UNAVAILABLE);
				return;
			}
			this.#setState(State.ENDED, { kind: Ending.REFUSED, outcome: message.outcome });
		},
		watched: (message) => {
			this.#expect(this.#isConnected(), message.name);
			this.#parts.onWatched({ number: message.number, administrator: message.administrator });
		},
		pong: (message) => {
			this.#expect(this.#isConnected(), message.name);
			if (this.#pingSentAtMs === null || message.nonce !== this.#pingNonce) {
				throw new WireError("an answer to no ping");
			}
			const roundTripMs = this.#parts.nowMs() - this.#pingSentAtMs;
			this.#pingSentAtMs = null;
			this.#sample(roundTripMs);
		},
		slice: (message) => {
			this.#expect(this.#isConnected(), message.name);
			this.#receivedBytes += message.bytes.length;
			if (this.#receivedBytes > STIRRING_BYTES) {
				this.#receivedBytes = 0;
				this.#stir();
			}
			this.#parts.picture.receive(message.bytes);
		},
	};
}
