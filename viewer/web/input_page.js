// Listens on the canvas and the window for keys, pointer and wheel, and hands them to keyboard.js and pointer.js.

import { Keyboard } from "./keyboard.js";
import { Pointer } from "./pointer.js";

export class InputPage {
	#canvas;
	#keyboard;
	#pointer;

	// send(kind, fields): one input message. onEscape(): the person wants to leave the screen by keyboard.
	constructor(canvas, { send, onEscape }) {
		this.#canvas = canvas;
		const releaseAll = () => send("releaseAll", {});
		this.#keyboard = new Keyboard({ sendKey: (fields) => send("key", fields), releaseAll, onEscape });
		this.#pointer = new Pointer({
			sendPointer: (fields) => send("pointer", fields),
			sendWheel: (fields) => send("wheel", fields),
			releaseAll,
		});
		this.#listenKeys();
		this.#listenPointer();
		this.#listenLeaving();
	}

	setScreen(width, height) {
		this.#pointer.setScreen(width, height);
	}

	setEnabled(isEnabled) {
		this.#keyboard.setEnabled(isEnabled);
		this.#pointer.setEnabled(isEnabled);
	}

	#rect() {
		return this.#canvas.getBoundingClientRect();
	}

	#listenKeys() {
		this.#canvas.addEventListener("keydown", (event) => this.#keyboard.keyDown(event));
		this.#canvas.addEventListener("keyup", (event) => this.#keyboard.keyUp(event));
	}

	#listenPointer() {
		const canvas = this.#canvas;
		canvas.addEventListener("pointerdown", (event) => {
			canvas.focus({ preventScroll: true });
			// A drag goes on outside of the canvas, and its end must not be missed there.
			canvas.setPointerCapture(event.pointerId);
			this.#pointer.moved(event, this.#rect());
		});
		for (const type of ["pointermove", "pointerup"]) {
			canvas.addEventListener(type, (event) => this.#pointer.moved(event, this.#rect()));
		}
		// Ahead of the animation frame for which pointermove waits: up to 16 ms sooner.
		canvas.addEventListener("pointerrawupdate", (event) =>
			this.#pointer.movedRaw(event, this.#rect(), event.timeStamp),
		);
		canvas.addEventListener("pointercancel", () => this.#pointer.release());
		canvas.addEventListener("wheel", (event) => this.#pointer.wheel(event, this.#rect()), {
			passive: false,
		});
		canvas.addEventListener("contextmenu", (event) => event.preventDefault());
		// No selecting, dragging or scrolling by the terminal's browser; and the side buttons are the isolated browser's
		// Back and Forward. Not pointerdown: with that prevented these events do not come, and Back leaves the page.
		for (const type of ["mousedown", "mouseup", "auxclick"]) {
			canvas.addEventListener(type, (event) => event.preventDefault());
		}
	}

	#listenLeaving() {
		const release = () => {
			this.#keyboard.release();
			this.#pointer.release();
		};
		this.#canvas.addEventListener("blur", release);
		window.addEventListener("blur", release);
		document.addEventListener("visibilitychange", () => {
			if (document.hidden) {
				release();
			}
		});
	}
}
