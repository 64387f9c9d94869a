// Regions of moving pictures: H.264 decoded by the browser (WebCodecs) and drawn over the picture. Runs in the worker.
//
// The order of things: a region's live cells are the video's, all others the picture's. Painter asks covered() before it draws, so
// that a picture frame never shows what it holds below a live cell, and a video frame is drawn through the mask that is in
// force when it is drawn, so that one that was decoded late never covers a cell that is exact again.
//
// Boundary: reads what the broker sends. What is out of shape throws WireError, and the connection ends. What the browser's decoder
// does not take is told to the broker, once, and the session goes on with pictures.

import { Reader, WireError, channelOf, typeOf } from "./wire.js";

export const CHANNEL_MIN = 8;
export const CHANNEL_MAX = 9;
export const CELL = 16;
export const FRAME_BYTES_MAX = 1048576;
// Slices of a frame: encode fills each but the last, so that a frame of the largest size has 33. A million of one byte would each be an object.
export const FRAME_SLICES_MAX = 64;
export const REGION_PIXELS_MAX = 2088960;
// Each makes a decoder of the browser's, with threads and megabytes. encode begins one anew twice a second at most, and after a scroll.
export const BEGINS_PER_SECOND_MAX = 20;
const Type = Object.freeze({ BEGIN: 1, MASK: 2, FRAME: 3, END: 4 });
const Flag = Object.freeze({ FIRST: 1, LAST: 2, KEY: 4, ALL: 7 });
// Chunks that the decoder has not answered yet. encode has no more on their way.
const DECODING_MAX = 32;
// What every decoder of H.264 can do if this one can; asked before HELLO.
const PROBE = "avc1.64001f";

export async function canDecode(Decoder = globalThis.VideoDecoder) {
	if (typeof Decoder !== "function") {
		return false;
	}
	try {
		const { supported } = await Decoder.isConfigSupported({ codec: PROBE, optimizeForLatency: true });
		return supported === true;
	} catch {
		return false;
	}
}

const hex = (value) => value.toString(16).padStart(2, "0");

// One channel's region: a rectangle, its mask, its decoder.
class Region {
	constructor(area, codec, parts) {
		this.area = area;
		this.left = Math.floor(area.x / CELL);
		this.top = Math.floor(area.y / CELL);
		this.columns = Math.floor((area.x + area.width - 1) / CELL) - this.left + 1;
		this.rows = Math.floor((area.y + area.height - 1) / CELL) - this.top + 1;
		this.mask = new Uint8Array(this.columns * this.rows);
		this.liveCells = 0;
		this.isKeyAwaited = true;
		this.frame = null; // {number, key, chunks, bytes}: the one whose slices are coming
		this.isClosed = false;
		this.decoder = new parts.VideoDecoder({
			output: (frame) => parts.onFrame(this, frame),
			error: () => parts.onError(this),
		});
		this.decoder.configure({ codec, optimizeForLatency: true });
	}

	close() {
		this.isClosed = true;
		if (this.decoder.state !== "closed") {
			this.decoder.close();
		}
	}

	isLive(column, row) {
		return this.mask[(row - this.top) * this.columns + column - this.left] !== 0;
	}

	// Runs of cells in one row that are live, or are not, within the columns left to right (cells, right exclusive).
	eachRun(row, left, right, wanted, onRun) {
		for (let column = left; column < right; ) {
			const start = column;
			const isLive = this.isLive(column, row);
			while (column < right && this.isLive(column, row) === isLive) {
				column += 1;
			}
			if (isLive === wanted) {
				onRun(start, column);
			}
		}
	}

	// The live cells as rectangles of the screen.
	liveRects() {
		const { x, y, width, height } = this.area;
		if (this.liveCells === this.mask.length) {
			return [[x, y, width, height]];
		}
		const rects = [];
		for (let row = this.top; row < this.top + this.rows; row++) {
			this.eachRun(row, this.left, this.left + this.columns, true, (start, end) =>
				rects.push(
					clip([start * CELL, row * CELL, (end - start) * CELL, CELL], [x, y, width, height]),
				),
			);
		}
		return rects;
	}
}

