// When an IME is said to be silent, and what looks like it and is not.
import { test } from "node:test";
import assert from "node:assert/strict";
import { CompositionWatch, SILENT_KEYS_MAX } from "../../../viewer/web/composition_watch.js";

function rig() {
	const timers = [];
	const told = [];
	const watch = new CompositionWatch(() => told.push("silent"), (callback) => timers.push(callback));
	return {
		watch,
		told,
		press: (fields = {}) => watch.keyDown({ key: "Process", keyCode: 229, code: "KeyA", ...fields }),
		pass: () => timers.splice(0).forEach((callback) => callback()),
	};
}

test("letters that vanish are said once, when there are several in a row", () => {
	const { told, press, pass } = rig();
	for (let i = 1; i < SILENT_KEYS_MAX; i++) {
		press();
		pass();
	}
	assert.deepEqual(told, []);
	press();
	pass();
	assert.deepEqual(told, ["silent"]);
	for (let i = 0; i < 3 * SILENT_KEYS_MAX; i++) {
		press();
	}
	pass();
	assert.deepEqual(told, ["silent"]);
});

test("a hand that is faster than the wait is no reason not to say it", () => {
	const { told, press, pass } = rig();
	for (let i = 0; i < SILENT_KEYS_MAX; i++) {
		press({ code: `Digit${i}` });
	}
	pass();
	assert.deepEqual(told, ["silent"]);
});

test("mode keys, shortcuts, repeats, keys of a composition and plain keys say nothing", () => {
	const { watch, told, press, pass } = rig();
	for (let i = 0; i < 2 * SILENT_KEYS_MAX; i++) {
		for (const code of ["Convert", "NonConvert", "KanaMode", "Backquote", "Lang1", "Space", "ArrowDown", "Enter"]) {
			press({ code });
		}
		press({ ctrlKey: true });
		press({ repeat: true });
		press({ key: "a", keyCode: 65 });
		pass();
	}
	watch.heard("compositionstart");
	for (let i = 0; i < 2 * SILENT_KEYS_MAX; i++) {
		press(); // a candidate chosen by its digit: the text need not change
		pass();
	}
	assert.deepEqual(told, []);
	watch.heard("compositionend");
	for (let i = 0; i < SILENT_KEYS_MAX; i++) {
		press();
	}
	pass();
	assert.deepEqual(told, ["silent"]);
});

test("whatever is heard begins the count anew", () => {
	const { watch, told, press, pass } = rig();
	for (let i = 0; i < 5; i++) {
		for (let n = 1; n < SILENT_KEYS_MAX; n++) {
			press();
			pass();
		}
		press();
		watch.heard("textupdate");
		pass();
	}
	assert.deepEqual(told, []);
});
