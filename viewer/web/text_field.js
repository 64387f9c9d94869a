// Stands in for an EditContext where the browser has none (Firefox, Safari, older Edge): a text field that nobody sees, driven by
// ordinary composition events (UI Events). It offers as much of an EditContext's interface as composition.js and input_page.js use.

export class TextField extends EventTarget {
	#field;
	#text = "";
	#selectionEnd = 0;
	#isComposing = false;

	// field: an empty <textarea> that has the focus while the screen is used.
	constructor(field) {
		super();
		this.#field = field;
		field.addEventListener("compositionstart", () => {
			this.#isComposing = true;
			this.dispatchEvent(new Event("compositionstart"));
		});
		field.addEventListener("compositionupdate", (event) => this.#composed(event.data));
		field.addEventListener("compositionend", (event) => this.#ended(event.data));
		// isComposing: compositionupdate has told it already.
		field.addEventListener("input", (event) => event.isComposing || this.#typed());
	}

	get text() {
		return this.#text;
	}

	get selectionEnd() {
		return this.#selectionEnd;
	}

	// Only ever emptied: what was composed is the isolated browser's now.
	updateText() {
		this.#text = "";
		this.#field.value = "";
	}

	updateSelection() {
		this.#selectionEnd = 0;
	}

	getTextFormats() {
		return []; // no such event says what the clauses are
	}

	updateControlBounds() {}
	updateCharacterBounds() {}

	// The terminal's candidate window opens below the field's own caret, or what is composed in it: it stays where composing began.
	updateSelectionBounds({ x, y, height }) {
		if (this.#isComposing) {
			return;
		}
		const style = this.#field.style;
		style.left = `${x}px`;
		style.top = `${y}px`;
		style.height = `${height}px`;
		style.fontSize = `${Math.max(1, height * 0.8)}px`;
	}

	#composed(data) {
		this.#text = data ?? "";
		this.#selectionEnd = this.#text.length;
		this.#tell("textupdate");
	}

	#ended(data) {
		this.#isComposing = false;
		this.#text = data ?? "";
		this.dispatchEvent(new Event("compositionend"));
	}

	// Not composed: an emoji panel, a voice. Some browsers also say here once more what compositionend has said; the field
	// is empty by then.
	#typed() {
		if (this.#field.value !== "") {
			this.#text = this.#field.value;
			this.#tell("textupdate");
		}
	}

	#tell(type) {
		this.dispatchEvent(Object.assign(new Event(type), { text: this.#text }));
	}
}
