// video.js: what the broker may say of regions, when a frame is drawn and through what, and what is said that must not be. The browser's
// decoder is played here.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
	BEGINS_PER_SECOND_MAX, CELL, CHANNEL_MAX, CHANNEL_MIN, FRAME_BYTES_MAX, REGION_PIXELS_MAX, FRAME_SLICES_MAX, Video, canDecode, clip, subtract,
} from "../../../viewer/web/video.js";
import { WireError, encodeVideoDrawn, encodeVideoFailed } from "../../../viewer/web/wire.js";
import { headerNumbers } from "./repository.mjs";

const WIDTH = 200;
const HEIGHT = 120;
const le16 = (...ns) => ns.flatMap((n) => [n & 255, n >> 8]);
const head = (type, number = 0, channel = CHANNEL_MIN) => [channel * 16 + type, ...(type === 3 ? le16(number & 0xffff, number >>> 16) : [])];
const begin = (x, y, width, height) => Uint8Array.from([...head(1), ...le16(x, y, width, height), 100, 0, 31]);
const mask = (...bytes) => Uint8Array.from([...head(2), ...bytes]);
const frame = (number, flags, ...data) => Uint8Array.from([...head(3, number), flags, ...(data.length ? data : [1, 2, 3])]);
const end = () => Uint8Array.from(head(4));
const WHOLE = 1 | 2;
const KEY = WHOLE | 4;

class Stage {
	constructor() {
		const stage = this;
		this.decoders = [];
		this.drawn = [];
		this.told = [];
		this.failed = 0;
		this.nowMs = 5000;
		this.isBroken = false;
		this.VideoDecoder = class {
			constructor({ output, error }) {
				Object.assign(this, { output, error, state: "unconfigured", chunks: [], decodeQueueSize: 0 });
				stage.decoders.push(this);
			}
			configure(config) {
				this.config = config;
				this.state = "configured";
			}
			decode(chunk) {
				if (stage.isBroken || this.state !== "configured") {
					throw new Error("decode()");
				}
				this.chunks.push(chunk);
			}
			close() {
				this.state = "closed";
			}
			// The oldest chunk is decoded by now.
			put(width = 1000, height = 1000) {
				const { timestamp } = this.chunks.shift();
				const out = { timestamp, visibleRect: { width, height }, isClosed: false, close: () => (out.isClosed = true) };
				this.output(out);
				return out;
			}
		};
		this.video = new Video({
			VideoDecoder: this.VideoDecoder,
			EncodedVideoChunk: class {
				constructor(init) {
					Object.assign(this, init);
				}
			},
			draw: (_frame, area, rects, onShown) => {
				this.drawn.push({ area, rects });
				onShown();
			},
			onDrawn: (channel, number) => this.told.push([channel, number]),
			onFailed: () => (this.failed += 1),
			nowMs: () => this.nowMs,
		});
		this.video.reset(WIDTH, HEIGHT);
	}
	receive(...slices) {
		slices.forEach((slice) => this.video.receive(slice));
	}
	get decoder() {
		return this.decoders.at(-1);
	}
}

// Pixels as a set, so that rectangles can be compared however they are cut.
const pixels = (rects) => {
	const set = new Set();
	for (const [x, y, width, height] of rects) {
		for (let row = y; row < y + height; row++) {
			for (let column = x; column < x + width; column++) {
				assert.ok(!set.has(row * 1000 + column), "rectangles overlap");
				set.add(row * 1000 + column);
			}
		}
	}
	return set;
};

test("the numbers are those of wire.h", () => {
	const c = headerNumbers("viewer/stream/wire.h");
	assert.equal(CHANNEL_MIN, c.WIRE_VIDEO_MIN);
	assert.equal(CHANNEL_MAX, c.WIRE_VIDEO_MAX);
	assert.equal(CELL, c.WIRE_VIDEO_CELL);
	assert.equal(FRAME_BYTES_MAX, c.WIRE_VIDEO_FRAME_MAX);
	assert.equal(REGION_PIXELS_MAX, c.WIRE_VIDEO_REGION_PIXELS_MAX);
	assert.deepEqual([c.WIRE_VIDEO_BEGIN, c.WIRE_VIDEO_MASK, c.WIRE_VIDEO_FRAME, c.WIRE_VIDEO_END], [1, 2, 3, 4]);
	assert.deepEqual([c.WIRE_VIDEO_FIRST, c.WIRE_VIDEO_LAST, c.WIRE_VIDEO_KEY], [1, 2, 4]);
	assert.deepEqual([...encodeVideoDrawn(9, 0x01020304)], [9 * 16 + c.WIRE_VIDEO_DRAWN, 4, 3, 2, 1]);
	assert.deepEqual([...encodeVideoFailed(8)], [8 * 16 + c.WIRE_VIDEO_FAILED]);
});

