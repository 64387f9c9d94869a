// The stream decoder (viewer/stream, compiled to WebAssembly) as a JavaScript object. What it may touch is its own
// memory; what it says is bounds-checked there. Knows no page: takes the module's bytes, runs under plain node.

// enum decoder_status of viewer/stream/wasm/exports.h
export const Status = Object.freeze({
	MORE: 0,
	BEGUN: 1,
	FRAME: 2,
	CURSOR: 3,
	CARET: 4,
	TEXT_OUTCOME: 5,
	TEXT_TAKEN: 6,
	SKIPPED: 7,
});
export const RECTS_MAX = 64;
export const WIDTH_MAX = 3840;
export const HEIGHT_MAX = 2160;
// 2^21: 2 MB of history. docs/protocol.md says what it costs on the broker's side.
export const WINDOW_LOG = 21;
// Tiles that are kept, at 16 KiB each: eight screens of 1280x800. Memory is only taken for those that come.
export const CACHE_SLOTS = 2048;

export class DecoderError extends Error {
	constructor(status) {
		super(`the stream is broken (${status})`);
		this.name = "DecoderError";
	}
}

export class Decoder {
	#exports;
	#input;

	static async create(wasmBytes) {
		const { instance } = await WebAssembly.instantiate(wasmBytes, {});
		return new Decoder(instance);
	}

	constructor(instance) {
		this.#exports = instance.exports;
		this.reset();
	}

	// Forgets everything; the next HELLO says epoch 0.
	reset() {
		const status = this.#exports.decoder_new(WIDTH_MAX, HEIGHT_MAX, WINDOW_LOG, CACHE_SLOTS);
		if (status !== 0) {
			throw new DecoderError(status);
		}
		// Memory grows in decoder_new() only, so views made here last until the next one.
		this.#input = new Uint8Array(
			this.#exports.memory.buffer,
			this.#exports.decoder_input(),
			this.#exports.decoder_input_size(),
		);
	}

	// One whole WebSocket message. Returns a Status; throws DecoderError when the stream is broken.
	push(bytes) {
		if (bytes.length > this.#input.length) {
			throw new DecoderError("too long");
		}
		this.#input.set(bytes);
		const status = this.#obey(bytes.length);
		if (status < 0) {
			throw new DecoderError(status);
		}
		return status;
	}

	// Were there a way past the decoder's own checks, WebAssembly's would end the call: then, too, nothing that it holds is to be trusted.
	#obey(length) {
		try {
			return this.#exports.decoder_push(length);
		} catch (error) {
			if (error instanceof WebAssembly.RuntimeError) {
				throw new DecoderError(error.message);
			}
			throw error;
		}
	}

	// What HELLO says of a picture that is still held.
	get epoch() {
		const high = BigInt(this.#exports.decoder_epoch_high() >>> 0);
		const low = BigInt(this.#exports.decoder_epoch_low() >>> 0);
		return (high << 32n) | low;
	}
	get frame() {
		return this.#exports.decoder_frame() >>> 0;
	}
	// Something that has changed had no room in the last frame: the next ones say it.
	get isUnfinished() {
		return this.#exports.decoder_is_unfinished() !== 0;
	}
	// Low half of the sequence number of the input that the last frame answers; -1: none.
	get answers() {
		return this.#exports.decoder_answers();
	}
	get width() {
		return this.#exports.decoder_width();
	}
	get height() {
		return this.#exports.decoder_height();
	}

	// The whole screen as R,G,B,A; borrows the decoder's memory and shows each later frame.
	screen() {
		const bytes = this.#exports.decoder_stride() * this.height;
		return new Uint8ClampedArray(this.#exports.memory.buffer, this.#exports.decoder_pixels(), bytes);
	}

	// What the last frame changed: [x, y, width, height, x, ...]; borrowed.
	rects() {
		return new Uint16Array(
			this.#exports.memory.buffer,
			this.#exports.decoder_rects(),
			Math.min(this.#exports.decoder_rect_count(), RECTS_MAX) * 4,
		);
	}

	// {width, height, hotX, hotY, pixels}; width 0 hides it. pixels is a copy.
	cursor() {
		const width = this.#exports.decoder_cursor_width();
		const height = this.#exports.decoder_cursor_height();
		return {
			width,
			height,
			hotX: this.#exports.decoder_cursor_hot_x(),
			hotY: this.#exports.decoder_cursor_hot_y(),
			pixels: new Uint8ClampedArray(
				this.#exports.memory.buffer,
				this.#exports.decoder_cursor_pixels(),
				width * height * 4,
			).slice(),
		};
	}

	// Of the isolated browser, in pixels of the screen.
	caret() {
		return {
			x: this.#exports.decoder_caret_x(),
			y: this.#exports.decoder_caret_y(),
			width: this.#exports.decoder_caret_width(),
			height: this.#exports.decoder_caret_height(),
		};
	}

	// outcome: enum text_outcome of broker/base/session.h.
	textOutcome() {
		return {
			number: this.#exports.decoder_text_number() >>> 0,
			outcome: this.#exports.decoder_text_outcome(),
		};
	}
}
