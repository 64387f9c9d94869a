import assert from "node:assert/strict";
import { test } from "node:test";
import { Pointer } from "../../../viewer/web/pointer.js";
import { DOUBLE_TAP_MS, LONG_PRESS_MS, SLOP_PX, Touch } from "../../../viewer/web/touch.js";

const RECT = { left: 10, top: 40, width: 1280, height: 800 };

function touch() {
	const sent = [];
	let clockMs = 0;
	let timer = null;
	const pointer = new Pointer({
		sendPointer: ({ x, y, buttons }) => sent.push([x, y, buttons]),
		sendWheel: ({ left, right, up, down }) => sent.push({ left, right, up, down }),
		releaseAll: () => sent.push("release"),
	});
	pointer.setScreen(1280, 800);
	pointer.setEnabled(true);
	const self = new Touch(pointer, {
		setTimer: (fn, ms) => (timer = { fn, atMs: clockMs + ms }),
		clearTimer: (which) => which === timer && (timer = null),
	});
	const after = (ms) => {
		clockMs += ms;
		if (timer && timer.atMs <= clockMs) {
			const { fn } = timer;
			timer = null;
			fn();
		}
	};
	const event = (type) => (x, y, pointerId = 1) =>
		self.handle(
			{ type: `pointer${type}`, pointerId, clientX: x + 10, clientY: y + 40, timeStamp: clockMs, getModifierState: () => false },
			RECT,
		);
	return { self, sent, after, down: event("down"), move: event("move"), up: event("up"), cancel: event("cancel") };
}

test("a tap is a click where the finger came down, however it trembles", () => {
	const { sent, after, down, move, up } = touch();
	down(100, 200);
	after(LONG_PRESS_MS - 1);
	move(100 + SLOP_PX, 200);
	up(103, 201);
	assert.deepEqual(sent, [[100, 200, 0], [100, 200, 1], [100, 200, 0]]);
});

test("the second tap of two lands where the first did, and one that is late or far does not", () => {
	const { sent, after, down, up } = touch();
	for (const [x, waitMs] of [[100, 0], [115, DOUBLE_TAP_MS - 1], [110, DOUBLE_TAP_MS], [200, 1]]) {
		after(waitMs);
		down(x, 50);
		up(x, 50);
	}
	assert.deepEqual(sent.filter(([, , buttons]) => buttons === 1).map(([x]) => x), [100, 100, 110, 200]);
});

test("a long press is a right click at once, and what the finger does then is nothing", () => {
	const { sent, after, down, move, up } = touch();
	down(100, 200);
	after(LONG_PRESS_MS);
	assert.deepEqual(sent, [[100, 200, 0], [100, 200, 4], [100, 200, 0]]);
	move(300, 300);
	up(300, 300);
	assert.equal(sent.length, 3);
});

test("a drag begins where the finger came down", () => {
	const { sent, after, down, move, up } = touch();
	down(100, 200);
	move(100, 200 + SLOP_PX + 1);
	after(LONG_PRESS_MS);
	move(150, 260);
	up(150, 260);
	assert.deepEqual(sent, [[100, 200, 0], [100, 200, 1], [100, 211, 1], [150, 260, 1], [150, 260, 0]]);
});

test("two fingers scroll both ways: the page goes with them; the rest of a notch is kept", () => {
	const { sent, down, move, up } = touch();
	down(100, 400);
	down(200, 400, 2);
	assert.deepEqual(sent.splice(0), [[150, 400, 0]]);
	for (const [y, id] of [[280, 1], [280, 2], [160, 1], [160, 2]]) {
		move(id * 100, y, id);
	}
	assert.deepEqual(sent.splice(0), [{ left: 0, right: 0, up: 0, down: 1 }, { left: 0, right: 0, up: 0, down: 1 }]);
	move(340, 160, 1);
	assert.deepEqual(sent.splice(0), [{ left: 1, right: 0, up: 0, down: 0 }]);
	up(340, 160, 1);
	move(0, 0, 2);
	up(0, 0, 2);
	assert.deepEqual(sent, []);
});

test("a second finger ends no drag; a drag that is cancelled lets go", () => {
	const { sent, down, move, up, cancel } = touch();
	down(100, 200);
	move(150, 200);
	sent.length = 0;
	down(300, 300, 2);
	up(300, 300, 2);
	move(160, 200);
	assert.deepEqual(sent.splice(0), [[160, 200, 1]]);
	cancel(160, 200);
	assert.deepEqual(sent.splice(0), ["release"]);
	down(5, 5);
	up(5, 5);
	assert.deepEqual(sent.at(-1), [5, 5, 0]);
});
