import assert from "node:assert/strict";
import { test } from "node:test";
import * as wire from "../../../viewer/web/wire.js";
import { headerNumbers } from "./repository.mjs";

const bytes = (...parts) => Uint8Array.from(parts.flat());
const le16 = (n) => [n & 255, n >> 8];
const le32 = (n) => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
const string = (s) => {
	const utf8 = [...new TextEncoder().encode(s)];
	return [...le16(utf8.length), ...utf8];
};
const head = (channel, type) => [channel * 16 + type];
const TOKEN = "0123456789abcdef".repeat(4);

test("the numbers are those of wire.h and session.h", () => {
	const c = { ...headerNumbers("viewer/stream/wire.h"), ...headerNumbers("broker/base/session.h") };
	const prefixes = [
		[wire.Channel, "WIRE_", { OPTIONAL_MIN: "WIRE_CHANNEL_OPTIONAL_MIN" }],
		[wire.ControlToViewer, "WIRE_CONTROL_"],
		[wire.ControlFromViewer, "WIRE_CONTROL_"],
		[wire.WireState, "WIRE_STATE_"],
		[wire.Capability, "WIRE_CAN_"],
		[wire.PictureFromViewer, "WIRE_PICTURE_"],
		[wire.InputType, "WIRE_INPUT_"],
		[wire.Modifier, "MODIFIER_"],
		[wire.Button, "BUTTON_"],
		[wire.EndReason, "END_"],
		[wire.AttachOutcome, "ATTACH_"],
		[wire.Notice, "NOTICE_"],
	];
	for (const [table, prefix, exceptions = {}] of prefixes) {
		for (const [name, value] of Object.entries(table)) {
			assert.equal(value, c[exceptions[name] ?? prefix + name], prefix + name);
		}
	}
	assert.equal(Object.keys(wire.EndReason).length, c.END_LEASE_LOST, "every end reason is known");
	assert.equal(Object.keys(wire.Notice).length, c.NOTICE_DURATION_SOON, "every notice is known");
	assert.equal(wire.WIRE_VERSION, c.WIRE_VERSION);
	assert.equal(wire.HEADER_BYTES, c.WIRE_HEADER_BYTES);
	assert.equal(wire.PAYLOAD_MAX, c.WIRE_PAYLOAD_MAX);
	assert.equal(wire.FROM_VIEWER_MAX, c.WIRE_FROM_VIEWER_MAX);
	assert.equal(wire.WINDOW_LOG_MIN, c.WIRE_WINDOW_LOG_MIN);
	assert.equal(wire.WINDOW_LOG_MAX, c.WIRE_WINDOW_LOG_MAX);
	assert.equal(wire.ANSWER_MAX, c.WIRE_ANSWER_MAX);
	assert.equal(wire.WHEEL_NOTCHES_MAX, c.INPUT_WHEEL_MAX);
});

test("HELLO", () => {
	const sent = wire.encodeHello({
		capabilities: 1,
		windowLogMax: 21,
		epoch: 0x1122334455667788n,
		lastFrame: 0xfffffffe,
		cacheSlots: 0x0102,
		token: TOKEN,
	});
	const expected = bytes(
		head(0, 1), le16(2), le16(2), le32(1), 21,
		[0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11], le32(0xfffffffe), le16(0x0102), string(TOKEN),
	);
	assert.deepEqual(sent, expected);
});