test("only a browser that says so is believed", async () => {
	assert.equal(await canDecode(undefined), false);
	const says = (supported) => Object.assign(() => {}, { isConfigSupported: async () => ({ supported }) });
	assert.equal(await canDecode(says(true)), true);
	assert.equal(await canDecode(says(false)), false);
	assert.equal(await canDecode(Object.assign(() => {}, { isConfigSupported: () => Promise.reject(new Error()) })), false);
});

test("rectangles", () => {
	assert.deepEqual(clip([0, 0, 10, 10], [5, 6, 10, 10]), [5, 6, 5, 4]);
	assert.equal(clip([0, 0, 10, 10], [10, 0, 5, 5]), null);
	const left = pixels(subtract([0, 0, 10, 10], [2, 3, 4, 5]));
	assert.equal(left.size, 80);
	assert.ok(!left.has(3002) && left.has(2002));
	assert.deepEqual(subtract([0, 0, 10, 10], [20, 20, 5, 5]), [[0, 0, 10, 10]]);
	assert.deepEqual(subtract([2, 2, 4, 4], [0, 0, 10, 10]), []);
});

// A region that begins within a cell: cells 0..3 by 0..1, of which two are live.
test("frames are drawn through the mask, and the picture keeps off it", () => {
	const stage = new Stage();
	stage.receive(begin(5, 6, 50, 20), mask(0b00100001), frame(1, KEY));
	assert.equal(stage.decoder.config.codec, "avc1.64001f");
	assert.deepEqual([stage.decoder.chunks[0].type, stage.decoder.chunks[0].timestamp], ["key", 1]);
	const out = stage.decoder.put();
	assert.ok(out.isClosed);
	assert.deepEqual(stage.told, [[8, 1]]);
	const shown = pixels(stage.drawn[0].rects);
	assert.equal(shown.size, 11 * 10 + 16 * 10); // what of cells (0, 0) and (1, 1) is the region's
	assert.ok(shown.has(6005) && shown.has(15015) && !shown.has(16015) && shown.has(16016));
	const picture = pixels(stage.video.uncovered([0, 0, WIDTH, HEIGHT]));
	assert.equal(picture.size + shown.size, WIDTH * HEIGHT);
	for (const at of shown) {
		assert.ok(!picture.has(at));
	}
	// All of it live: one rectangle, and four pieces around it.
	stage.receive(mask(0xff), frame(2, WHOLE));
	stage.decoder.put();
	assert.deepEqual(stage.drawn[1].rects, [[5, 6, 50, 20]]);
	assert.equal(pixels(stage.video.uncovered([0, 0, WIDTH, HEIGHT])).size, WIDTH * HEIGHT - 1000);
	assert.deepEqual(stage.video.uncovered([6, 7, 10, 10]), []);
	// The mask that counts is that of the moment of drawing: what became exact stays so.
	stage.receive(frame(3, WHOLE), mask(0));
	stage.decoder.put();
	assert.equal(stage.drawn.length, 2);
	assert.deepEqual(stage.told.at(-1), [8, 3]);
	stage.receive(end());
	assert.deepEqual(stage.video.uncovered([6, 7, 10, 10]), [[6, 7, 10, 10]]);
});

test("a frame that is decoded after the region's end is not drawn", () => {
	for (const over of [(stage) => stage.receive(end()), (stage) => stage.video.reset(WIDTH, HEIGHT),
		(stage) => stage.receive(begin(0, 0, 32, 32))]) {
		const stage = new Stage();
		stage.receive(begin(0, 0, 32, 32), mask(0xf), frame(1, KEY));
		const [decoder] = stage.decoders;
		over(stage);
		assert.equal(decoder.state, "closed");
		assert.ok(decoder.put().isClosed);
		assert.deepEqual([stage.drawn, stage.told, stage.failed], [[], [], 0]);
	}
});

test("a frame in many slices is one chunk", () => {
	const stage = new Stage();
	stage.receive(begin(0, 0, 32, 32), frame(1, 1 | 4, 1, 2), frame(1, 4, 3), frame(1, 2 | 4, 4, 5));
	assert.deepEqual([...stage.decoder.chunks[0].data], [1, 2, 3, 4, 5]);
	assert.equal(stage.decoder.chunks.length, 1);
});

