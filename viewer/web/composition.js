// What the person composes with the terminal's own IME, made into numbered texts: pre-edits while composing, one commit at
// the end. Knows no page: it is fed the events of an EditContext (https://www.w3.org/TR/edit-context/), which
// is attached to the screen's canvas, so that no hidden text field has to hold the focus.
//
// The EditContext's text is empty but while something is composed; nothing is drawn here, for the isolated browser draws
// the pre-edit at its caret.

import { CLAUSES_MAX, TEXT_CHARACTERS_MAX } from "./wire.js";

const codePoints = (text) => [...text].length;
// Commits of which the broker has not said yet what became of them.
const PENDING_MAX = 1000;

export class Composition {
	#context;
	#send;
	#onLost;
	#onRefused;
	#number = 0;
	#isEnabled = false;
	#isComposing = false;
	#wasEnabled = false; // when composing began
	#isShown = false; // the isolated browser shows a pre-edit
	#formats = [];
	#flushTimer = null;
	#pending = new Set();

	// send(fields): one text. onRefused(reason): "refused", "tooMuch", "tooLong". onLost(): nobody knows what became of a
	// text: the line was cut.
	constructor(context, { send, onRefused, onLost }) {
		this.#context = context;
		this.#send = send;
		this.#onRefused = onRefused;
		this.#onLost = onLost;
		context.addEventListener("compositionstart", () => this.#began());
		context.addEventListener("textupdate", (event) => this.#changed(event));
		context.addEventListener("textformatupdate", (event) => this.#formatted(event));
		context.addEventListener("compositionend", () => this.#ended());
	}

	get isComposing() {
		return this.#isComposing;
	}

	// While disabled what is composed cannot be sent; it is said so when it ends.
	setEnabled(isEnabled) {
		this.#isEnabled = isEnabled;
		if (isEnabled) {
			return;
		}
		this.#stopTimer();
		this.#isShown = false;
		if (this.#pending.size > 0) {
			this.#pending.clear();
			this.#onLost();
		}
	}

	// What the broker says became of a commit: enum text_outcome.
	outcome(number, outcome) {
		this.#pending.delete(number);
		if (outcome !== 0) {
			this.#onRefused(outcome === 2 ? "tooMuch" : "refused");
		}
	}

	// What is composed now goes before whatever comes next in the input sequence.
	flush() {
		if (this.#flushTimer !== null) {
			this.#sendPreedit();
		}
	}

	#began() {
		this.#isComposing = true;
		this.#wasEnabled = this.#isEnabled;
		this.#formats = [];
	}

	#changed(event) {
		if (!this.#isComposing) {
			// Not composed: an emoji panel, a voice, a pen.
			this.#wasEnabled = this.#isEnabled;
			this.#commit(event.text);
			this.#clear();
			return;
		}
		this.#flushTimer ??= setTimeout(() => this.#sendPreedit(), 0);
	}

	// Follows the change of the text in the same turn, where the IME marks clauses.
	#formatted(event) {
		this.#formats = event.getTextFormats();
		if (this.#flushTimer !== null) {
			this.#sendPreedit();
		}
	}

	#ended() {
		this.#stopTimer();
		this.#isComposing = false;
		const text = this.#context.text;
		this.#clear();
		if (text) {
			this.#commit(text);
		} else {
			this.#removePreedit();
		}
	}

	#clear() {
		this.#context.updateText(0, this.#context.text.length, "");
		this.#context.updateSelection(0, 0);
	}

	#stopTimer() {
		clearTimeout(this.#flushTimer);
		this.#flushTimer = null;
	}

	#sendPreedit() {
		this.#stopTimer();
		const text = this.#context.text;
		if (!this.#isEnabled || codePoints(text) > TEXT_CHARACTERS_MAX) {
			return;
		}
		this.#isShown = text !== "";
		this.#send({
			number: this.#nextNumber(),
			isCommit: false,
			text,
			caret: codePoints(text.slice(0, this.#context.selectionEnd)),
			clauses: this.#clauses(text),
		});
	}

	#removePreedit() {
		if (this.#isShown && this.#isEnabled) {
			this.#isShown = false;
			this.#send({ number: this.#nextNumber(), isCommit: false, text: "" });
		}
	}

	// The clause that is being converted is the one with the thick line.
	#clauses(text) {
		return this.#formats
			.filter(({ rangeStart, rangeEnd }) => rangeStart < rangeEnd && rangeEnd <= text.length)
			.slice(0, CLAUSES_MAX)
			.map(({ rangeStart, rangeEnd, underlineThickness }) => ({
				first: codePoints(text.slice(0, rangeStart)),
				count: codePoints(text.slice(rangeStart, rangeEnd)),
				isTarget: /^thick$/i.test(underlineThickness),
			}));
	}

	// NFC, but for what it would make another character of: a variation sequence stays as it was typed.
	#commit(composed) {
		const text = composed.normalize("NFC");
		this.#isShown = false;
		if (text === "") {
			return;
		}
		if (!this.#isEnabled) {
			// Whoever began on a dead screen has been told of it; whose line was cut meanwhile has not.
			if (this.#wasEnabled) {
				this.#onLost();
			}
			return;
		}
		const characters = [...text];
		if (characters.length > TEXT_CHARACTERS_MAX) {
			this.#removePreedit();
			this.#onRefused("tooLong");
			return;
		}
		const number = this.#nextNumber();
		if (this.#pending.size < PENDING_MAX) {
			this.#pending.add(number);
		}
		this.#send({ number, isCommit: true, text });
	}

	#nextNumber() {
		this.#number = this.#number === 0xffffffff ? 1 : this.#number + 1;
		return this.#number;
	}
}
