// From the terminal's pointer to positions, buttons and wheel notches on the host's screen, one device pixel to
// one pixel. Knows no page: it is fed events with the canvas's place and calls `send`.

import { Button, WHEEL_NOTCHES_MAX } from "./wire.js";
import { modifiersOf } from "./keyboard.js";

// PointerEvent.buttons has another order than the wire.
const BUTTON_BITS = [
	[1, Button.LEFT],
	[2, Button.RIGHT],
	[4, Button.MIDDLE],
	[8, Button.BACK],
	[16, Button.FORWARD],
];

export function buttonsOf(event) {
	let bits = 0;
	for (const [domBit, bit] of BUTTON_BITS) {
		if (event.buttons & domBit) {
			bits |= bit;
		}
	}
	return bits;
}

const clamp = (value, max) => Math.min(Math.max(Math.floor(value), 0), max);

// What one notch of a wheel scrolls in a browser at 100 %.
export const WHEEL_NOTCH_PX = 100;
// What one scrolls in the isolated browser.
export const HOST_NOTCH_PX = 120;
const WHEEL_NOTCH_LINES = 3;
const DELTA_LINE = 1;
const DELTA_PAGE = 2;
const LEGACY_NOTCH = 120;
const LEGACY_TOUCHPAD_FACTOR = 3;

// Moves between animation frames are worth sending (they are what makes a drag feel local), floods are not.
export const MOVE_INTERVAL_MS = 4;

export class Pointer {
	#sendPointer;
	#sendWheel;
	#releaseAll;
	#width = 1;
	#height = 1;
	#isEnabled = false;
	#last = { x: 0, y: 0, buttons: 0 };
	#lastSentMs = -Infinity;
	#wheel = { x: 0, y: 0 }; // parts of notches, rightwards and downwards

	// sendPointer({x, y, buttons, modifiers}); sendWheel({x, y, left, right, up, down, modifiers}); releaseAll().
	constructor({ sendPointer, sendWheel, releaseAll }) {
		this.#sendPointer = sendPointer;
		this.#sendWheel = sendWheel;
		this.#releaseAll = releaseAll;
	}

	setScreen(width, height) {
		this.#width = width;
		this.#height = height;
	}

	setEnabled(isEnabled) {
		this.#isEnabled = isEnabled;
		this.#last.buttons = 0;
		this.#wheel = { x: 0, y: 0 };
	}

	// rect: the canvas's place in the window ({left, top, width, height}), CSS pixels. Outside of the screen (a drag) counts as its
	// edge.
	#place(event, rect) {
		return {
			x: clamp(((event.clientX - rect.left) * this.#width) / rect.width, this.#width - 1),
			y: clamp(((event.clientY - rect.top) * this.#height) / rect.height, this.#height - 1),
		};
	}

	// pointermove, pointerdown, pointerup: always sent when something changed.
	moved(event, rect) {
		this.#report(event, rect);
	}

	// pointerrawupdate: sent only when the last one is some time ago; the pointermove that follows it brings the rest.
	movedRaw(event, rect, nowMs) {
		if (nowMs - this.#lastSentMs < MOVE_INTERVAL_MS) {
			return;
		}
		if (this.#report(event, rect)) {
			this.#lastSentMs = nowMs;
		}
	}

	#report(event, rect) {
		if (!this.#isEnabled) {
			return false;
		}
		const { x, y } = this.#place(event, rect);
		const buttons = buttonsOf(event);
		if (x === this.#last.x && y === this.#last.y && buttons === this.#last.buttons) {
			return false;
		}
		this.#last = { x, y, buttons };
		this.#sendPointer({ x, y, buttons, modifiers: modifiersOf(event) });
		return true;
	}

	wheel(event, rect) {
		if (!this.#isEnabled) {
			return;
		}
		event.preventDefault();
		const right = this.#accumulate("x", notches(event.deltaX, event.wheelDeltaX, event.deltaMode));
		const down = this.#accumulate("y", notches(event.deltaY, event.wheelDeltaY, event.deltaMode));
		if (right === 0 && down === 0) {
			return;
		}
		this.#sendWheel({
			...this.#place(event, rect),
			left: Math.max(-right, 0),
			right: Math.max(right, 0),
			up: Math.max(-down, 0),
			down: Math.max(down, 0),
			modifiers: modifiersOf(event),
		});
	}

	// Whole notches that are due; the remainder waits. Turning back drops it, or the first notch back would be late.
	#accumulate(axis, amount) {
		if (amount === 0) {
			return 0;
		}
		const rest = Math.sign(this.#wheel[axis]) === -Math.sign(amount) ? 0 : this.#wheel[axis];
		const sum = rest + amount;
		const whole = Math.trunc(sum + Math.sign(sum) * 1e-9);
		this.#wheel[axis] = sum - whole;
		return Math.min(Math.max(whole, -WHEEL_NOTCHES_MAX), WHEEL_NOTCHES_MAX);
	}

	// Focus or the pointer itself was taken away.
	release() {
		if (this.#isEnabled && this.#last.buttons !== 0) {
			this.#releaseAll();
		}
		this.#last.buttons = 0;
		this.#wheel = { x: 0, y: 0 };
	}
}

// delta and deltaMode as the standard has them; legacyDelta is Chromium's wheelDelta: 120 a notch of a mouse whatever
// the terminal's zoom makes of delta, and -3 x delta on a touchpad. A mouse gives whole notches, and more than one for
// each where the person has set the terminal so (many lines a notch).
export function notches(delta, legacyDelta, deltaMode) {
	if (delta === 0) {
		return 0;
	}
	if (deltaMode === DELTA_PAGE) {
		return delta;
	}
	if (deltaMode === DELTA_LINE) {
		return delta / WHEEL_NOTCH_LINES;
	}
	const isMouse =
		Boolean(legacyDelta) &&
		legacyDelta % LEGACY_NOTCH === 0 &&
		legacyDelta !== -LEGACY_TOUCHPAD_FACTOR * delta;
	if (!isMouse) {
		return delta / HOST_NOTCH_PX;
	}
	const whole = Math.max(Math.abs(legacyDelta) / LEGACY_NOTCH, Math.round(Math.abs(delta) / WHEEL_NOTCH_PX));
	return Math.sign(delta) * whole;
}
