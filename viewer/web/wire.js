// The Shoji stream, version 2, as the page speaks it: the numbers of viewer/stream/wire.h, what the page sends, and
// the control messages, which it reads itself. The other channels are read by the WebAssembly decoder (decoder.js).
//
// Boundary: bytes come from the broker. Whatever does not have exactly the shape below throws WireError, and the
// connection ends. Pure: knows no page, runs under plain node.

export const WIRE_VERSION = 2;
export const SUBPROTOCOL = "shoji.v2";
export const HEADER_BYTES = 1;
export const PAYLOAD_MAX = 32768;
export const SLICE_MAX = HEADER_BYTES + PAYLOAD_MAX;
export const FROM_VIEWER_MAX = 16640;
export const WINDOW_LOG_MIN = 17;
export const WINDOW_LOG_MAX = 22;
export const ANSWER_MAX = 10000; // tenths of a millisecond
export const TOKEN_DIGITS = 64;
export const TEXT_BYTES_MAX = 16384;
export const TEXT_CHARACTERS_MAX = 4096;
export const CLAUSES_MAX = 16;
const CLAUSE_BYTES = 5;
export const WHEEL_NOTCHES_MAX = 32;
export const SCALE_ONE = 64;
export const SCALE_MIN = 32;
export const SCALE_MAX = 256;

export const Channel = Object.freeze({
	CONTROL: 0,
	PICTURE: 1,
	CURSOR: 2,
	TEXT: 3,
	INPUT: 4,
	OPTIONAL_MIN: 8,
});

export const ControlToViewer = Object.freeze({ WELCOME: 1, STATE: 2, NOTICE: 3, ENDED: 4, PONG: 5, WATCHED: 6 });
export const ControlFromViewer = Object.freeze({ HELLO: 1, PING: 2, TOLD: 3 });
export const WireState = Object.freeze({ STARTING: 0, LIVE: 1 });
export const Capability = Object.freeze({ CURSOR: 1 << 0, H264: 1 << 1 });
export const PictureFromViewer = Object.freeze({ ACK: 1 });
export const VideoFromViewer = Object.freeze({ DRAWN: 1, FAILED: 2 });
export const InputType = Object.freeze({ KEY: 1, POINTER: 2, WHEEL: 3, TEXT: 4, RELEASE_ALL: 5, SCREEN: 6 });

// The bits and numbers of broker/base/session.h.
export const Modifier = Object.freeze({
	SHIFT: 1 << 0,
	CONTROL: 1 << 1,
	ALT: 1 << 2,
	META: 1 << 3,
	ALTGR: 1 << 4,
	CAPS_LOCK: 1 << 5,
	NUM_LOCK: 1 << 6,
});
export const Button = Object.freeze({ LEFT: 1, MIDDLE: 2, RIGHT: 4, BACK: 8, FORWARD: 16 });
export const EndReason = Object.freeze({
	SIGNED_OUT: 1,
	IDLE: 2,
	DURATION: 3,
	ABANDONED: 4,
	ADMINISTRATOR: 5,
	START_FAILED: 6,
	HOST_EXITED: 7,
	CAPTURE_FAILED: 8,
	ENCODE_FAILED: 9,
	LIMIT: 10,
	BROKER: 11,
	LEASE_LOST: 12,
});
export const AttachOutcome = Object.freeze({ ACCEPTED: 0, UNKNOWN: 1, IN_USE: 2, UNAVAILABLE: 3 });
export const Notice = Object.freeze({ SCREENSHOT: 1, IDLE_SOON: 2, DURATION_SOON: 3 });
const NOT_ATTACHED = 0xff;

const values = (table) => new Set(Object.values(table));
const END_REASONS = values(EndReason);
const ATTACH_REFUSALS = new Set([AttachOutcome.UNKNOWN, AttachOutcome.IN_USE, AttachOutcome.UNAVAILABLE]);
const NOTICES = values(Notice);
const WIRE_STATES = values(WireState);
const MODIFIERS_ALL = 0x7f;
const BUTTONS_ALL = 0x1f;

export class WireError extends Error {
	constructor(message) {
		super(message);
		this.name = "WireError";
	}
}

// ---- writing ----

class Writer {
	#bytes;
	#view;
	#at = 0;

