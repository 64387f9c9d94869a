import assert from "node:assert/strict";
import { test } from "node:test";
import { Badge, Quality, Reason, SLOW_DRAW_MS, SLOW_ROUND_TRIP_MS } from "../../../viewer/web/badge.js";

const GOOD = { roundTripMs: 5, drawMs: 10 };
const SLOW_LINE = { roundTripMs: SLOW_ROUND_TRIP_MS, drawMs: 0 };
const SLOW_TERMINAL = { roundTripMs: 5, drawMs: SLOW_DRAW_MS };

function badge() {
	const changes = [];
	const self = new Badge(({ quality, reason }) => changes.push(`${quality}/${reason}`));
	return { self, changes };
}

test("one bad sample is a hiccup, two are slow, three good ones live", () => {
	const { self, changes } = badge();
	self.live();
	self.sample(SLOW_LINE);
	self.sample(GOOD);
	self.sample(SLOW_LINE);
	assert.equal(self.quality, Quality.LIVE);
	self.sample(SLOW_LINE);
	assert.deepEqual([self.quality, self.reason], [Quality.SLOW, Reason.LINE]);
	self.sample(GOOD);
	self.sample(GOOD);
	assert.equal(self.quality, Quality.SLOW);
	self.sample(GOOD);
	assert.equal(self.quality, Quality.LIVE);
	assert.deepEqual(changes, ["live/none", "slow/line", "live/none"]);
});

test("a slow terminal is told apart from a slow line", () => {
	const { self } = badge();
	self.live();
	self.sample(SLOW_TERMINAL);
	self.sample(SLOW_TERMINAL);
	assert.equal(self.reason, Reason.TERMINAL);
	self.sample(SLOW_LINE);
	assert.equal(self.reason, Reason.LINE);
});

test("lost and starting are not changed by samples; coming back is live", () => {
	const { self, changes } = badge();
	self.sample(SLOW_LINE);
	self.sample(SLOW_LINE);
	assert.equal(self.quality, Quality.STARTING);
	self.lost();
	self.sample(SLOW_LINE);
	self.sample(SLOW_LINE);
	self.lost();
	assert.equal(self.quality, Quality.LOST);
	self.live();
	self.sample(SLOW_LINE);
	assert.equal(self.quality, Quality.LIVE, "samples before the loss do not count");
	self.starting();
	assert.deepEqual(changes, ["lost/line", "live/none", "starting/none"]);
});