test("a decoder that fails is told of once, and the picture stays off until the broker ends the region", () => {
	const ways = {
		decode: (stage) => ((stage.isBroken = true), stage.receive(frame(1, KEY))),
		error: (stage) => stage.decoder.error(new Error()),
		"too small": (stage) => (stage.receive(frame(1, KEY)), stage.decoder.put(8, 8)),
		"too slow": (stage) => ((stage.decoder.decodeQueueSize = 33), stage.receive(frame(1, KEY))),
	};
	for (const [name, fail] of Object.entries(ways)) {
		const stage = new Stage();
		stage.receive(begin(0, 0, 32, 32), mask(0xf));
		assert.ok(stage.video.isWorking);
		fail(stage);
		assert.equal(stage.failed, 1, name);
		assert.ok(!stage.video.isWorking);
		assert.deepEqual(stage.video.uncovered([0, 0, 8, 8]), []);
		// What was on its way is read past.
		stage.isBroken = true;
		stage.receive(frame(2, WHOLE | 4), mask(0x3), end(), begin(0, 0, 64, 64), mask(1), frame(3, KEY), end());
		assert.equal(stage.failed, 1, name);
	}
	const stage = new Stage();
	stage.VideoDecoder.prototype.configure = () => {
		throw new Error("configure()");
	};
	stage.receive(begin(0, 0, 32, 32));
	assert.equal(stage.failed, 1);
});

test("what is out of shape or turn is refused", () => {
	const refused = (name, ...slices) => {
		const stage = new Stage();
		slices.slice(0, -1).forEach((slice) => stage.video.receive(slice));
		assert.throws(() => stage.video.receive(slices.at(-1)), WireError, name);
	};
	const there = begin(0, 0, 32, 32);
	refused("no region", mask(1));
	refused("no region", frame(1, KEY));
	refused("unknown type", Uint8Array.from(head(5)));
	refused("beyond the screen", begin(WIDTH - 15, 0, 16, 16));
	refused("beyond the screen", begin(0, HEIGHT - 15, 16, 16));
	refused("empty", begin(0, 0, 0, 16));
	refused("empty", begin(0, 0, 16, 0));
	refused("half a number", there, Uint8Array.from([...head(3, 1).slice(0, 3)]));
	refused("nobody's channel", Uint8Array.from(head(4, 0, CHANNEL_MAX + 1)));
	refused("frame 0", there, frame(0, KEY));
	refused("unknown flags", there, frame(1, KEY | 8));
	refused("nothing in it", there, Uint8Array.from([...head(3, 1), KEY]));
	refused("no first slice", there, frame(1, 2 | 4));
	refused("a first slice within a frame", there, frame(1, 1 | 4), frame(1, KEY));
	refused("two frames mixed", there, frame(1, 1 | 4), frame(2, 2 | 4));
	refused("no key first", there, frame(1, WHOLE));
	refused("mask too short", begin(0, 0, 64, 64), mask(1));
	refused("mask too long", there, mask(1, 0));
	refused("cells that are none", there, mask(0x1f));
	refused("too much after the end", there, Uint8Array.from([...head(4), 0]));
	const stage = new Stage();
	stage.receive(there, Uint8Array.from([...head(3, 1), 1 | 4, ...new Uint8Array(32763)]));
	assert.throws(() => {
		for (let i = 0; i < 40; i++) {
			stage.video.receive(Uint8Array.from([...head(3, 1), 4, ...new Uint8Array(32763)]));
		}
	}, /too large/);
	const drops = new Stage();
	drops.receive(there, frame(1, 1 | 4));
	assert.throws(() => {
		for (let i = 0; i < FRAME_SLICES_MAX; i++) {
			drops.receive(frame(1, 4, 0));
		}
	}, /too large/);
});

test("a region has a largest size, and is not begun without end", () => {
	const large = new Stage();
	large.video.reset(3840, 2160);
	large.receive(begin(0, 0, 1920, 1088), begin(1920, 0, 1088, 1920));
	assert.throws(() => large.receive(begin(0, 0, 1920, 1089)), /too large/);

	const stage = new Stage();
	for (let i = 0; i < 2 * BEGINS_PER_SECOND_MAX; i++) {
		stage.nowMs += 1000 / BEGINS_PER_SECOND_MAX;
		stage.receive(begin(0, 0, 64, 64));
	}
	assert.deepEqual([stage.failed, stage.decoders.length], [0, 2 * BEGINS_PER_SECOND_MAX]);
	for (let i = 0; i < 2 * BEGINS_PER_SECOND_MAX; i++) {
		stage.receive(begin(0, 0, 64, 64), mask(1, 0), frame(i + 1, KEY), end());
	}
	assert.equal(stage.failed, 1, "the broker is told, and pictures follow");
	assert.equal(stage.decoders.length, 2 * BEGINS_PER_SECOND_MAX);
	assert.equal(stage.video.isWorking, false);
});