	constructor(capacity) {
		this.#bytes = new Uint8Array(capacity);
		this.#view = new DataView(this.#bytes.buffer);
	}
	// Our own bug, not the peer's: a number that the field cannot hold must not be sent cut short.
	#fits(value, max) {
		if (!Number.isInteger(value) || value < 0 || value > max) {
			throw new RangeError(`${value} is not within 0..${max}`);
		}
		return value;
	}
	u8(value, max = 0xff) {
		this.#view.setUint8(this.#at, this.#fits(value, max));
		this.#at += 1;
		return this;
	}
	u16(value, max = 0xffff) {
		this.#view.setUint16(this.#at, this.#fits(value, max), true);
		this.#at += 2;
		return this;
	}
	u32(value) {
		this.#view.setUint32(this.#at, this.#fits(value, 0xffffffff), true);
		this.#at += 4;
		return this;
	}
	u64(value) {
		if (typeof value !== "bigint" || value < 0n || value > 0xffffffffffffffffn) {
			throw new RangeError(`${value} is not an unsigned 64-bit number`);
		}
		this.#view.setBigUint64(this.#at, value, true);
		this.#at += 8;
		return this;
	}
	raw(bytes) {
		this.u16(bytes.length);
		this.#bytes.set(bytes, this.#at);
		this.#at += bytes.length;
		return this;
	}
	finish() {
		return this.#bytes.subarray(0, this.#at);
	}
}

// The first byte of a slice.
const kindOf = (channel, type) => channel * 16 + type;
export const channelOf = (kind) => kind >> 4;
export const typeOf = (kind) => kind & 15;

function begin(channel, type, payloadBytes) {
	return new Writer(HEADER_BYTES + payloadBytes).u8(kindOf(channel, type));
}

function utf8(text, max) {
	const bytes = new TextEncoder().encode(text);
	if (bytes.length > max) {
		throw new RangeError(`text of ${bytes.length} bytes, at most ${max}`);
	}
	if (bytes.includes(0)) {
		throw new RangeError("text with NUL");
	}
	return bytes;
}

// windowLogMax: the largest zstd window that the decoder can hold, as a power of two. epoch: BigInt, 0n when none.
// cacheSlots: tiles that it can keep.
export function encodeHello({ capabilities, windowLogMax, epoch, lastFrame, cacheSlots, token }) {
	if (windowLogMax < WINDOW_LOG_MIN || windowLogMax > WINDOW_LOG_MAX) {
		throw new RangeError(`window log ${windowLogMax}`);
	}
	return begin(Channel.CONTROL, ControlFromViewer.HELLO, 25 + TOKEN_DIGITS)
		.u16(WIRE_VERSION)
		.u16(WIRE_VERSION)
		.u32(capabilities)
		.u8(windowLogMax)
		.u64(epoch)
		.u32(lastFrame)
		.u16(cacheSlots)
		.raw(utf8(token, TOKEN_DIGITS))
		.finish();
}

export function encodePing(nonce) {
	return begin(Channel.CONTROL, ControlFromViewer.PING, 4).u32(nonce).finish();
}

// The person is told of the watch with that number.
export function encodeTold(number) {
	return begin(Channel.CONTROL, ControlFromViewer.TOLD, 4).u32(number).finish();
}

// answer: {input, took}, when the frame answered a press; took in tenths of a millisecond, 1..ANSWER_MAX.
// Of the frame's number the low half goes.
export function encodeAck(frame, answer = null) {
	const writer = begin(Channel.PICTURE, PictureFromViewer.ACK, 6).u16(frame & 0xffff);
	if (answer) {
		writer.u16(answer.input).u16(answer.took, ANSWER_MAX);
	}
	return writer.finish();
}

export function encodeVideoDrawn(channel, number) {
	return begin(channel, VideoFromViewer.DRAWN, 4).u32(number).finish();
}

export function encodeVideoFailed(channel) {
	return begin(channel, VideoFromViewer.FAILED, 0).finish();
}

export function encodeKey(sequence, { key, isDown, modifiers }) {
	if (key < 1) {
		throw new RangeError("key number 0");
	}
	return begin(Channel.INPUT, InputType.KEY, 9)
		.u32(sequence)
		.u16(key, 0xff)
		.u8(isDown ? 1 : 0)
		.u16(modifiers, MODIFIERS_ALL)
		.finish();
}

export function encodePointer(sequence, { x, y, buttons, modifiers }) {
	return begin(Channel.INPUT, InputType.POINTER, 11)
		.u32(sequence)
		.u16(x)
		.u16(y)
		.u8(buttons, BUTTONS_ALL)
		.u16(modifiers, MODIFIERS_ALL)
		.finish();
}

export function encodeWheel(sequence, { x, y, left, right, up, down, modifiers }) {
	return begin(Channel.INPUT, InputType.WHEEL, 14)
		.u32(sequence)
		.u16(x)
		.u16(y)
		.u8(left, WHEEL_NOTCHES_MAX)
		.u8(right, WHEEL_NOTCHES_MAX)
		.u8(up, WHEEL_NOTCHES_MAX)
		.u8(down, WHEEL_NOTCHES_MAX)
		.u16(modifiers, MODIFIERS_ALL)
		.finish();
}