test("PING, ACK and input", () => {
	assert.deepEqual(wire.encodePing(7), bytes(head(0, 2), le32(7)));
	assert.deepEqual(wire.encodeAck(0x10003), bytes(head(1, 1), le16(3)));
	assert.deepEqual(
		wire.encodeAck(3, { input: 0xfedc, took: wire.ANSWER_MAX }),
		bytes(head(1, 1), le16(3), le16(0xfedc), le16(wire.ANSWER_MAX)),
	);
	assert.throws(() => wire.encodeAck(3, { input: 1, took: wire.ANSWER_MAX + 1 }), RangeError);
	assert.deepEqual(
		wire.encodeKey(9, { key: 0xc8, isDown: true, modifiers: 0x41 }),
		bytes(head(4, 1), le32(9), le16(0xc8), 1, le16(0x41)),
	);
	assert.deepEqual(
		wire.encodePointer(1, { x: 1279, y: 2, buttons: 5, modifiers: 0 }),
		bytes(head(4, 2), le32(1), le16(1279), le16(2), 5, le16(0)),
	);
	assert.deepEqual(
		wire.encodeWheel(2, { x: 1, y: 2, left: 3, right: 4, up: 5, down: 6, modifiers: 2 }),
		bytes(head(4, 3), le32(2), le16(1), le16(2), [3, 4, 5, 6], le16(2)),
	);
	assert.deepEqual(
		wire.encodeText(4, { number: 8, isCommit: true, text: "髙𠮷" }),
		bytes(head(4, 4), le32(4), le32(8), 1, le16(0), 0, string("髙𠮷")),
	);
	const clauses = [{ first: 0, count: 1, isTarget: false }, { first: 1, count: 2, isTarget: true }];
	assert.deepEqual(
		wire.encodeText(4, { number: 9, isCommit: false, text: "漢字か", caret: 3, clauses }),
		bytes(head(4, 4), le32(4), le32(9), 0, le16(3), 2, le16(0), le16(1), 0, le16(1), le16(2), 1, string("漢字か")),
	);
	assert.deepEqual(wire.encodeReleaseAll(5), bytes(head(4, 5), le32(5)));
	assert.deepEqual(
		wire.encodeScreen(6, { width: 1375, height: 825, scale: 80 }),
		bytes(head(4, 6), le32(6), le16(1375), le16(825), le16(80)),
	);
	const longest = wire.encodeText(1, { number: 1, isCommit: true, text: "a".repeat(wire.TEXT_BYTES_MAX) });
	assert.ok(longest.length <= wire.FROM_VIEWER_MAX);
});

test("what a field cannot hold is never sent", () => {
	const point = { x: 0, y: 0, buttons: 0, modifiers: 0 };
	assert.throws(() => wire.encodePointer(1, { ...point, x: 65536 }), RangeError);
	assert.throws(() => wire.encodePointer(1, { ...point, x: 1.5 }), RangeError);
	assert.throws(() => wire.encodePointer(1, { ...point, x: -1 }), RangeError);
	assert.throws(() => wire.encodePointer(1, { ...point, buttons: 32 }), RangeError);
	assert.throws(() => wire.encodePointer(1, { ...point, modifiers: 0x80 }), RangeError);
	assert.throws(() => wire.encodeKey(1, { key: 0, isDown: true, modifiers: 0 }), RangeError);
	assert.throws(() => wire.encodeKey(1, { key: 256, isDown: true, modifiers: 0 }), RangeError);
	const wheel = { x: 0, y: 0, left: 0, right: 0, up: 0, down: 33, modifiers: 0 };
	assert.throws(() => wire.encodeWheel(1, wheel), RangeError);
	assert.throws(() => wire.encodeText(1, { number: 1, isCommit: true, text: "a\0" }), RangeError);
	assert.throws(() => wire.encodeText(1, { number: 1, isCommit: true, text: "あ".repeat(5462) }), RangeError);
	const hello = { capabilities: 1, windowLogMax: 23, epoch: 0n, lastFrame: 0, cacheSlots: 0, token: TOKEN };
	assert.throws(() => wire.encodeHello(hello), RangeError);
});

