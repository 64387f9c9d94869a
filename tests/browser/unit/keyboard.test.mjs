import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY_NUMBERS, Keyboard, modifiersOf } from "../../../viewer/web/keyboard.js";

const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((letter) => `Key${letter}`);
const digits = [..."0123456789"].map((digit) => `Digit${digit}`);
const numpad = [
	...[..."0123456789"].map((digit) => `Numpad${digit}`),
	"NumpadAdd", "NumpadSubtract", "NumpadMultiply", "NumpadDivide", "NumpadDecimal", "NumpadEnter",
];
const functions = Array.from({ length: 12 }, (_, i) => `F${i + 1}`);
const common = [
	"Escape", "Minus", "Equal", "Backspace", "Tab", "BracketLeft", "BracketRight", "Enter", "ControlLeft",
	"ControlRight", "Semicolon", "Quote", "Backquote", "ShiftLeft", "ShiftRight", "Backslash", "Comma", "Period",
	"Slash", "AltLeft", "AltRight", "Space", "CapsLock", "NumLock", "ScrollLock", "PrintScreen", "Pause", "Insert",
	"Delete", "Home", "End", "PageUp", "PageDown", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "MetaLeft",
	"MetaRight", "ContextMenu",
];
const US_104 = [...letters, ...digits, ...numpad, ...functions, ...common];
const JIS_109 = [...US_104, "IntlYen", "IntlRo", "KanaMode", "Convert", "NonConvert"];
const APPLE_JIS = ["Lang1", "Lang2", "NumpadComma", "NumpadEqual", "F13", "F14", "F15"];

test("every key of a US and of a JIS keyboard has a number, and no two share one", () => {
	for (const code of [...US_104, ...JIS_109, ...APPLE_JIS, "IntlBackslash"]) {
		assert.ok(KEY_NUMBERS[code] > 0 && KEY_NUMBERS[code] <= 0xff, code);
	}
	const numbers = Object.values(KEY_NUMBERS);
	assert.equal(new Set(numbers).size, numbers.length);
});

test("numbers that other programs rely on", () => {
	// QEMU's and the XT keyboard's: from the RFB extension's text and the X server's evdev table.
	const known = {
		Escape: 0x01, KeyA: 0x1e, Space: 0x39, F11: 0x57, F12: 0x58, NumpadEnter: 0x9c, ControlRight: 0x9d,
		AltRight: 0xb8, ArrowUp: 0xc8, ArrowLeft: 0xcb, ArrowRight: 0xcd, ArrowDown: 0xd0, Insert: 0xd2,
		Delete: 0xd3, KanaMode: 0x70, IntlRo: 0x73, Convert: 0x79, NonConvert: 0x7b, IntlYen: 0x7d, MetaLeft: 0xdb,
	};
	for (const [code, value] of Object.entries(known)) {
		assert.equal(KEY_NUMBERS[code], value, code);
	}
});

function event(code, { key = code, held = [], repeat = false } = {}) {
	return {
		code,
		key,
		repeat,
		isPrevented: false,
		preventDefault() {
			this.isPrevented = true;
		},
		getModifierState: (name) => held.includes(name),
	};
}

function keyboard() {
	const sent = [];
	let escapes = 0;
	const self = new Keyboard({
		sendKey: ({ key, isDown, modifiers }) => sent.push(`${key.toString(16)}${isDown ? "+" : "-"}${modifiers}`),
		releaseAll: () => sent.push("release"),
		onEscape: () => (escapes += 1),
	});
	self.setEnabled(true);
	return { self, sent, escapes: () => escapes };
}