// caret and clauses ([{first, count, isTarget}]) of a pre-edit, in code points.
export function encodeText(sequence, { number, isCommit, text, caret = 0, clauses = [] }) {
	const bytes = utf8(text, TEXT_BYTES_MAX);
	const writer = begin(Channel.INPUT, InputType.TEXT, 14 + clauses.length * CLAUSE_BYTES + bytes.length)
		.u32(sequence)
		.u32(number)
		.u8(isCommit ? 1 : 0)
		.u16(caret, TEXT_CHARACTERS_MAX)
		.u8(clauses.length, CLAUSES_MAX);
	for (const { first, count, isTarget } of clauses) {
		writer.u16(first).u16(count).u8(isTarget ? 1 : 0);
	}
	return writer.raw(bytes).finish();
}

export function encodeReleaseAll(sequence) {
	return begin(Channel.INPUT, InputType.RELEASE_ALL, 4).u32(sequence).finish();
}

// width, height: device pixels that the screen may fill; scale: device pixels per CSS pixel, in 64ths.
export function encodeScreen(sequence, { width, height, scale }) {
	return begin(Channel.INPUT, InputType.SCREEN, 10)
		.u32(sequence)
		.u16(width)
		.u16(height)
		.u16(scale, SCALE_MAX)
		.finish();
}

// ---- reading ----

export class Reader {
	#bytes;
	#view;
	#at = 0;

	constructor(bytes) {
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}
	#take(count) {
		if (this.#bytes.length - this.#at < count) {
			throw new WireError("message is cut short");
		}
		const at = this.#at;
		this.#at += count;
		return at;
	}
	u8() {
		return this.#view.getUint8(this.#take(1));
	}
	u16() {
		return this.#view.getUint16(this.#take(2), true);
	}
	u32() {
		return this.#view.getUint32(this.#take(4), true);
	}
	oneOf(allowed, what) {
		const value = this.u8();
		if (!allowed.has(value)) {
			throw new WireError(`unknown ${what} ${value}`);
		}
		return value;
	}
	string(max) {
		const length = this.u16();
		if (length > max) {
			throw new WireError(`string of ${length} bytes, at most ${max}`);
		}
		const at = this.#take(length);
		const bytes = this.#bytes.subarray(at, at + length);
		if (bytes.includes(0)) {
			throw new WireError("string with NUL");
		}
		try {
			return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
		} catch {
			throw new WireError("string is not UTF-8");
		}
	}
	rest() {
		return this.#bytes.subarray(this.#take(this.#bytes.length - this.#at));
	}
	end() {
		if (this.#at !== this.#bytes.length) {
			throw new WireError("message is too long");
		}
	}
}

// Returns {channel, type, payload}; payload borrows bytes.
export function decodeHeader(bytes) {
	if (bytes.length > SLICE_MAX) {
		throw new WireError(`slice of ${bytes.length} bytes`);
	}
	const reader = new Reader(bytes);
	const kind = reader.u8();
	return { channel: channelOf(kind), type: typeOf(kind), payload: reader.rest() };
}

function token(reader) {
	const text = reader.string(TOKEN_DIGITS);
	if (!/^[0-9a-f]{64}$/.test(text)) {
		throw new WireError("token is not 64 hex digits");
	}
	return text;
}

const CONTROL_READERS = {
	[ControlToViewer.WELCOME]: (reader) => ({
		name: "welcome",
		version: reader.u16(),
		state: reader.oneOf(WIRE_STATES, "state"),
		token: token(reader),
		person: reader.string(128),
	}),
	[ControlToViewer.STATE]: (reader) => ({ name: "state", state: reader.oneOf(WIRE_STATES, "state") }),
	[ControlToViewer.NOTICE]: (reader) => ({
		name: "notice",
		notice: reader.oneOf(NOTICES, "notice"),
		text: reader.string(256),
	}),
	[ControlToViewer.ENDED]: (reader) => {
		const reason = reader.u8();
		if (reason === NOT_ATTACHED) {
			return { name: "refused", outcome: reader.oneOf(ATTACH_REFUSALS, "attach outcome") };
		}
		if (!END_REASONS.has(reason)) {
			throw new WireError(`unknown end reason ${reason}`);
		}
		return { name: "ended", reason };
	},
	[ControlToViewer.PONG]: (reader) => ({ name: "pong", nonce: reader.u32() }),
	// number 0: nobody looks on.
	[ControlToViewer.WATCHED]: (reader) => ({
		name: "watched",
		number: reader.u32(),
		administrator: reader.string(128),
	}),
};

// Reads one WebSocket message (Uint8Array). Returns an object whose `name` says what it is: welcome, state, notice,
// ended, refused, pong, watched; or slice ({bytes}, borrowed): every other channel, which is the decoder's to judge.
export function decode(bytes) {
	const header = decodeHeader(bytes);
	if (header.channel !== Channel.CONTROL) {
		return { name: "slice", bytes };
	}
	const read = CONTROL_READERS[header.type];
	if (!read) {
		throw new WireError(`unknown control message ${header.type}`);
	}
	const reader = new Reader(header.payload);
	const message = read(reader);
	reader.end();
	return message;
}
