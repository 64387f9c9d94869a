// From the terminal's keyboard to numbered keys: which physical key (KeyboardEvent.code), never which character; the
// isolated host's own keyboard map decides what it writes. Knows no page: it is fed events and calls `send`.

import { Modifier } from "./wire.js";

// KeyboardEvent.code -> QEMU key number: an XT scan code, with 0x80 set for those that E0 prefixes.
export const KEY_NUMBERS = Object.freeze({
	Escape: 0x01,
	Digit1: 0x02,
	Digit2: 0x03,
	Digit3: 0x04,
	Digit4: 0x05,
	Digit5: 0x06,
	Digit6: 0x07,
	Digit7: 0x08,
	Digit8: 0x09,
	Digit9: 0x0a,
	Digit0: 0x0b,
	Minus: 0x0c,
	Equal: 0x0d,
	Backspace: 0x0e,
	Tab: 0x0f,
	KeyQ: 0x10,
	KeyW: 0x11,
	KeyE: 0x12,
	KeyR: 0x13,
	KeyT: 0x14,
	KeyY: 0x15,
	KeyU: 0x16,
	KeyI: 0x17,
	KeyO: 0x18,
	KeyP: 0x19,
	BracketLeft: 0x1a,
	BracketRight: 0x1b,
	Enter: 0x1c,
	ControlLeft: 0x1d,
	KeyA: 0x1e,
	KeyS: 0x1f,
	KeyD: 0x20,
	KeyF: 0x21,
	KeyG: 0x22,
	KeyH: 0x23,
	KeyJ: 0x24,
	KeyK: 0x25,
	KeyL: 0x26,
	Semicolon: 0x27,
	Quote: 0x28,
	Backquote: 0x29, // JIS: hankaku/zenkaku
	ShiftLeft: 0x2a,
	Backslash: 0x2b, // JIS: the key beside Enter
	KeyZ: 0x2c,
	KeyX: 0x2d,
	KeyC: 0x2e,
	KeyV: 0x2f,
	KeyB: 0x30,
	KeyN: 0x31,
	KeyM: 0x32,
	Comma: 0x33,
	Period: 0x34,
	Slash: 0x35,
	ShiftRight: 0x36,
	NumpadMultiply: 0x37,
	AltLeft: 0x38,
	Space: 0x39,
	CapsLock: 0x3a, // JIS: eisu
	F1: 0x3b,
	F2: 0x3c,
	F3: 0x3d,
	F4: 0x3e,
	F5: 0x3f,
	F6: 0x40,
	F7: 0x41,
	F8: 0x42,
	F9: 0x43,
	F10: 0x44,
	NumLock: 0x45,
	ScrollLock: 0x46,
	Numpad7: 0x47,
	Numpad8: 0x48,
	Numpad9: 0x49,
	NumpadSubtract: 0x4a,
	Numpad4: 0x4b,
	Numpad5: 0x4c,
	Numpad6: 0x4d,
	NumpadAdd: 0x4e,
	Numpad1: 0x4f,
	Numpad2: 0x50,
	Numpad3: 0x51,
	Numpad0: 0x52,
	NumpadDecimal: 0x53,
	PrintScreen: 0x54,
	IntlBackslash: 0x56, // the key beside the left Shift of a 102-key keyboard; a JIS one has IntlRo
	F11: 0x57,
	F12: 0x58,
	NumpadEqual: 0x59,
	F13: 0x5d,
	F14: 0x5e,
	F15: 0x5f,
	KanaMode: 0x70, // JIS: katakana/hiragana
	Lang2: 0x71, // Apple JIS: eisu
	Lang1: 0x72, // Apple JIS: kana
	IntlRo: 0x73,
	Convert: 0x79, // henkan
	NonConvert: 0x7b, // muhenkan
	IntlYen: 0x7d,
	NumpadComma: 0x7e,
	NumpadEnter: 0x9c,
	ControlRight: 0x9d,
	NumpadDivide: 0xb5,
	AltRight: 0xb8,
	Pause: 0xc6,
	Home: 0xc7,
	ArrowUp: 0xc8,
	PageUp: 0xc9,
	ArrowLeft: 0xcb,
	ArrowRight: 0xcd,
	End: 0xcf,
	ArrowDown: 0xd0,
	PageDown: 0xd1,
	Insert: 0xd2,
	Delete: 0xd3,
	MetaLeft: 0xdb,
	MetaRight: 0xdc,
	ContextMenu: 0xdd,
	BrowserBack: 0xea,
	BrowserForward: 0xe9,
	BrowserRefresh: 0xe7,
	BrowserStop: 0xe8,
	BrowserSearch: 0xe5,
	BrowserHome: 0xb2,
	BrowserFavorites: 0xe6,
});

// Windows reports these without a matching keyup, or alternates two names for one press, because the terminal's own IME
// switches by them. A press is then sent as down and up at once; otherwise the host would see a key held for ever.
const SWITCHING_KEYS = new Set([
	"Alphanumeric",
	"CapsLock",
	"Eisu",
	"Hankaku",
	"Hiragana",
	"HiraganaKatakana",
	"KanaMode",
	"Katakana",
	"Romaji",
	"Zenkaku",
	"ZenkakuHankaku",
]);

const ESCAPE_CODES = new Set([
	"ControlLeft",
	"ControlRight",
	"AltLeft",
	"AltRight",
	"ShiftLeft",
	"ShiftRight",
]);

const MODIFIER_NAMES = [
	["Shift", Modifier.SHIFT],
	["Control", Modifier.CONTROL],
	["Alt", Modifier.ALT],
	["Meta", Modifier.META],
	["AltGraph", Modifier.ALTGR],
	["CapsLock", Modifier.CAPS_LOCK],
	["NumLock", Modifier.NUM_LOCK],
];