const MESSAGES = [
	[
		bytes(head(0, 1), le16(1), 1, string(TOKEN), string("山田 花子")),
		{ name: "welcome", version: 1, state: 1, token: TOKEN, person: "山田 花子" },
	],
	[bytes(head(0, 2), 0), { name: "state", state: 0 }],
	[bytes(head(0, 3), 1, string("佐藤")), { name: "notice", notice: 1, text: "佐藤" }],
	[bytes(head(0, 4), 12), { name: "ended", reason: 12 }],
	[bytes(head(0, 4), 0xff, 2), { name: "refused", outcome: 2 }],
	[bytes(head(0, 5), le32(0x80000001)), { name: "pong", nonce: 0x80000001 }],
	[bytes(head(0, 6), le32(0x80000001), string("佐藤")), { name: "watched", number: 0x80000001, administrator: "佐藤" }],
];

test("every control message is read", () => {
	for (const [sent, expected] of MESSAGES) {
		assert.deepEqual(wire.decode(sent), expected);
	}
	assert.deepEqual(new Set(MESSAGES.map(([sent]) => sent[0])), new Set(Object.values(wire.ControlToViewer)));
});

test("cut at every length, and one byte too long, is refused", () => {
	for (const [sent] of MESSAGES) {
		for (let length = 0; length < sent.length; length++) {
			assert.throws(() => wire.decode(sent.subarray(0, length)), wire.WireError, `${sent[0]} at ${length}`);
		}
		assert.throws(() => wire.decode(bytes([...sent], 0)), wire.WireError);
	}
});

test("flipped bits are refused or still mean something in range", () => {
	let refused = 0;
	for (const [sent] of MESSAGES) {
		for (let bit = 0; bit < sent.length * 8; bit++) {
			const flipped = sent.slice();
			flipped[bit >> 3] ^= 1 << (bit & 7);
			try {
				const { name } = wire.decode(flipped);
				assert.ok(["slice", ...MESSAGES.map(([, message]) => message.name)].includes(name));
			} catch (error) {
				assert.ok(error instanceof wire.WireError, String(error));
				refused += 1;
			}
		}
	}
	assert.ok(refused > 100);
});

test("a message inside a larger buffer is read where it is", () => {
	const [sent, expected] = MESSAGES[0];
	const larger = bytes([9, 9, 9], [...sent], [9]);
	assert.deepEqual(wire.decode(larger.subarray(3, 3 + sent.length)), expected);
});

test("malformed messages", () => {
	const refused = [
		bytes(head(0, 0)),
		bytes(head(0, 7)),
		bytes(head(0, 6), le32(1), string("a".repeat(129))),
		bytes(head(0, 1), le16(1), 2, string(TOKEN), string("a")), // no such state
		bytes(head(0, 1), le16(1), 1, string(TOKEN.toUpperCase()), string("a")),
		bytes(head(0, 1), le16(1), 1, string(TOKEN.slice(1)), string("a")),
		bytes(head(0, 1), le16(1), 1, string(TOKEN), string("a".repeat(129))),
		bytes(head(0, 1), le16(1), 1, string(TOKEN), le16(2), [0x61, 0]), // NUL
		bytes(head(0, 1), le16(1), 1, string(TOKEN), le16(1), 0xff), // not UTF-8
		bytes(head(0, 1), le16(1), 1, string(TOKEN), le16(3), [0xed, 0xa0, 0x80]), // surrogate
		bytes(head(0, 3), 4, string("")), // no such notice
		bytes(head(0, 4), 0), // no such reason
		bytes(head(0, 4), 13),
		bytes(head(0, 4), 0xff, 0), // "refused: accepted"
		new Uint8Array(wire.SLICE_MAX + 1).fill(1),
	];
	for (const [i, sent] of refused.entries()) {
		assert.throws(() => wire.decode(sent), wire.WireError, `message ${i}`);
	}
});

test("every other channel goes to the decoder as it is", () => {
	for (const channel of [1, 2, 3, 4, 5, 8, 15]) {
		const sent = bytes(head(channel, 1), [1, 2, 3]);
		assert.deepEqual(wire.decode(sent), { name: "slice", bytes: sent });
	}
});
