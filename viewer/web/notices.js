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

	// isPassing: goes by itself; otherwise it stays until it is closed. offer {key, onTaken}: a button that does something about it.
	show(key, { blanks = {}, isPassing = false, offer = null } = {}) {
		while (this.#list.children.length >= NOTICES_MAX) {
			this.#list.firstElementChild.remove();
		}
		const item = document.createElement("li");
		const text = document.createElement("span");
		text.textContent = this.#words.word(key, blanks);
		item.append(text);
		if (offer) {
			item.append(this.#button(offer.key, () => (item.remove(), offer.onTaken())));
		}
		item.append(this.#button("closeNotice", () => item.remove()));
		this.#list.append(item);
		if (isPassing) {
			setTimeout(() => item.remove(), PASSING_MS);
		}
		this.announce(key, blanks);
	}

	#button(key, onClick) {
		const button = document.createElement("button");
		button.type = "button";
		button.className = "button";
		button.textContent = this.#words.word(key);
		button.addEventListener("click", onClick);
		return button;
	}

	clear() {
		this.#list.replaceChildren();
	}
}
