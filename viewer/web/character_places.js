// Where on the screen the characters of what is composed are, as far as it can be known: the isolated browser draws them, and tells
// where its caret is. Windows' IMEs ask for the place of the clause that they convert, or of the first character. Knows no page.
//
// Known are the place where composing began (the caret was there) and that of each caret since; between two of them on
// one line the characters are taken to be equally wide, as Japanese ones are.

export class CharacterPlaces {
	#start = null; // of the first character
	#caret = null;
	#index = 0; // of the character that the caret stands before
	#advance = 0; // width of one

	// Composing begins at this caret; null: nobody knows where it is.
	begin(caret) {
		this.#start = this.#caret = caret;
		this.#index = 0;
		this.#advance = 0;
	}

	// caret: {x, y, width, height}; it stands before the character of this index, in UTF-16 code units.
	move(caret, index) {
		this.#caret = caret;
		this.#index = index;
		if (index === 0) {
			this.#start = caret;
		} else if (this.#isOneLine() && caret.x > this.#start.x) {
			this.#advance = (caret.x - this.#start.x) / index;
		}
	}

	// Of the character of this index; null: unknown.
	at(index) {
		if (!this.#caret || !this.#start) {
			return this.#caret;
		}
		const caret = { ...this.#caret, width: this.#advance };
		if (index === 0) {
			return { ...this.#start, width: this.#advance };
		}
		return this.#isOneLine() ? { ...caret, x: caret.x + (index - this.#index) * this.#advance } : caret;
	}

	#isOneLine() {
		return this.#start !== null && Math.abs(this.#caret.y - this.#start.y) < this.#start.height / 2;
	}
}
