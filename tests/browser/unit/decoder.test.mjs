// decoder.js over the real decoder.wasm, fed by hand. Needs SHOJI_VIEWER: the folder that is served.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Decoder, DecoderError, HEIGHT_MAX, RECTS_MAX, Status, WIDTH_MAX, WINDOW_LOG } from "../../../viewer/web/decoder.js";
import { SLICE_MAX } from "../../../viewer/web/wire.js";
import { headerNumbers } from "./repository.mjs";

assert.ok(process.env.SHOJI_VIEWER, "set SHOJI_VIEWER to the folder with decoder.wasm (build/*/viewer)");
const wasm = readFileSync(path.join(process.env.SHOJI_VIEWER, "decoder.wasm"));

const le16 = (...ns) => ns.flatMap((n) => [n & 255, n >> 8]);
const head = (channel, type) => [channel * 16 + type];
const ZSTD_HEAD = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (WINDOW_LOG - 10) << 3];
const zstdBlock = (bytes, isLast) => [(bytes.length << 3) | (isLast ? 1 : 0), bytes.length >> 5, 0, ...bytes];
const begin = (width, height) =>
	Uint8Array.from([...head(1, 1), 8, 7, 6, 5, 4, 3, 2, 1, ...le16(width, height), WINDOW_LOG, 1, ...le16(0, 0, 0, 0, 0)]);
const fill = (frame, x, y, width, height, color, isFirst) => {
	const command = [3, ...le16(x, y, width, height), ...color];
	return Uint8Array.from([
		...head(1, 2), 3, frame, ...le16(command.length), 0, ...(isFirst ? ZSTD_HEAD : []),
		...zstdBlock(command, false),
	]);
};

test("the numbers are those of exports.h", () => {
	const c = headerNumbers("viewer/stream/wasm/exports.h");
	for (const [name, value] of Object.entries(Status)) {
		assert.equal(value, c[`DECODER_${name}`], name);
	}
	const picture = headerNumbers("viewer/stream/picture.h");
	assert.equal(WIDTH_MAX, picture.PICTURE_WIDTH_MAX);
	assert.equal(HEIGHT_MAX, picture.PICTURE_HEIGHT_MAX);
	assert.ok(RECTS_MAX >= 64);
});

test("begin, frames, rectangles, pixels, what HELLO says", async () => {
	const decoder = await Decoder.create(wasm);
	assert.equal(decoder.epoch, 0n);
	assert.equal(decoder.push(begin(100, 50)), Status.BEGUN);
	assert.deepEqual([decoder.width, decoder.height], [100, 50]);
	assert.equal(decoder.epoch, 0n, "nothing is held before the first whole frame");
	assert.equal(decoder.push(fill(1, 10, 5, 20, 10, [200, 100, 50], true)), Status.FRAME);
	assert.equal(decoder.epoch, 0x0102030405060708n);
	assert.equal(decoder.frame, 1);
	assert.deepEqual([...decoder.rects()], [10, 5, 20, 10]);
	const pixel = (x, y) => [...decoder.screen().subarray((y * 100 + x) * 4, (y * 100 + x) * 4 + 4)];
	assert.deepEqual(pixel(10, 5), [200, 100, 50, 255]);
	assert.deepEqual(pixel(29, 14), [200, 100, 50, 255]);
	assert.deepEqual(pixel(30, 14), [0, 0, 0, 255]);
	assert.equal(decoder.screen().length, 100 * 50 * 4);
	const borrowed = decoder.screen();
	decoder.push(fill(2, 0, 0, 1, 1, [1, 2, 3], false));
	assert.deepEqual([...borrowed.subarray(0, 4)], [1, 2, 3, 255], "the screen borrowed once shows later frames");
	const plain = [...head(1, 2), 3 | 32, 3, 12, 3, ...le16(0, 0, 1, 1), 4, 5, 6];
	assert.equal(decoder.push(Uint8Array.from(plain)), Status.FRAME);
	assert.deepEqual([...borrowed.subarray(0, 4)], [4, 5, 6, 255], "what is not packed");
	decoder.reset();
	assert.equal(decoder.epoch, 0n);
	assert.equal(decoder.frame, 0);
});

test("cursor", async () => {
	const decoder = await Decoder.create(wasm);
	const rgba = [255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 255, 9, 9, 9, 0];
	const slice = Uint8Array.from([...head(2, 1), 2, 2, 1, 0, ...ZSTD_HEAD, ...zstdBlock(rgba, true)]);
	assert.equal(decoder.push(slice), Status.CURSOR);
	const cursor = decoder.cursor();
	assert.deepEqual([cursor.width, cursor.height, cursor.hotX, cursor.hotY], [2, 2, 1, 0]);
	assert.deepEqual([...cursor.pixels], rgba);
	assert.equal(decoder.push(Uint8Array.from([...head(2, 1), 0, 0, 0, 0])), Status.CURSOR);
	assert.equal(decoder.cursor().width, 0);
});

test("a broken stream throws, and so does a message that is too long", async () => {
	const decoder = await Decoder.create(wasm);
	assert.throws(() => decoder.push(fill(1, 0, 0, 1, 1, [0, 0, 0], true)), DecoderError, "before BEGIN");
	assert.throws(() => decoder.push(new Uint8Array(SLICE_MAX + 1)), DecoderError);
	assert.throws(() => decoder.push(begin(4000, 50)), DecoderError);
	decoder.reset();
	assert.equal(decoder.push(begin(64, 64)), Status.BEGUN);
	assert.throws(() => decoder.push(fill(1, 60, 0, 5, 1, [0, 0, 0], true)), DecoderError, "outside of the screen");
});

test("a decoder that WebAssembly stops is a broken stream", () => {
	const trap = () => new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from([
		// (module (func (export "f") unreachable))
		0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11,
	]))).exports.f();
	const memory = new WebAssembly.Memory({ initial: 1 });
	const decoder = new Decoder({ exports: {
		memory, decoder_new: () => 0, decoder_input: () => 0, decoder_input_size: () => SLICE_MAX, decoder_push: trap,
	} });
	assert.throws(() => decoder.push(begin(64, 64)), DecoderError);
});
