import assert from "node:assert/strict";
import { test } from "node:test";
import { Latency, PRESSES_MAX, SAMPLES_MAX, isPress } from "../../../viewer/web/latency.js";
import { KEY_NUMBERS } from "../../../viewer/web/keyboard.js";
import { ANSWER_MAX } from "../../../viewer/web/wire.js";

test("a press is counted once, when the frame that answers it is drawn", () => {
	const self = new Latency();
	assert.equal(self.figures(), null);
	self.pressed(7, 1000);
	assert.equal(self.answered(8, 1010), null, "nobody pressed that");
	assert.equal(self.answered(7, 1012.34), 123);
	assert.equal(self.answered(7, 1013), null, "once");
	assert.deepEqual(self.figures(), { count: 1, p50Ms: 12.3, p95Ms: 12.3 });
});

test("what came before an answered press is shown as well; what came after waits on", () => {
	const self = new Latency();
	[1, 2, 3].forEach((input) => self.pressed(input, input * 10));
	assert.equal(self.answered(2, 40), 200);
	assert.equal(self.answered(1, 41), null);
	assert.equal(self.answered(3, 42), 120);
});

test("more than a second, or nothing at all, is not counted", () => {
	const self = new Latency();
	self.pressed(1, 0);
	assert.equal(self.answered(1, 1000), ANSWER_MAX);
	self.pressed(2, 0);
	assert.equal(self.answered(2, 1000.2), null);
	self.pressed(3, 50);
	assert.equal(self.answered(3, 50), null, "a clock that went back");
	self.pressed(4, 50);
	assert.equal(self.answered(4, 40), null);
	assert.equal(self.figures().count, 1);
});

test("bounded, forgotten with the line, percentiles by nearest rank", () => {
	const self = new Latency();
	for (let i = 0; i <= PRESSES_MAX; i++) {
		self.pressed(i, 1);
	}
	assert.equal(self.answered(0, 5), null);
	self.forgetPresses();
	assert.equal(self.answered(PRESSES_MAX, 5), null);
	for (let i = 1; i <= 1000; i++) {
		self.pressed(i, 0);
		assert.equal(self.answered(i, i / 10), i);
	}
	const first = 1000 - SAMPLES_MAX;
	assert.deepEqual(self.figures(), {
		count: SAMPLES_MAX,
		p50Ms: (first + SAMPLES_MAX / 2) / 10,
		p95Ms: (first + Math.ceil(SAMPLES_MAX * 0.95)) / 10,
	});
});

test("keys that go down and texts are presses; modifiers, key-ups and the pointer are not", () => {
	const key = (code, isDown = true) => isPress("key", { key: KEY_NUMBERS[code], isDown, modifiers: 0 });
	assert.ok(key("KeyA") && key("Enter") && key("ArrowLeft"));
	assert.ok(isPress("text", { text: "漢" }));
	assert.ok(!key("KeyA", false));
	for (const code of ["ControlLeft", "ControlRight", "ShiftLeft", "ShiftRight", "AltLeft", "AltRight", "MetaLeft", "MetaRight", "CapsLock"]) {
		assert.ok(KEY_NUMBERS[code] && !key(code), code);
	}
	assert.ok(!isPress("pointer", { buttons: 1 }) && !isPress("wheel", { up: 1 }) && !isPress("releaseAll", {}));
});
