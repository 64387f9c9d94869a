// decoder.wasm over the golden streams: the same words as the native decoder, no imports, no crash on broken bytes.
// Usage: node stream_wasm.mjs DECODER_WASM GOLDEN_FOLDER [mutant]
// mutant: the decoder is one that skips areas, and this test must see it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [wasmFile, goldenFolder, mutant] = process.argv.slice(2);
const wasmModule = new WebAssembly.Module(readFileSync(wasmFile));
assert.deepEqual(WebAssembly.Module.imports(wasmModule), []);

function digest(memory, pointer, width, height) {
	let a = 0x811c9dc5, b = 0x9747b28c;
	const add = (pixel) => {
		a = Math.imul(a ^ pixel, 0x01000193);
		b ^= pixel;
		b = (Math.imul((b << 13) | (b >>> 19), 0x85ebca6b) + 0x9e3779b9) | 0;
	};
	add(width);
	add(height);
	for (const pixel of new Uint32Array(memory.buffer, pointer, width * height))
		add(pixel);
	return [a, b].map((sum) => (sum >>> 0).toString(16).padStart(8, "0")).join("");
}

function describe(d, status) {
	const size = (name) => `${d[`${name}_width`]()}x${d[`${name}_height`]()}`;
	switch (status) {
	case 0: return "more";
	case 1: return `begun ${d.decoder_width()}x${d.decoder_height()}`;
	case 2: return `frame ${d.decoder_frame()} ${digest(d.memory, d.decoder_pixels(), d.decoder_width(), d.decoder_height())}` +
		(d.decoder_answers() >= 0 ? ` answers ${d.decoder_answers()}` : "");
	case 3: return `cursor ${size("decoder_cursor")}+${d.decoder_cursor_hot_x()}+${d.decoder_cursor_hot_y()} ` +
		digest(d.memory, d.decoder_cursor_pixels(), d.decoder_cursor_width(), d.decoder_cursor_height());
	case 4: return `caret ${size("decoder_caret")}+${d.decoder_caret_x()}+${d.decoder_caret_y()}`;
	case 5: return `outcome ${d.decoder_text_number()} ${d.decoder_text_outcome()}`;
	case 6: return `takes-text ${d.decoder_takes_text()}`;
	case 7: return "skipped";
	default: return `error ${status}`;
	}
}

function* slices(name) {
	const file = readFileSync(join(goldenFolder, `${name}.slices`));
	for (let at = 0; at < file.length;) {
		const length = file.readUInt32LE(at);
		yield file.subarray(at + 4, at + 4 + length);
		at += 4 + length;
	}
}

function start() {
	const d = new WebAssembly.Instance(wasmModule, {}).exports;
	assert.equal(d.decoder_push(8), -3);
	assert.equal(d.decoder_new(4000, 800, 21, 0), -2);
	assert.equal(d.decoder_new(1280, 800, 21, 512), 0);
	assert.equal(d.decoder_input_size(), 32769);
	return d;
}

function push(d, slice) {
	new Uint8Array(d.memory.buffer, d.decoder_input(), slice.length).set(slice);
	return d.decoder_push(slice.length);
}

function checkRects(d) {
	const count = d.decoder_rect_count();
	assert.ok(count > 0 && count <= 64);
	const rects = new Uint16Array(d.memory.buffer, d.decoder_rects(), count * 4);
	for (let i = 0; i < rects.length; i += 4) {
		assert.ok(rects[i] + rects[i + 2] <= d.decoder_width());
		assert.ok(rects[i + 1] + rects[i + 3] <= d.decoder_height());
	}
}

let nWrong = 0;
for (const name of ["page", "beside", "small", "photo"]) {
	const expected = readFileSync(join(goldenFolder, `${name}.expected`), "utf8").trimEnd().split("\n");
	const d = start();
	const seen = [];
	for (const slice of slices(name)) {
		const status = push(d, slice);
		seen.push(describe(d, status));
		if (status === 2)
			checkRects(d);
	}
	if (mutant) {
		assert.equal(seen.length, expected.length);
		nWrong += seen.filter((line, i) => line !== expected[i]).length;
		continue;
	}
	assert.deepEqual(seen, expected);
	assert.equal(d.decoder_epoch_high(), 0x01234567);
	assert.equal(d.decoder_epoch_low() >>> 0, 0x89abcdef);
}

if (mutant) {
	assert.ok(nWrong > 0, "a decoder that skips areas was not noticed");
	process.exit(0);
}

// Broken bytes end in an error or a wrong picture, never in a trap.
let nErrors = 0;
for (let seed = 1; seed <= 100; seed++) {
	const d = start();
	let state = seed;
	for (const slice of slices("page")) {
		const broken = Uint8Array.from(slice);
		state = (Math.imul(state, 1103515245) + 12345) >>> 0;
		if (state % 4 === 0)
			broken[(state >>> 8) % broken.length] ^= 1 << (state >>> 4) % 8;
		if (push(d, broken) < 0)
			nErrors++;
	}
}
assert.ok(nErrors > 50);
console.log("decoder.wasm reads the golden streams");
