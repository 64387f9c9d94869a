// Short messages at the screen's edge: bounded in number, closable by mouse and keyboard, never taking the focus. They
// are spoken through announce().

const NOTICES_MAX = 3;
const PASSING_MS = 6000;

export class Notices {
	#words;
	#list = document.getElementById("notices");
	#announcement = document.getElementById("announcement");

	constructor(words) {
		this.#words = words;
	}

	announce(key, blanks) {
		this.#announcement.textContent = this.#words.word(key, blanks);
	}

	// isPassing: goes by itself; otherwise it stays until it is closed.
	show(key, { blanks = {}, isPassing = false } = {}) {
		while (this.#list.children.length >= NOTICES_MAX) {
			this.#list.firstElementChild.remove();
		}
		const item = document.createElement("li");
		const text = document.createElement("span");
		text.textContent = this.#words.word(key, blanks);
		const close = document.createElement("button");
		close.type = "button";
		close.className = "button";
		close.textContent = this.#words.word("closeNotice");
		close.addEventListener("click", () => item.remove());
		item.append(text, close);
		this.#list.append(item);
		if (isPassing) {
			setTimeout(() => item.remove(), PASSING_MS);
		}
		this.announce(key, blanks);
	}

	clear() {
		this.#list.replaceChildren();
	}
}
