import assert from "node:assert/strict";
import { test } from "node:test";
import { devicePixels, scaleOf, wantedSize } from "../../../viewer/web/size.js";

const LIMITS = { width_min: 800, width_max: 1920, height_min: 500, height_max: 1200 };

test("the scale is told in the steps that the isolated browser has", () => {
	assert.deepEqual([1, 1.25, 1.5, 2, 1.1, 0.1, 9].map(scaleOf), [64, 80, 96, 128, 70, 32, 256]);
});

test("the size is held within the policy, and within what the decoder takes", () => {
	assert.deepEqual(wantedSize(1375.9, 825, LIMITS), { width: 1375, height: 825 });
	assert.deepEqual(wantedSize(100, 9000, LIMITS), { width: 800, height: 1200 });
	assert.deepEqual(wantedSize(9000, 9000, { ...LIMITS, width_max: 9999, height_max: 9999 }), { width: 3840, height: 2160 });
});

test("device pixels: as the browser observed them, unless that was at another scale", () => {
	assert.equal(devicePixels(1000.4, 1251, 1.25), 1251);
	assert.equal(devicePixels(1000.4, 1000, 1.25), 1250);
	assert.equal(devicePixels(1000.4, undefined, 1.25), 1250);
	assert.equal(devicePixels(1375 / 1.1, undefined, 1.1), 1375);
});
