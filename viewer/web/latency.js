// How long it takes from a key press or a composed text to the drawn frame that answers it: the figure as the person
// has it. Runs in the worker; knows no page and no clock.
//
// A frame says which input it is the first to show a change after (PICTURE_ANSWERS). What is not answered within a
// second changed nothing, or waited for something else than the stream, and is not counted.

import { ANSWER_MAX } from "./wire.js";

export const PRESSES_MAX = 32; // on their way; the oldest is forgotten
export const SAMPLES_MAX = 128; // what the figures are of
const TENTHS_PER_MS = 10;

// ControlLeft, ShiftLeft, ShiftRight, AltLeft, CapsLock, NumLock, ControlRight, AltRight, MetaLeft, MetaRight: by
// themselves they change nothing.
const MODIFIER_KEYS = new Set([0x1d, 0x2a, 0x36, 0x38, 0x3a, 0x45, 0x9d, 0xb8, 0xdb, 0xdc]);

// Whether that input is likely to change the picture at once, and is waited for.
export function isPress(kind, fields) {
	return kind === "text" || (kind === "key" && fields.isDown && !MODIFIER_KEYS.has(fields.key));
}

function percentile(sorted, percent) {
	return sorted[Math.ceil((sorted.length * percent) / 100) - 1] / TENTHS_PER_MS;
}

export class Latency {
	#presses = []; // {input, atMs}, the oldest first
	#samples = []; // tenths of a millisecond
	#next = 0;

	// input: low half of its sequence number.
	pressed(input, atMs) {
		this.#presses.push({ input, atMs });
		if (this.#presses.length > PRESSES_MAX) {
			this.#presses.shift();
		}
	}

	// The frame that answers `input` is drawn. Tenths of a millisecond, 1..ANSWER_MAX; null: not counted.
	answered(input, drawnAtMs) {
		const at = this.#presses.findIndex((press) => press.input === input);
		if (at < 0) {
			return null;
		}
		const took = Math.round((drawnAtMs - this.#presses[at].atMs) * TENTHS_PER_MS);
		this.#presses.splice(0, at + 1); // what was pressed before it is shown as well
		if (took < 1 || took > ANSWER_MAX) {
			return null;
		}
		this.#samples[this.#next] = took;
		this.#next = (this.#next + 1) % SAMPLES_MAX;
		return took;
	}

	// The line is another: what was on its way is not answered any more.
	forgetPresses() {
		this.#presses = [];
	}

	// {count, p50Ms, p95Ms} of the last samples, or null.
	figures() {
		const sorted = [...this.#samples].sort((a, b) => a - b);
		return sorted.length === 0
			? null
			: { count: sorted.length, p50Ms: percentile(sorted, 50), p95Ms: percentile(sorted, 95) };
	}
}