test("modifiers are the whole state", () => {
	const all = ["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "NumLock"];
	all.forEach((name, i) => assert.equal(modifiersOf(event("KeyA", { held: [name] })), 1 << i, name));
	assert.equal(modifiersOf(event("KeyA", { held: all })), 0x7f);
});

test("down, repeat and up are sent with modifiers, and the browser does nothing with them", () => {
	const { self, sent } = keyboard();
	const down = event("F5", { held: ["Control", "NumLock"] });
	self.keyDown(down);
	self.keyDown(event("F5", { repeat: true }));
	const up = event("F5");
	self.keyUp(up);
	assert.deepEqual(sent, [`3f+${2 + 64}`, "3f+0", "3f-0"]);
	assert.ok(down.isPrevented && up.isPrevented);
	assert.equal(self.heldCount, 0);
});

test("an unknown key is not sent, and kept from the browser all the same", () => {
	const { self, sent } = keyboard();
	const down = event("LaunchMail");
	self.keyDown(down);
	self.keyUp(event("LaunchMail"));
	assert.deepEqual(sent, []);
	assert.ok(down.isPrevented);
});

test("a release without a press (pressed elsewhere) is not sent", () => {
	const { self, sent } = keyboard();
	self.keyUp(event("KeyA"));
	assert.deepEqual(sent, []);
});

test("disabled: keys are the browser's", () => {
	const { self, sent } = keyboard();
	self.keyDown(event("KeyA"));
	self.setEnabled(false);
	const down = event("Tab");
	self.keyDown(down);
	self.keyUp(event("KeyA"));
	self.release();
	assert.deepEqual(sent, ["1e+0"]);
	assert.ok(!down.isPrevented);
	assert.equal(self.heldCount, 0);
});

test("blur lets go of everything", () => {
	const { self, sent } = keyboard();
	self.keyDown(event("KeyA"));
	self.keyDown(event("ShiftLeft"));
	self.release();
	self.keyUp(event("KeyA"));
	assert.deepEqual(sent, ["1e+0", "2a+0", "release"]);
});

test("keys by which the terminal's own IME switches are tapped: their keyup may never come", () => {
	for (const key of ["Zenkaku", "Hankaku", "KanaMode", "Hiragana", "Alphanumeric", "CapsLock"]) {
		const { self, sent } = keyboard();
		self.keyDown(event("Backquote", { key }));
		self.keyDown(event("Backquote", { key, repeat: true }));
		assert.deepEqual(sent, ["29+0", "29-0"], key);
		assert.equal(self.heldCount, 0);
	}
});

test("Ctrl+Alt+Shift alone, let go, leaves the screen", () => {
	const { self, sent, escapes } = keyboard();
	const three = ["Control", "Alt", "Shift"];
	self.keyDown(event("ControlLeft", { held: ["Control"] }));
	self.keyDown(event("AltLeft", { held: ["Control", "Alt"] }));
	self.keyDown(event("ShiftLeft", { held: three }));
	assert.equal(escapes(), 0, "not before they come up");
	self.keyUp(event("ShiftLeft", { held: ["Control", "Alt"] }));
	assert.equal(escapes(), 1);
	assert.equal(sent.at(-1), "release");
	self.keyUp(event("AltLeft", { held: ["Control"] }));
	self.keyUp(event("ControlLeft"));
	assert.equal(escapes(), 1);
	assert.equal(self.heldCount, 0);
});

test("Ctrl+Alt+Shift with a further key goes to the host", () => {
	const { self, sent, escapes } = keyboard();
	const three = ["Control", "Alt", "Shift"];
	self.keyDown(event("ControlLeft", { held: ["Control"] }));
	self.keyDown(event("AltLeft", { held: ["Control", "Alt"] }));
	self.keyDown(event("ShiftLeft", { held: three }));
	self.keyDown(event("KeyB", { held: three }));
	self.keyUp(event("KeyB", { held: three }));
	for (const code of ["ShiftLeft", "AltLeft", "ControlLeft"]) {
		self.keyUp(event(code));
	}
	assert.equal(escapes(), 0);
	assert.ok(!sent.includes("release"));
	assert.equal(sent.length, 8);
});

test("macOS: letting go of Command lets go of what it swallowed", () => {
	const { self, sent } = keyboard();
	self.keyDown(event("MetaLeft", { key: "Meta", held: ["Meta"] }));
	self.keyDown(event("KeyC", { held: ["Meta"] }));
	self.keyUp(event("MetaLeft", { key: "Meta" }));
	assert.deepEqual(sent, ["db+8", "2e+8", "db-0", "2e-0"]);
});

test("with an IME switched on shortcuts go by their code, and everything else is the IME's", () => {
	const { self, sent } = keyboard();
	const press = (code, fields) => self.keyDown({ ...event(code, { key: "Process" }), keyCode: 229, ...fields });
	for (const letter of "CVXAZFLTW") {
		press(`Key${letter}`, { ctrlKey: true, getModifierState: (name) => name === "Control" });
	}
	assert.deepEqual(sent, ["2e+2", "2f+2", "2d+2", "1e+2", "2c+2", "21+2", "26+2", "14+2", "11+2"]);
	sent.length = 0;
	press("KeyC");
	press("KeyQ", { ctrlKey: true });
	press("KeyC", { ctrlKey: true, isComposing: true });
	press("KeyC", { ctrlKey: true, altKey: true });
	assert.deepEqual(sent, []);
	self.setPlain(true);
	press("KeyC");
	assert.deepEqual(sent, ["2e+0"]);
});

test("a chord from the menu: modifiers rise and fall with it, locks stay, and nothing is held afterwards", () => {
	const { self, sent } = keyboard();
	self.keyDown(event("KeyA"));
	sent.length = 0;
	self.press(["ControlLeft", "ShiftLeft", "KeyT"], event("", { held: ["CapsLock", "Shift"] }));
	const caps = 0x20;
	assert.deepEqual(sent, ["release", `1d+${2 | caps}`, `2a+${3 | caps}`, `14+${3 | caps}`, `14-${3 | caps}`, `2a-${2 | caps}`, `1d-${caps}`]);
	assert.equal(self.heldCount, 0);
});
