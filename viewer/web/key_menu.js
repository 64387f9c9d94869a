// The menu of keys that the terminal keeps for itself (its browser closes the tab at Ctrl+W, its window manager takes Alt+Tab), and
// of how letters are entered. Used by mouse, by finger, and by keyboard alone: arrows, Home, End, Enter, Escape.

const element = (id) => document.getElementById(id);

// What no page gets from its browser, in the order of the menu: word and KeyboardEvent.code of each key.
export const RESERVED = Object.freeze([
	{ word: "keyNewTab", codes: ["ControlLeft", "KeyT"], label: "Ctrl+T" },
	{ word: "keyCloseTab", codes: ["ControlLeft", "KeyW"], label: "Ctrl+W" },
	{ word: "keyReopenTab", codes: ["ControlLeft", "ShiftLeft", "KeyT"], label: "Ctrl+Shift+T" },
	{ word: "keyNextTab", codes: ["ControlLeft", "Tab"], label: "Ctrl+Tab" },
	{ word: "keyPreviousTab", codes: ["ControlLeft", "ShiftLeft", "Tab"], label: "Ctrl+Shift+Tab" },
	{ word: "keyNewWindow", codes: ["ControlLeft", "KeyN"], label: "Ctrl+N" },
	{ word: "keyNextWindow", codes: ["AltLeft", "Tab"], label: "Alt+Tab" },
	{ word: "keyCloseWindow", codes: ["AltLeft", "F4"], label: "Alt+F4" },
	{ word: "keyWholePage", codes: ["F11"], label: "F11" },
	{ word: "keyEscape", codes: ["Escape"], label: "Esc" },
]);

export class KeyMenu {
	#words;
	#button = element("keys");
	#menu = element("key-menu");
	#onKeys;
	#onPlain;
	#isPlain;
	#plainItem;

	// onKeys(codes, event): press these, in this order. onPlain(isPlain). isPlain: letters go as plain keys.
	constructor(words, { isPlain, onKeys, onPlain }) {
		this.#words = words;
		this.#isPlain = isPlain;
		this.#onKeys = onKeys;
		this.#onPlain = onPlain;
		this.#build();
		this.#listen();
		words.onChange(() => this.#write());
	}

	#build() {
		for (const { word, codes, label } of RESERVED) {
			const item = this.#add("menuitem", word);
			const keys = document.createElement("kbd");
			keys.textContent = label;
			item.append(keys);
			item.addEventListener("click", (event) => {
				this.#close();
				this.#onKeys(codes, event);
			});
		}
		this.#plainItem = this.#add("menuitemcheckbox", "keyPlain");
		this.#plainItem.classList.add("apart");
		this.#plainItem.addEventListener("click", () => this.#togglePlain());
	}

	#add(role, word) {
		const item = document.createElement("button");
		item.type = "button";
		item.setAttribute("role", role);
		item.tabIndex = -1;
		const text = document.createElement("span");
		text.dataset.word = word;
		item.append(text);
		this.#menu.append(item);
		return item;
	}

	setPlain(isPlain) {
		this.#isPlain = isPlain;
		this.#write();
		this.#onPlain(isPlain);
	}

	#togglePlain() {
		this.#close();
		this.setPlain(!this.#isPlain);
	}

	#listen() {
		this.#button.addEventListener("click", () => (this.#menu.hidden ? this.#open() : this.#close()));
		this.#button.addEventListener("keydown", (event) => {
			if (event.key === "ArrowDown") {
				event.preventDefault();
				this.#open();
			}
		});
		this.#menu.addEventListener("keydown", (event) => this.#keyDown(event));
		this.#menu.addEventListener("focusout", (event) => {
			if (event.relatedTarget !== this.#button && !this.#menu.contains(event.relatedTarget)) {
				this.#close();
			}
		});
	}

	#keyDown(event) {
		const items = [...this.#menu.children];
		const at = items.indexOf(document.activeElement);
		const next = {
			ArrowDown: (at + 1) % items.length,
			ArrowUp: (at - 1 + items.length) % items.length,
			Home: 0,
			End: items.length - 1,
		}[event.key];
		if (next !== undefined) {
			event.preventDefault();
			items[next].focus();
		} else if (event.key === "Escape") {
			// The bar's own Escape goes to the screen; this one only leaves the menu.
			event.stopPropagation();
			this.#button.focus();
			this.#close();
		} else if (event.key === "Tab") {
			this.#button.focus();
			this.#close();
		}
	}

	#open() {
		this.#menu.hidden = false;
		this.#button.setAttribute("aria-expanded", "true");
		this.#menu.firstElementChild.focus();
	}

	#close() {
		this.#menu.hidden = true;
		this.#button.setAttribute("aria-expanded", "false");
	}

	#write() {
		this.#plainItem.setAttribute("aria-checked", String(this.#isPlain));
		for (const text of this.#menu.querySelectorAll("[data-word]")) {
			text.textContent = this.#words.word(text.dataset.word);
		}
	}
}
