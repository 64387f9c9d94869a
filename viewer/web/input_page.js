// Listens on the canvas and the window for keys, composed text, pointer and wheel, and hands them to keyboard.js, composition.js
// and pointer.js.

import { CharacterPlaces } from "./character_places.js";
import { Composition } from "./composition.js";
import { CompositionWatch } from "./composition_watch.js";
import { Keyboard } from "./keyboard.js";
import { Pointer } from "./pointer.js";
import { TextField } from "./text_field.js";
import { Touch } from "./touch.js";

const EVENT_AGE_MAX_MS = 250;

export class InputPage {
	#canvas;
	#keyboard;
	#pointer;
	#touch;
	#field; // has the focus in the canvas's place where there is no EditContext
	#isPlain = false;
	#editContext = null; // or a TextField, which is used like one
	#composition = null;
	#caret = null; // {x, y, width, height} in pixels of the screen
	#places = new CharacterPlaces(); // same
	#eventAtMs = 0; // of the last key, as the browser had it from the system

	// field: an empty textarea. send(kind, fields, atEpochMs): one input message, and when the person did it. onEscape():
	// the person wants to leave the screen by keyboard.
	// onTextRefused(reason), onTextLost(): see Composition. onTextSilent(): the IME takes letters, and nothing comes of them.
	constructor(canvas, field, { send: sendAt, onEscape, onTextRefused, onTextLost, onTextSilent }) {
		this.#canvas = canvas;
		this.#field = field;
		this.#listenTimes();
		const send = (kind, fields) => sendAt(kind, fields, performance.timeOrigin + this.#happenedAtMs());
		// One sequence: what is composed does not fall behind what is pressed after it.
		const sendInTurn = (kind, fields) => {
			this.#composition?.flush();
			send(kind, fields);
		};
		const releaseAll = () => sendInTurn("releaseAll", {});
		this.#keyboard = new Keyboard({ sendKey: (fields) => sendInTurn("key", fields), releaseAll, onEscape });
		this.#pointer = new Pointer({
			sendPointer: (fields) => sendInTurn("pointer", fields),
			sendWheel: (fields) => sendInTurn("wheel", fields),
			releaseAll,
		});
		this.#touch = new Touch(this.#pointer);
		this.#listenComposition(send, { onTextRefused, onTextLost });
		this.#listenKeys(onTextSilent);
		this.#listenPointer();
		this.#listenLeaving();
	}

	setScreen(width, height) {
		this.#pointer.setScreen(width, height);
	}

	setEnabled(isEnabled) {
		this.#keyboard.setEnabled(isEnabled);
		this.#composition?.setEnabled(isEnabled);
		this.#pointer.setEnabled(isEnabled);
	}

	// Plain: nothing is composed, no IME is asked; letters go as keys, and the isolated host's keyboard map makes half-width
	// characters of them.
	setPlain(isPlain) {
		this.#isPlain = isPlain;
		this.#keyboard.setPlain(isPlain);
		if ("EditContext" in window) {
			this.#canvas.editContext = isPlain ? null : this.#editContext;
			return;
		}
		this.#field.hidden = isPlain;
	}

	// Keys that the terminal's own keyboard could not send here: see Keyboard.press().
	pressKeys(codes, event) {
		this.#keyboard.press(codes, event);
	}

	textOutcome(number, outcome) {
		this.#composition?.outcome(number, outcome);
	}

	// Where the isolated browser's caret is: the terminal's candidate window opens there.
	setCaret(caret) {
		this.#caret = caret;
		this.#canvas.dataset.caret = `${caret.x} ${caret.y} ${caret.width} ${caret.height}`;
		if (this.#composition?.isComposing) {
			this.#places.move(caret, this.#editContext.selectionEnd);
		}
		this.#placeCandidates();
	}

	#placeCandidates() {
		if (!this.#editContext || !this.#caret) {
			return;
		}
		const canvas = this.#rect();
		this.#editContext.updateControlBounds(canvas);
		this.#editContext.updateSelectionBounds(this.#onPage(this.#caret, canvas));
		if (this.#composition.isComposing) {
			this.#placeCharacters(0, this.#editContext.text.length);
		}
		// Chromium tells the system of these bounds with its next frame of this page, which may be long in coming: the
		// screen is drawn by a worker.
		requestAnimationFrame(() => {});
	}

	#placeCharacters(first, end) {
		if (!this.#caret) {
			return;
		}
		const canvas = this.#rect();
		const bounds = [];
		for (let index = first; index < end; index++) {
			bounds.push(this.#onPage(this.#places.at(index) ?? this.#caret, canvas));
		}
		this.#editContext.updateCharacterBounds(first, bounds);
	}

	// Of the screen's pixels, where they are on this page. canvas: its rectangle here.
	#onPage({ x, y, width, height }, canvas) {
		const scale = canvas.width / this.#canvas.width;
		const [left, top] = [canvas.x + x * scale, canvas.y + y * scale];
		return new DOMRect(left, top, Math.max(1, width * scale), Math.max(1, height * scale));
	}

	#listenComposition(send, { onTextRefused, onTextLost }) {
		const hasEditContext = "EditContext" in window;
		this.#editContext = hasEditContext ? new EditContext() : new TextField(this.#field);
		this.#composition = new Composition(this.#editContext, {
			send: (fields) => send("text", fields),
			onRefused: onTextRefused,
			onLost: onTextLost,
		});
		this.#editContext.addEventListener("compositionstart", () => this.#places.begin(this.#caret));
		this.#editContext.addEventListener("compositionend", () => this.#placeCandidates());
		if (!hasEditContext) {
			this.#field.hidden = false;
			this.#canvas.addEventListener("focus", () => this.#isPlain || this.#field.focus({ preventScroll: true }));
			return;
		}
		// Asked for while something is composed.
		this.#editContext.addEventListener("characterboundsupdate", (event) => {
			this.#placeCharacters(event.rangeStart, event.rangeEnd);
		});
		this.#canvas.editContext = this.#editContext;
	}

	#rect() {
		return this.#canvas.getBoundingClientRect();
	}

	// Ahead of all others: what a press costs is counted from the press, not from when this page came to it.
	#listenTimes() {
		window.addEventListener("keydown", (event) => (this.#eventAtMs = event.timeStamp), { capture: true });
	}

	// What no key was pressed for (a candidate that is clicked, a voice, the menu of keys) is counted from now.
	#happenedAtMs() {
		const nowMs = performance.now();
		return nowMs - this.#eventAtMs < EVENT_AGE_MAX_MS ? this.#eventAtMs : nowMs;
	}

	#listenKeys(onTextSilent) {
		const watch = new CompositionWatch(onTextSilent);
		for (const type of ["compositionstart", "textupdate", "compositionend"]) {
			this.#editContext.addEventListener(type, () => watch.heard(type));
		}
		for (const element of [this.#canvas, this.#field]) {
			element.addEventListener("keydown", (event) => {
				if (!this.#isPlain) {
					watch.keyDown(event);
				}
				this.#keyboard.keyDown(event);
			});
			element.addEventListener("keyup", (event) => this.#keyboard.keyUp(event));
		}
	}

	#listenPointer() {
		const canvas = this.#canvas;
		canvas.addEventListener("pointerdown", (event) => {
			canvas.focus({ preventScroll: true });
			// A drag goes on outside of the canvas, and its end must not be missed there.
			canvas.setPointerCapture(event.pointerId);
			this.#pointed(event);
		});
		for (const type of ["pointermove", "pointerup", "pointercancel"]) {
			canvas.addEventListener(type, (event) => this.#pointed(event));
		}
		// Ahead of the animation frame for which pointermove waits: up to 16 ms sooner.
		canvas.addEventListener("pointerrawupdate", (event) => {
			if (event.pointerType !== "touch") {
				this.#pointer.movedRaw(event, this.#rect(), event.timeStamp);
			}
		});
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

	#pointed(event) {
		if (event.pointerType === "touch") {
			this.#touch.handle(event, this.#rect());
		} else if (event.type === "pointercancel") {
			this.#pointer.release();
		} else {
			this.#pointer.moved(event, this.#rect());
		}
	}

	#listenLeaving() {
		const release = () => {
			this.#keyboard.release();
			this.#touch.release();
			this.#pointer.release();
		};
		this.#canvas.addEventListener("blur", release);
		this.#field.addEventListener("blur", release);
		window.addEventListener("blur", release);
		document.addEventListener("visibilitychange", () => {
			if (document.hidden) {
				release();
			}
		});
	}
}
