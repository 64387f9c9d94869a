import assert from "node:assert/strict";
import { test } from "node:test";
import { readStatus, screenSize, signIn, signOut } from "../../../viewer/web/sign_in.js";
import { WORDS } from "../../../viewer/web/words.js";
import { headerNumbers } from "./repository.mjs";

const TOKEN = "0123456789abcdef".repeat(4);
const FORM = { person: "hanako", password: "秘密", width: 1280, height: 800, scale: 96 };
const answer = (status, body) => async () =>
	new Response(typeof body === "string" ? body : JSON.stringify(body), { status });

test("the form is sent as gate reads it, and the token comes back", async () => {
	let asked;
	const result = await signIn(FORM, async (url, options) => {
		asked = { url, ...options };
		return new Response(JSON.stringify({ outcome: "accepted", attach_token: TOKEN }));
	});
	assert.deepEqual(result, { token: TOKEN });
	assert.equal(asked.url, "/sign-in");
	assert.equal(asked.method, "POST");
	assert.equal(asked.headers["Content-Type"], "application/json");
	assert.deepEqual(JSON.parse(asked.body), FORM);
});

test("every refusal has its words", async () => {
	const cases = [
		[400, { field: "person" }, "signInMalformed"],
		[401, { outcome: "wrong" }, "signInWrong"],
		[409, { outcome: "in-use" }, "signInInUse"],
		[423, { outcome: "locked", retry_after_s: 61 }, "signInLocked", 2],
		[423, { outcome: "locked" }, "signInLocked", 1],
		[423, { outcome: "locked", retry_after_s: "soon" }, "signInLocked", 1],
		[429, { retry_after_s: 60 }, "signInTooMany", 1],
		[503, { outcome: "full" }, "signInFull"],
		[503, { outcome: "unavailable" }, "signInUnavailable"],
		[500, "<html>", "signInUnavailable"],
		[404, "null", "signInUnavailable"],
		[200, { attach_token: "<script>" }, "signInUnavailable"],
		[200, {}, "signInUnavailable"],
	];
	for (const [status, body, key, n] of cases) {
		const result = await signIn(FORM, answer(status, body));
		assert.equal(result.key, key, `${status} ${JSON.stringify(body)}`);
		assert.equal(result.blanks?.n, n);
		assert.ok(WORDS.ja[key]);
	}
	const noLine = await signIn(FORM, async () => {
		throw new TypeError("network");
	});
	assert.equal(noLine.key, "signInNoLine");
});

test("sign-out: done, known of nothing, failed, no line", async () => {
	assert.equal(await signOut(answer(200, {})), true);
	assert.equal(await signOut(answer(401, {})), true);
	assert.equal(await signOut(answer(503, {})), false);
	const noLine = async () => {
		throw new TypeError("network");
	};
	assert.equal(await signOut(noLine), false);
});

test("status: what it says, or gate's own limits", async () => {
	const c = headerNumbers("broker/base/session.h");
	const own = {
		width_min: c.SCREEN_WIDTH_MIN,
		width_max: c.SCREEN_WIDTH_MAX,
		height_min: c.SCREEN_HEIGHT_MIN,
		height_max: c.SCREEN_HEIGHT_MAX,
	};
	const told = { contact: "情報担当（内線210）", width_min: 800, width_max: 1920, height_min: 600, height_max: 1080 };
	const { contact, ...limits } = told;
	assert.deepEqual(await readStatus(answer(200, told)), { contact, limits, isMarked: false });
	assert.deepEqual(await readStatus(answer(200, { ...told, watermark: true })), { contact, limits, isMarked: true });
	assert.deepEqual(await readStatus(answer(503, told)), { contact: "", limits: own, isMarked: false });
	assert.deepEqual(await readStatus(answer(200, "[")), { contact: "", limits: own, isMarked: false });
	const odd = await readStatus(answer(200, { contact: 5, width_max: 1e9, height_max: -1, width_min: "320", watermark: 1 }));
	assert.deepEqual(odd, { contact: "", limits: own, isMarked: false });
});

test("the screen is the window without the bar, within the limits", () => {
	const limits = { width_min: 320, width_max: 1920, height_min: 240, height_max: 1080 };
	const size = (windowWidth, windowHeight) => screenSize({ windowWidth, windowHeight, barHeight: 40 }, limits);
	assert.deepEqual(size(1280.7, 840.5), { width: 1280, height: 800, scale: 64 });
	assert.deepEqual(size(5000, 5000), { width: 1920, height: 1080, scale: 64 });
	assert.deepEqual(size(100, 100), { width: 320, height: 240, scale: 64 });
	assert.deepEqual(
		screenSize({ windowWidth: 1000, windowHeight: 640, barHeight: 40, devicePixelRatio: 1.5 }, limits),
		{ width: 1500, height: 900, scale: 96 },
	);
});