// Both as [x, y, width, height]; null when they have nothing in common.
export function clip([x, y, width, height], [ox, oy, otherWidth, otherHeight]) {
	const left = Math.max(x, ox);
	const top = Math.max(y, oy);
	const right = Math.min(x + width, ox + otherWidth);
	const bottom = Math.min(y + height, oy + otherHeight);
	return left < right && top < bottom ? [left, top, right - left, bottom - top] : null;
}

// What of rect lies outside hole, in at most four pieces.
export function subtract(rect, hole) {
	const common = clip(rect, hole);
	if (!common) {
		return [rect];
	}
	const [x, y, width, height] = rect;
	const [cx, cy, cw, ch] = common;
	return [
		[x, y, width, cy - y],
		[x, cy + ch, width, y + height - cy - ch],
		[x, cy, cx - x, ch],
		[cx + cw, cy, x + width - cx - cw, ch],
	].filter((piece) => piece[2] > 0 && piece[3] > 0);
}

export class Video {
	#parts;
	#regions = new Map(); // channel -> Region
	#hasFailed = false;
	#size = null; // of the screen
	#begins = []; // when the regions of the last second began

	// parts: VideoDecoder, EncodedVideoChunk; draw(frame, region area, rects, onShown): through these rectangles;
	// onDrawn(channel, number); onFailed(channel), once at most; nowMs().
	constructor(parts) {
		this.#parts = parts;
	}

	// The screen is begun anew, or the line is: no region is left.
	reset(width = 0, height = 0) {
		this.#size = { width, height };
		for (const region of this.#regions.values()) {
			region.close();
		}
		this.#regions.clear();
	}

	// One whole slice of a video channel.
	receive(bytes) {
		const reader = new Reader(bytes);
		const kind = reader.u8();
		const channel = channelOf(kind);
		// One decoder a channel: so many there are, whoever calls.
		if (channel < CHANNEL_MIN || channel > CHANNEL_MAX) {
			throw new WireError(`video: channel ${channel}`);
		}
		const read = this.#readers[typeOf(kind)];
		if (!read) {
			throw new WireError(`unknown video message ${typeOf(kind)}`);
		}
		read(channel, reader);
	}

