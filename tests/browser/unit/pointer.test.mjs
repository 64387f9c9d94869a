import assert from "node:assert/strict";
import { test } from "node:test";
import { HOST_NOTCH_PX, MOVE_INTERVAL_MS, Pointer, buttonsOf, notches } from "../../../viewer/web/pointer.js";

const RECT = { left: 10, top: 40, width: 1280, height: 800 };
const event = (fields) => ({ clientX: 10, clientY: 40, buttons: 0, getModifierState: () => false, ...fields });
const wheelEvent = (fields) =>
	event({ deltaX: 0, deltaY: 0, deltaMode: 0, preventDefault() {}, ...fields });

function pointer() {
	const sent = [];
	const self = new Pointer({
		sendPointer: ({ x, y, buttons, modifiers }) => sent.push([x, y, buttons, modifiers]),
		sendWheel: (wheel) => sent.push(wheel),
		releaseAll: () => sent.push("release"),
	});
	self.setScreen(1280, 800);
	self.setEnabled(true);
	return { self, sent };
}

test("buttons have the wire's order", () => {
	assert.deepEqual([1, 2, 4, 8, 16, 31].map((buttons) => buttonsOf({ buttons })), [1, 4, 2, 8, 16, 31]);
});

test("one CSS pixel is one pixel, and outside is the edge", () => {
	const { self, sent } = pointer();
	self.moved(event({ clientX: 110.9, clientY: 41 }), RECT);
	self.moved(event({ clientX: -500, clientY: 5000, buttons: 1 }), RECT);
	self.moved(event({ clientX: 5000, clientY: -5, buttons: 1 }), RECT);
	assert.deepEqual(sent, [
		[100, 1, 0, 0],
		[0, 799, 1, 0],
		[1279, 0, 1, 0],
	]);
});

test("one device pixel is one pixel, whatever the terminal's scale", () => {
	const { self, sent } = pointer();
	const rect = { left: 10, top: 40, width: 1280 / 1.25, height: 800 / 1.25 };
	self.moved(event({ clientX: 10 + 100.8 / 1.25, clientY: 40 + 799.5 / 1.25 }), rect);
	assert.deepEqual(sent, [[100, 799, 0, 0]]);
});

test("nothing new is not sent; a change of buttons is", () => {
	const { self, sent } = pointer();
	self.moved(event({ clientX: 20 }), RECT);
	self.moved(event({ clientX: 20 }), RECT);
	self.moved(event({ clientX: 20, buttons: 2 }), RECT);
	self.moved(event({ clientX: 20, buttons: 2, getModifierState: (name) => name === "Control" }), RECT);
	assert.deepEqual(sent, [
		[10, 0, 0, 0],
		[10, 0, 4, 0],
	]);
});

test("raw moves are thinned out, and the frame's own move brings the rest", () => {
	const { self, sent } = pointer();
	for (let ms = 0; ms < 16; ms++) {
		self.movedRaw(event({ clientX: 20 + ms }), RECT, ms);
	}
	assert.equal(sent.length, 16 / MOVE_INTERVAL_MS);
	self.moved(event({ clientX: 35 }), RECT);
	assert.deepEqual(sent.at(-1), [25, 0, 0, 0]);
});

test("disabled: nothing is sent", () => {
	const { self, sent } = pointer();
	self.setEnabled(false);
	self.moved(event({ clientX: 99 }), RECT);
	self.wheel(wheelEvent({ deltaY: 500 }), RECT);
	self.release();
	assert.deepEqual(sent, []);
});

test("leaving lets go of held buttons only", () => {
	const { self, sent } = pointer();
	self.release();
	self.moved(event({ buttons: 1 }), RECT);
	self.release();
	assert.deepEqual(sent, [[0, 0, 1, 0], "release"]);
	self.moved(event({ buttons: 1 }), RECT);
	assert.equal(sent.length, 3, "a button that is still down is told again");
});

test("wheel: notches of a mouse, whatever the terminal's zoom", () => {
	assert.equal(notches(100, -120, 0), 1);
	assert.equal(notches(-80, 120, 0), -1); // 125 %
	assert.equal(notches(66.67, -120, 0), 1); // 150 %
	assert.equal(notches(120, -120, 0), 1); // Linux
	assert.equal(notches(200, -240, 0), 2);
	assert.equal(notches(333.3, -120, 0), 3); // ten lines a notch
	assert.equal(notches(33.3, -120, 0), 1); // one line a notch
	assert.equal(notches(3, undefined, 1), 1); // lines
	assert.equal(notches(-1, undefined, 2), -1); // pages
	assert.equal(notches(0, 0, 0), 0);
});

test("wheel: a touchpad's parts add up, both ways, and turning back starts anew", () => {
	const { self, sent } = pointer();
	const turn = (deltaY, deltaX = 0) =>
		self.wheel(wheelEvent({ deltaY, deltaX, wheelDeltaY: -3 * deltaY, wheelDeltaX: -3 * deltaX }), RECT);
	for (let i = 0; i < 25; i++) {
		turn(12);
	}
	const downs = sent.map(({ down }) => down);
	assert.deepEqual(downs, [1, 1], "300 pixels are two notches, as the isolated browser scrolls them");
	turn(-50);
	turn(-50);
	assert.equal(sent.length, 2);
	turn(-50);
	assert.deepEqual([sent[2].up, sent[2].down], [1, 0], "the half notch down was dropped");
	turn(0, -120);
	turn(0, 120);
	assert.deepEqual([sent[3].left, sent[4].right], [1, 1]);
});

test("wheel: 40 px is a touchpad's although it looks like a notch", () => {
	assert.equal(notches(40, -120, 0), 40 / HOST_NOTCH_PX);
});

test("wheel: never more than a message may carry", () => {
	const { self, sent } = pointer();
	self.wheel(wheelEvent({ deltaY: 1e6 }), RECT);
	assert.equal(sent[0].down, 32);
});