test("cut at every length and with each bit flipped: refused, or taken, and nothing else", () => {
	const slices = [begin(5, 6, 50, 20), mask(0b00100001), frame(1, 1 | 4), frame(1, 2 | 4), frame(2, WHOLE), end()];
	const spoilt = slices.flatMap((slice, i) => [
		...Array.from(slice, (_, length) => [i, slice.subarray(0, length)]),
		...Array.from({ length: slice.length * 8 }, (_, bit) => {
			const copy = slice.slice();
			copy[bit >> 3] ^= 1 << (bit & 7);
			return [i, copy];
		}),
	]);
	let n = 0;
	for (const [i, slice] of spoilt) {
		const stage = new Stage();
		stage.receive(...slices.slice(0, i));
		try {
			stage.receive(slice, ...slices.slice(i + 1));
			while (stage.decoder?.chunks.length) {
				stage.decoder.put();
			}
			pixels(stage.video.uncovered([0, 0, WIDTH, HEIGHT]));
		} catch (error) {
			assert.ok(error instanceof WireError, `${error.stack}`);
			n++;
		}
	}
	assert.ok(n > 150, `${n} refused`);
});

// A broker that was taken over says anything: a fixed seed, some thousand streams of slices, whole and spoilt. Each ends in WireError or is
// taken; what is held stays bounded, and there is never more than one decoder for a channel.
test("any stream of slices is taken or refused, and holds no more than its bounds", () => {
	let state = 7;
	const below = (n) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * n);
	};
	const area = () => [below(WIDTH + 20), below(HEIGHT + 20), below(WIDTH + 20), below(HEIGHT + 20)];
	const channel = () => CHANNEL_MIN + (below(60) === 0 ? 2 : below(2));
	let number = 0;
	const makers = [
		() => Uint8Array.from([...head(1, 0, channel()), ...le16(...(below(9) === 0 ? area() : [below(100), below(50), 1 + below(90), 1 + below(60)])),
			below(256), below(256), below(256)]),
		() => Uint8Array.from([...head(1, 0, channel()), ...le16(0, 0, 64, 48), 100, 0, 31]),
		() => Uint8Array.from([...head(1, 0, channel()), ...le16(0, 0, 64, 48), 100, 0, 31]),
		() => Uint8Array.from([...head(2, 0, channel()), ...Array.from({ length: below(30) === 0 ? below(4) : 2 }, () => below(256) & (below(30) === 0 ? 255 : 0x0f))]),
		() => Uint8Array.from([...head(3, (number += 1), channel()), below(20) === 0 ? [1 | 4, 4, 2 | 4, WHOLE][below(4)] : KEY, ...new Uint8Array(1 + below(50))]),
		() => Uint8Array.from([...head(3, (number += 1), channel()), KEY, 1]),
		() => Uint8Array.from([...head(4, 0, channel())]),
		() => Uint8Array.from(below(8) === 0 ? { length: below(40), 0: CHANNEL_MIN * 16 + 1 } : head(1).concat(le16(0, 0, 64, 48), 100, 0, 31), (byte) => byte ?? below(256)),
	];
	let nRefused = 0;
	let nTaken = 0;
	for (let round = 0; round < 1500; round++) {
		const stage = new Stage();
		stage.receive(begin(0, 0, 64, 48), Uint8Array.from([...head(1, 0, CHANNEL_MAX), ...le16(80, 0, 64, 48), 100, 0, 31]));
		try {
			for (let i = 0; i < 60; i++) {
				const slice = makers[below(makers.length)]();
				if (below(40) === 0 && slice.length > 0) {
					slice[below(slice.length)] ^= 1 << below(8);
				}
				stage.receive(below(60) === 0 ? slice.subarray(0, below(slice.length + 1)) : slice);
				nTaken++;
				const open = stage.decoders.filter((decoder) => decoder.state !== "closed");
				assert.ok(open.length <= CHANNEL_MAX - CHANNEL_MIN + 1, `${open.length} decoders`);
				if (below(3) === 0 && open.at(-1)?.chunks.length) {
					assert.ok(open.at(-1).put(below(80), below(80)).isClosed);
				}
			}
		} catch (error) {
			assert.ok(error instanceof WireError, `round ${round}: ${error.stack}`);
			nRefused++;
		}
		assert.ok(stage.failed <= 1);
		if (round % 20 === 0) {
			pixels(stage.video.uncovered([0, 0, WIDTH, HEIGHT]));
		}
	}
	assert.ok(nRefused > 1000 && nTaken > 5000, `${nRefused} refused, ${nTaken} taken`);
});