// The whole modifier state when the event (keyboard, pointer or wheel) happened.
export function modifiersOf(event) {
	let bits = 0;
	for (const [name, bit] of MODIFIER_NAMES) {
		if (event.getModifierState(name)) {
			bits |= bit;
		}
	}
	return bits;
}

// With Control these are the isolated browser's shortcuts even when an IME that is switched on claims the key ("Process"),
// as some do with every key. While something is composed they are the IME's own.
const SHORTCUT_CODES = new Set(["A", "C", "F", "L", "N", "P", "R", "S", "T", "V", "W", "X", "Y", "Z"].map((letter) => `Key${letter}`));
const isShortcut = (event) => event.ctrlKey && !event.altKey && SHORTCUT_CODES.has(event.code);

// The terminal's IME has this key: what becomes of it arrives as composed text. 229 is what a keydown says that the IME
// took before anything is composed (UI Events, "isComposing" and the legacy keyCode).
const isComposing = (event) =>
	event.isComposing || ((event.keyCode === 229 || event.key === "Process") && !isShortcut(event));

const CODE_MODIFIERS = Object.freeze({
	ControlLeft: Modifier.CONTROL,
	ShiftLeft: Modifier.SHIFT,
	AltLeft: Modifier.ALT,
});

export class Keyboard {
	#sendKey;
	#releaseAll;
	#onEscape;
	#held = new Map(); // code -> key number
	#isEnabled = false;
	#isEscapeArmed = false;
	#isPlain = false;

	// sendKey({key, isDown, modifiers}); releaseAll(); onEscape(): the person pressed Ctrl+Alt+Shift and nothing else.
	constructor({ sendKey, releaseAll, onEscape }) {
		this.#sendKey = sendKey;
		this.#releaseAll = releaseAll;
		this.#onEscape = onEscape;
	}

	get heldCount() {
		return this.#held.size;
	}

	// While disabled nothing is taken from the terminal's browser: Tab and Enter work on the page as usual.
	setEnabled(isEnabled) {
		if (!isEnabled) {
			this.#forget();
		}
		this.#isEnabled = isEnabled;
	}

	// Plain: whatever the terminal's IME says, a key is a key.
	setPlain(isPlain) {
		this.#isPlain = isPlain;
	}

	// A chord that nobody's keyboard could send, pressed and let go. event tells which locks are on.
	press(codes, event) {
		if (!this.#isEnabled) {
			return;
		}
		this.release();
		let modifiers = modifiersOf(event) & (Modifier.CAPS_LOCK | Modifier.NUM_LOCK);
		for (const code of codes) {
			modifiers |= CODE_MODIFIERS[code] ?? 0;
			this.#sendKey({ key: KEY_NUMBERS[code], isDown: true, modifiers });
		}
		for (const code of [...codes].reverse()) {
			modifiers &= ~(CODE_MODIFIERS[code] ?? 0);
			this.#sendKey({ key: KEY_NUMBERS[code], isDown: false, modifiers });
		}
	}

	keyDown(event) {
		if (!this.#isEnabled || (!this.#isPlain && isComposing(event))) {
			return;
		}
		// First of all: what the browser would do with the key (F5, Ctrl+P, Backspace) is the host's to do.
		event.preventDefault();
		const key = KEY_NUMBERS[event.code];
		if (key === undefined) {
			return;
		}
		this.#armEscape(event);
		const modifiers = modifiersOf(event);
		if (SWITCHING_KEYS.has(event.key)) {
			if (!event.repeat) {
				this.#sendKey({ key, isDown: true, modifiers });
				this.#sendKey({ key, isDown: false, modifiers });
			}
			return;
		}
		// A repeat is sent as another down: the terminal's own repeat rate is what the person is used to.
		this.#held.set(event.code, key);
		this.#sendKey({ key, isDown: true, modifiers });
	}

	keyUp(event) {
		if (!this.#isEnabled) {
			return;
		}
		event.preventDefault();
		const key = this.#held.get(event.code);
		if (key !== undefined) {
			this.#held.delete(event.code);
			this.#sendKey({ key, isDown: false, modifiers: modifiersOf(event) });
			this.#releaseLost(event);
		}
		if (this.#isEscapeArmed && ESCAPE_CODES.has(event.code)) {
			this.#isEscapeArmed = false;
			this.release();
			this.#onEscape();
		}
	}

	// Focus left, the window was hidden: whatever happens to these keys now happens elsewhere.
	release() {
		if (this.#isEnabled) {
			this.#releaseAll();
		}
		this.#forget();
	}

	#forget() {
		this.#held.clear();
		this.#isEscapeArmed = false;
	}

	// macOS reports no keyup for a key let go while Command is held.
	#releaseLost(event) {
		if (event.key !== "Meta" || this.#held.size === 0) {
			return;
		}
		const modifiers = modifiersOf(event);
		for (const [code, key] of this.#held) {
			if (!ESCAPE_CODES.has(code)) {
				this.#held.delete(code);
				this.#sendKey({ key, isDown: false, modifiers });
			}
		}
	}

	// The way out for people without a mouse. It acts when the keys come up again and nothing else was
	// pressed, so that Ctrl+Alt+Shift with a further key still reaches the host.
	#armEscape(event) {
		const isAll =
			event.getModifierState("Control") &&
			event.getModifierState("Alt") &&
			event.getModifierState("Shift");
		this.#isEscapeArmed = isAll && ESCAPE_CODES.has(event.code);
	}
}
