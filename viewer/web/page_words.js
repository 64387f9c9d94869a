// Puts words.js on the page and remembers the language. Elements name their word: data-word (text) and
// data-word-label (aria-label); what is written at run time is written again through onChange.

import { LANGUAGES, word } from "./words.js";

const STORED = "shoji.language";

export class PageWords {
	#language;
	#listeners = [];

	constructor() {
		const stored = localStorage.getItem(STORED);
		this.#language = LANGUAGES.includes(stored) ? stored : LANGUAGES[0];
		for (const button of document.querySelectorAll(".language")) {
			button.addEventListener("click", () => this.#switch());
		}
	}

	// listener() is called whenever the language changes, and once by apply().
	onChange(listener) {
		this.#listeners.push(listener);
	}

	word(key, blanks) {
		return word(this.#language, key, blanks);
	}

	#switch() {
		this.#language = LANGUAGES[(LANGUAGES.indexOf(this.#language) + 1) % LANGUAGES.length];
		localStorage.setItem(STORED, this.#language);
		this.apply();
	}

	apply() {
		document.documentElement.lang = this.#language;
		document.title = this.word("title");
		for (const element of document.querySelectorAll("[data-word]")) {
			element.textContent = this.word(element.dataset.word);
		}
		for (const element of document.querySelectorAll("[data-word-label]")) {
			element.setAttribute("aria-label", this.word(element.dataset.wordLabel));
		}
		for (const listener of this.#listeners) {
			listener();
		}
	}
}