	#readers = {
		[Type.BEGIN]: (channel, reader) => this.#begin(channel, reader),
		[Type.MASK]: (channel, reader) => this.#mask(channel, reader),
		[Type.FRAME]: (channel, reader) => this.#frame(channel, reader),
		[Type.END]: (channel, reader) => {
			reader.end();
			this.#drop(channel);
		},
	};

	#drop(channel) {
		this.#regions.get(channel)?.close();
		this.#regions.delete(channel);
	}

	#begin(channel, reader) {
		const area = { x: reader.u16(), y: reader.u16(), width: reader.u16(), height: reader.u16() };
		const codec = `avc1.${hex(reader.u8())}${hex(reader.u8())}${hex(reader.u8())}`;
		reader.end();
		if (
			area.width === 0 ||
			area.height === 0 ||
			area.x + area.width > this.#size.width ||
			area.y + area.height > this.#size.height
		) {
			throw new WireError("video: a region outside the screen");
		}
		if (area.width * area.height > REGION_PIXELS_MAX) {
			throw new WireError("video: a region too large");
		}
		this.#drop(channel);
		if (this.#hasFailed) {
			return;
		}
		const nowMs = this.#parts.nowMs();
		this.#begins = this.#begins.filter((atMs) => nowMs - atMs < 1000);
		if (this.#begins.push(nowMs) > BEGINS_PER_SECOND_MAX) {
			this.#fail(channel, null);
			return;
		}
		try {
			const region = new Region(area, codec, {
				VideoDecoder: this.#parts.VideoDecoder,
				onFrame: (self, frame) => this.#show(channel, self, frame),
				onError: (self) => this.#fail(channel, self),
			});
			this.#regions.set(channel, region);
		} catch {
			this.#fail(channel, null);
		}
	}

	// A region that failed here lives on in slices that are under way: they are read past.
	#region(channel) {
		const region = this.#regions.get(channel);
		if (!region && !this.#hasFailed) {
			throw new WireError("video: no such region");
		}
		return region;
	}

	#mask(channel, reader) {
		const bits = reader.rest();
		const region = this.#region(channel);
		if (!region) {
			return;
		}
		if (bits.length !== Math.ceil(region.mask.length / 8)) {
			throw new WireError(`video: a mask of ${bits.length} bytes`);
		}
		region.liveCells = 0;
		for (let i = 0; i < bits.length * 8; i++) {
			const bit = (bits[i >> 3] >> (i & 7)) & 1;
			if (i >= region.mask.length) {
				if (bit !== 0) {
					throw new WireError("video: a mask with too many cells");
				}
				continue;
			}
			region.mask[i] = bit;
			region.liveCells += bit;
		}
	}

	#frame(channel, reader) {
		const number = reader.u32();
		const flags = reader.u8();
		const data = reader.rest();
		const region = this.#region(channel);
		if (this.#hasFailed) {
			return;
		}
		if (number === 0 || flags & ~Flag.ALL || data.length === 0) {
			throw new WireError("video: a malformed frame");
		}
		const isFirst = (flags & Flag.FIRST) !== 0;
		const isKey = (flags & Flag.KEY) !== 0;
		if (isFirst !== (region.frame === null) || (!isFirst && region.frame.number !== number)) {
			throw new WireError("video: a frame out of turn");
		}
		region.frame ??= { number, isKey, parts: [], bytes: 0 };
		region.frame.parts.push(data.slice()); // data borrows a message
		region.frame.bytes += data.length;
		if (region.frame.bytes > FRAME_BYTES_MAX || region.frame.parts.length > FRAME_SLICES_MAX) {
			throw new WireError("video: a frame too large");
		}
		if (flags & Flag.LAST) {
			const frame = region.frame;
			region.frame = null;
			this.#decode(channel, region, frame);
		}
	}

	#decode(channel, region, { number, isKey, parts, bytes }) {
		if (region.isKeyAwaited && !isKey) {
			throw new WireError("video: no key frame first");
		}
		region.isKeyAwaited = false;
		if (region.decoder.decodeQueueSize > DECODING_MAX) {
			this.#fail(channel, region);
			return;
		}
		const data = new Uint8Array(bytes);
		let at = 0;
		for (const part of parts) {
			data.set(part, at);
			at += part.length;
		}
		try {
			// The time is how the frame's number comes back.
			region.decoder.decode(
				new this.#parts.EncodedVideoChunk({ type: isKey ? "key" : "delta", timestamp: number, data }),
			);
		} catch {
			this.#fail(channel, region);
		}
	}

	#show(channel, region, frame) {
		try {
			if (region.isClosed) {
				return;
			}
			const { width, height } = region.area;
			if (frame.visibleRect.width < width || frame.visibleRect.height < height) {
				this.#fail(channel, region);
				return;
			}
			const rects = region.liveRects();
			const number = frame.timestamp;
			const onShown = () => this.#parts.onDrawn(channel, number);
			if (rects.length > 0) {
				this.#parts.draw(frame, region.area, rects, onShown);
			} else {
				onShown();
			}
		} finally {
			frame.close();
		}
	}

	#fail(channel, region) {
		if (region?.isClosed || this.#hasFailed) {
			return;
		}
		// The regions stay until the broker ends them: what is below them is not the present picture.
		this.#hasFailed = true;
		this.#parts.onFailed(channel);
	}

	get isWorking() {
		return !this.#hasFailed;
	}

	// The pieces of a rectangle [x, y, width, height] that the picture shows.
	uncovered(rect) {
		let pieces = [rect];
		for (const region of this.#regions.values()) {
			pieces = pieces.flatMap((piece) => this.#uncoveredBy(region, piece));
		}
		return pieces;
	}

	#uncoveredBy(region, rect) {
		const { x, y, width, height } = region.area;
		const inside = clip(rect, [x, y, width, height]);
		if (!inside || region.liveCells === 0) {
			return [rect];
		}
		const pieces = subtract(rect, inside);
		if (region.liveCells === region.mask.length) {
			return pieces;
		}
		const [left, top, insideWidth, insideHeight] = inside;
		const lastRow = Math.floor((top + insideHeight - 1) / CELL);
		for (let row = Math.floor(top / CELL); row <= lastRow; row++) {
			const lastColumn = Math.floor((left + insideWidth - 1) / CELL);
			region.eachRun(row, Math.floor(left / CELL), lastColumn + 1, false, (start, end) =>
				pieces.push(clip([start * CELL, row * CELL, (end - start) * CELL, CELL], inside)),
			);
		}
		return pieces;
	}
}
