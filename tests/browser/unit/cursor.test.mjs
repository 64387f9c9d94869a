// How large the host's cursor is drawn.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cursorScale } from "../../../viewer/web/cursor.js";

const cssPixels = (side, devicePixelRatio) => {
	const { factor, ratio } = cursorScale(side, side, devicePixelRatio);
	assert.ok(Number.isInteger(factor));
	return (side * factor) / ratio;
};

test("the X server's cursors, which know no scale, are as large at each", () => {
	for (const ratio of [0.8, 1, 1.25, 1.5, 2, 3]) {
		assert.equal(cssPixels(16, ratio), 16);
	}
});

test("those that the isolated browser drew at its scale have device pixels", () => {
	assert.equal(cssPixels(64, 2), 32);
	assert.equal(cssPixels(40, 1.25), 32);
	assert.deepEqual(cursorScale(10, 17, 2), { factor: 1, ratio: 2 });
});
