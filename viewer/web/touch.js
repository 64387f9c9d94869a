// Fingers on the screen, made into what a mouse does: a tap is a click, a long press a right click, one finger drags, two
// scroll, whichever way they go. Knows no page: it is fed pointer events of type "touch" and feeds pointer.js.

export const LONG_PRESS_MS = 500;
// A finger trembles: less is no drag. CSS pixels.
export const SLOP_PX = 10;
// The second tap of a double tap lands beside the first one; the isolated browser wants both at one place.
export const DOUBLE_TAP_MS = 500;
export const DOUBLE_TAP_PX = 30;

const LEFT = 1; // PointerEvent.buttons
const RIGHT = 2;

const State = Object.freeze({
	IDLE: "idle",
	PENDING: "pending", // one finger: a tap, a long press or a drag
	DRAGGING: "dragging",
	SCROLLING: "scrolling",
	DONE: "done", // until all fingers are up
});

const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

export class Touch {
	#pointer;
	#setTimer;
	#clearTimer;
	#state = State.IDLE;
	#fingers = new Map(); // pointerId -> {x, y} in the window
	#rect = null;
	#event = null; // the last one: it knows the modifiers
	#start = null;
	#centre = null; // between two fingers
	#timer = null;
	#lastTap = null; // {x, y, atMs}

	constructor(pointer, { setTimer = setTimeout.bind(globalThis), clearTimer = clearTimeout.bind(globalThis) } = {}) {
		this.#pointer = pointer;
		this.#setTimer = setTimer;
		this.#clearTimer = clearTimer;
	}

	// event: pointerdown, pointermove, pointerup or pointercancel; rect: the canvas's place in the window.
	handle(event, rect) {
		this.#event = event;
		this.#rect = rect;
		const at = { x: event.clientX, y: event.clientY };
		switch (event.type) {
			case "pointerdown":
				this.#fingers.set(event.pointerId, at);
				this.#down(at);
				break;
			case "pointermove":
				if (this.#fingers.has(event.pointerId)) {
					this.#fingers.set(event.pointerId, at);
					this.#moved();
				}
				break;
			case "pointerup":
				if (this.#fingers.delete(event.pointerId)) {
					this.#up(at);
				}
				break;
			case "pointercancel":
				this.release();
				break;
		}
	}

	// The terminal took the fingers away, or the window lost the focus. Whoever owns pointer.js lets go of its buttons.
	release() {
		this.#fingers.clear();
		this.#stopTimer();
		if (this.#state === State.DRAGGING) {
			this.#pointer.release();
		}
		this.#state = State.IDLE;
	}

	#down(at) {
		if (this.#state === State.IDLE) {
			this.#state = State.PENDING;
			this.#start = this.#snapped(at);
			this.#timer = this.#setTimer(() => this.#longPressed(), LONG_PRESS_MS);
			return;
		}
		if (this.#state === State.PENDING) {
			this.#stopTimer();
			this.#state = State.SCROLLING;
			this.#centre = this.#middle();
			this.#put(this.#centre, 0);
		}
	}

	#moved() {
		const [first] = this.#fingers.values();
		if (this.#state === State.PENDING && distance(first, this.#start) > SLOP_PX) {
			this.#stopTimer();
			this.#state = State.DRAGGING;
			this.#put(this.#start, 0);
			this.#put(this.#start, LEFT);
		}
		if (this.#state === State.DRAGGING) {
			this.#put(first, LEFT);
		} else if (this.#state === State.SCROLLING) {
			this.#scroll();
		}
	}

	#up(at) {
		const isLast = this.#fingers.size === 0;
		if (this.#state === State.PENDING) {
			this.#stopTimer();
			this.#click(LEFT);
			this.#lastTap = { ...this.#start, atMs: this.#event.timeStamp };
		} else if (this.#state === State.DRAGGING && isLast) {
			this.#put(at, 0);
		} else if (this.#state === State.SCROLLING) {
			this.#state = State.DONE;
		}
		if (isLast) {
			this.#state = State.IDLE;
		}
	}

	#longPressed() {
		this.#timer = null;
		this.#click(RIGHT);
		this.#state = State.DONE;
	}

	#click(button) {
		this.#put(this.#start, 0);
		this.#put(this.#start, button);
		this.#put(this.#start, 0);
	}

	// The page follows the fingers.
	#scroll() {
		const centre = this.#middle();
		this.#pointer.wheel(
			{
				...this.#like(this.#start),
				deltaX: this.#centre.x - centre.x,
				deltaY: this.#centre.y - centre.y,
				deltaMode: 0,
				preventDefault() {},
			},
			this.#rect,
		);
		this.#centre = centre;
	}

	#middle() {
		const [a, b = a] = this.#fingers.values();
		return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
	}

	#snapped(at) {
		const last = this.#lastTap;
		const isSecond =
			last && this.#event.timeStamp - last.atMs < DOUBLE_TAP_MS && distance(at, last) < DOUBLE_TAP_PX;
		return isSecond ? { x: last.x, y: last.y } : at;
	}

	#put(at, buttons) {
		this.#pointer.moved({ ...this.#like(at), buttons }, this.#rect);
	}

	#like(at) {
		const event = this.#event;
		return { clientX: at.x, clientY: at.y, getModifierState: (name) => event.getModifierState(name) };
	}

	#stopTimer() {
		this.#clearTimer(this.#timer);
		this.#timer = null;
	}
}
