// The viewer in a real Chromium against a stand-in for gate: what staff see and hear when things go right, and when the
// line, the sign-in or the stream go wrong. viewer-input.test.mjs has what they do with their hands.
import assert from "node:assert/strict";
import { control, testPicture } from "./scaffold.mjs";
import * as viewer from "./viewer.mjs";
import { differences, focused, live, tabTo, text, until, viewerTest } from "./viewer_stage.mjs";

// ---- sign-in ----

viewerTest("every refused sign-in says why, in Japanese, and in English once that is chosen", async ({ gate, page }) => {
	const cases = [
		[401, { outcome: "wrong" }, "利用者ID又はパスワードが正しくありません。"],
		[423, { outcome: "locked", retry_after_s: 600 }, "一時的に利用を停止しています。10分後に再度お試しください。"],
		[409, { outcome: "in-use" }, "既に利用中です。"],
		[503, { outcome: "full" }, "利用可能な上限に達しています。"],
		[503, { outcome: "unavailable" }, "現在、利用を開始できません。"],
		[429, { retry_after_s: 30 }, "1分後に再度お試しください。"],
	];
	for (const [status, body, words] of cases) {
		gate.signInAnswer = { status, body };
		await viewer.signIn(page, "hanako", "ちがう");
		await page.waitForFunction((w) => document.getElementById("sign-in-error").textContent.includes(w), words);
		assert.equal(await focused(page), "password");
		assert.equal(await page.inputValue("#password"), "", "the password is not kept");
		assert.equal(await page.inputValue("#person"), "hanako");
	}
	gate.isAway = true;
	await viewer.signIn(page, "hanako", "x");
	await page.waitForFunction(() => document.getElementById("sign-in-error").textContent.startsWith("接続できません"));
	gate.isAway = false;
	await page.click("#sign-in-view .language");
	assert.equal(await viewer.signInError(page), "No connection. Check the network and try again.");
	assert.equal(await page.getAttribute("html", "lang"), "en");
	await page.reload();
	assert.equal(await text(page, "#sign-in"), "Sign in", "the language is remembered");
	assert.equal(await text(page, "#contact"), "Contact: 情報担当（内線210）");
	assert.equal(await page.isVisible("#marked"), false);
	gate.status.watermark = true;
	await page.reload();
	await page.waitForSelector("#marked");
	assert.match(await text(page, "#marked"), /watermark/);
});

viewerTest("an empty field is told before anything is sent", async ({ gate, page }) => {
	await page.click("#sign-in");
	assert.equal(await viewer.signInError(page), "利用者IDを入力してください。");
	assert.equal(await focused(page), "person");
	await page.fill("#person", "hanako");
	await page.click("#sign-in");
	await page.waitForFunction(() => document.activeElement.id === "password");
	assert.equal(await viewer.signInError(page), "パスワードを入力してください。");
	assert.deepEqual(gate.requests, []);
});

viewerTest("by keyboard alone: sign in, work, leave the screen, sign out", async ({ gate, page }) => {
	const { keyboard } = page;
	assert.equal(await focused(page), "person");
	await keyboard.type("hanako");
	await keyboard.press("Tab");
	await keyboard.type("himitsu");
	await keyboard.press("Enter");
	await viewer.waitLive(page);
	assert.deepEqual(gate.requests[0].body, { person: "hanako", password: "himitsu", width: 1280, height: 800, scale: 64 });
	assert.equal(await focused(page), "screen");

	await keyboard.press("Tab");
	await keyboard.press("F5");
	await keyboard.press("Control+KeyP");
	await until(() => gate.inputs.filter(({ kind }) => kind === "key").length >= 8);
	assert.equal(await focused(page), "screen", "Tab is the host's");
	assert.deepEqual(gate.inputs.slice(0, 4).map(({ key, isDown }) => [key, isDown]), [
		[0x0f, true], [0x0f, false], [0x3f, true], [0x3f, false],
	]);

	for (const key of ["ControlLeft", "AltLeft", "ShiftLeft"]) {
		await keyboard.down(key);
	}
	for (const key of ["ShiftLeft", "AltLeft", "ControlLeft"]) {
		await keyboard.up(key);
	}
	assert.equal(await focused(page), "full-screen");
	await until(() => gate.inputs.some(({ kind }) => kind === "releaseAll"));
	const before = gate.inputs.length;
	await tabTo(page, "#sign-out");
	await keyboard.press("Escape");
	assert.equal(await focused(page), "screen");
	assert.equal(gate.inputs.length, before, "keys in the bar stay here");

	for (const key of ["ControlLeft", "ShiftLeft", "AltLeft"]) {
		await keyboard.down(key);
	}
	for (const key of ["AltLeft", "ShiftLeft", "ControlLeft"]) {
		await keyboard.up(key);
	}
	await tabTo(page, "#sign-out");
	await keyboard.press("Enter");
	assert.equal(await focused(page), "confirm-no", "the harmless answer comes first");
	assert.equal(await text(page, "#confirm-text"), "終了すると、入力中の内容は失われます。");
	await keyboard.press("Tab");
	await keyboard.press("Enter");
	await viewer.waitState(page, "ended");
	assert.equal(await text(page, "#ended-text"), "ログアウトしました。");
	assert.equal(await focused(page), "ended-title");
	await keyboard.press("Tab");
	assert.equal(await focused(page), "back-to-sign-in");
	await keyboard.press("Enter");
	await page.locator("#sign-in-form").waitFor({ state: "visible" });
});

// ---- picture ----

viewerTest("the canvas is 1:1 and exact to the pixel, and is acknowledged when drawn", async ({ gate, page }) => {
	gate.isStarting = true;
	await viewer.signIn(page, "hanako", "x");
	await viewer.waitState(page, "starting");
	assert.equal(await text(page, "#overlay-text"), "閲覧環境を準備しています。しばらくお待ちください。");
	assert.equal(await text(page, "#badge-text"), "準備中");
	gate.goLive();
	await viewer.waitLive(page);
	assert.equal(await text(page, "#badge-text"), "接続中");
	assert.equal(await text(page, "#bar-person"), "利用者：山田 花子");
	await until(() => gate.acks.length === 1);
	const { width, height } = gate.size;
	const box = await page.locator("#screen").boundingBox();
	assert.deepEqual(box, { x: 0, y: 40, width, height });
	assert.equal(differences(await viewer.canvasPixels(page), testPicture(width, height, 1)), 0);
	assert.notEqual(differences(await viewer.canvasPixels(page), testPicture(width, height, 2)), 0, "the comparison sees");

	gate.viewer.picture.fill(700, 301, 33, 1, 1, 2, 3);
	await until(() => gate.acks.at(-1).frame === 2);
	const part = await viewer.canvasPixels(page, { x: 699, y: 300, width: 35, height: 3 });
	const changed = [];
	for (let i = 0; i < part.data.length; i += 4) {
		if (part.data[i] === 1 && part.data[i + 1] === 2 && part.data[i + 2] === 3) {
			changed.push(i / 4);
		}
	}
	assert.deepEqual(changed, Array.from({ length: 33 }, (_, i) => 35 + 1 + i));
	for (let i = 0; i < 200; i++) {
		gate.viewer.picture.fill(i, i, 5, 5, i, 0, 255);
	}
	await until(() => gate.acks.at(-1).frame === 202);
	const frames = gate.acks.map(({ frame }) => frame);
	assert.deepEqual(frames, [...frames].sort((a, b) => a - b), "acknowledgements only rise");
});

viewerTest("the host's cursor is the terminal's cursor", async ({ gate, page }) => {
	await live({ gate, page });
	const style = () => page.evaluate(() => document.getElementById("screen").style.cursor);
	gate.viewer.picture.cursor(24, 3, Buffer.alloc(24 * 24 * 4, 0x80));
	await until(async () => /^image-set\(url\("blob:https:.*"\) 1(x|dppx)\) 3 3, default$/.test(await style()));
	gate.viewer.picture.cursor(0, 0, Buffer.alloc(0));
	await until(async () => (await style()) === "none");
});

// ---- the line ----

viewerTest("a cut line: lost with a reason, nothing typed is sent later, then the same session again", async ({ gate, page }) => {
	await live({ gate, page });
	const token = gate.token;
	const inputs = gate.inputs.length;
	gate.isRefusing = true;
	gate.cut();
	await viewer.waitQuality(page, "lost");
	assert.equal(await text(page, "#badge-text"), "通信が切断されました");
	assert.equal(await text(page, "#overlay-text"), "通信が切断されました。再接続しています…");
	assert.match(await text(page, "#overlay-reason"), /接続が切れました。画面はそのまま残っています。/);
	assert.ok(await page.locator("#retry").isVisible());
	assert.equal(differences(await viewer.canvasPixels(page), testPicture(gate.size.width, gate.size.height, 1)), 0);
	await page.keyboard.press("KeyX");
	await page.keyboard.press("Tab");
	assert.equal(await focused(page), "retry", "keys are this page's while the line is cut");
	await page.waitForTimeout(1500);
	gate.isRefusing = false;
	gate.seed = 2;
	await page.keyboard.press("Enter");
	await viewer.waitLive(page);
	assert.equal(gate.hellos.length, 2);
	assert.equal(gate.hellos[1].token, token, "the token that WELCOME gave");
	assert.deepEqual([gate.hellos[1].epoch, gate.hellos[1].lastFrame], [2n, 1]);
	await until(async () =>
		differences(await viewer.canvasPixels(page), testPicture(gate.size.width, gate.size.height, 2)) === 0);
	assert.equal(await text(page, "#notices span"), "再接続しました。前の画面から続けられます。");
	assert.equal(await focused(page), "screen");
	assert.equal(gate.inputs.length, inputs);
	await page.keyboard.press("KeyY");
	await until(() => gate.inputs.length === inputs + 2);
	assert.deepEqual([gate.screens.at(-1).sequence, gate.inputs[inputs].sequence], [1, 2], "numbered anew");
});

viewerTest("nothing of the old picture is left where the new one says nothing", async ({ gate, page }) => {
	await live({ gate, page });
	gate.isDark = true;
	gate.cut();
	await until(() => gate.acks.length === 2);
	const { data } = await viewer.canvasPixels(page);
	const lit = [];
	for (let i = 0; i < data.length; i += 4) {
		if (data[i] + data[i + 1] + data[i + 2] > 0) {
			lit.push(i / 4);
		}
	}
	assert.deepEqual(lit, [4 * gate.size.width + 3]);
});

viewerTest("a cut line comes back by itself, and soon", async ({ gate, page }) => {
	await live({ gate, page });
	const cutMs = Date.now();
	gate.cut();
	await until(() => gate.hellos.length === 2);
	assert.ok(Date.now() - cutMs < 2000, `${Date.now() - cutMs} ms`);
	await viewer.waitLive(page);
});

viewerTest("no answer: lost although the line is up", async ({ gate, page }) => {
	await live({ gate, page });
	gate.isSilent = true;
	await viewer.waitQuality(page, "lost", 15000);
	assert.equal(await text(page, "#overlay-reason"), "応答がありません。画面はそのまま残っています。");
	gate.isSilent = false;
	await viewer.waitLive(page);
});

viewerTest("a slow line is told with its reason, and when it is over", async ({ gate, page }) => {
	gate.pongDelayMs = 700;
	await live({ gate, page });
	await viewer.waitQuality(page, "slow", 15000);
	assert.equal(await text(page, "#badge-text"), "通信速度が低下しています");
	assert.equal(await text(page, "#bar-note"), "通信回線の応答に時間がかかっています。しばらくお待ちください。");
	assert.equal(await text(page, "#announcement"), "通信速度が低下しています");
	gate.pongDelayMs = 0;
	await viewer.waitQuality(page, "live", 20000);
});

viewerTest("a reload goes on in the same session", async ({ gate, page }) => {
	await live({ gate, page });
	gate.seed = 3;
	await page.reload();
	await viewer.waitLive(page);
	assert.equal(gate.requests.length, 1, "no second sign-in");
	assert.equal(gate.hellos.length, 2);
	assert.equal(gate.hellos[1].epoch, 0n);
	await until(() => gate.acks.length >= 2);
	assert.equal(differences(await viewer.canvasPixels(page), testPicture(gate.size.width, gate.size.height, 3)), 0);
	assert.equal(gate.viewer.cookie, "shoji=1");
});

// ---- the end ----

viewerTest("ended by the broker: why, and the way back", async ({ gate, page }) => {
	await live({ gate, page });
	gate.send(control.ended(2));
	await viewer.waitState(page, "ended");
	assert.equal(await text(page, "#ended-text"), "一定時間操作がなかったため、終了しました。");
	assert.equal(await text(page, "#ended-contact"), "お問い合わせ先：情報担当（内線210）");
	await page.click("#back-to-sign-in");
	await page.locator("#sign-in-form").waitFor({ state: "visible" });
	assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

viewerTest("refused at the door: moved away, or over", async ({ gate, page }) => {
	for (const [outcome, words] of [[2, "別の画面で利用中のため、この画面を終了しました。"], [1, "前回の利用は終了しています。再度ログインしてください。"]]) {
		await live({ gate, page });
		gate.attachRefusal = outcome;
		gate.cut();
		await viewer.waitState(page, "ended");
		assert.equal(await text(page, "#ended-text"), words);
		gate.attachRefusal = null;
		await page.click("#back-to-sign-in");
		await page.locator("#sign-in-form").waitFor({ state: "visible" });
	}
});

viewerTest("sign-out that does not get through says so and changes nothing", async ({ gate, page }) => {
	await live({ gate, page });
	gate.signOutStatus = 503;
	await page.click("#sign-out");
	await page.click("#confirm-no");
	assert.equal(gate.requests.length, 1);
	await page.click("#sign-out");
	await page.click("#confirm-yes");
	await until(async () => (await page.locator("#notices span").count()) === 1);
	assert.match(await text(page, "#notices span"), /^ログアウトできませんでした。/);
	assert.equal(await page.getAttribute("body", "data-state"), "live");
	gate.signOutStatus = 200;
	assert.equal(await viewer.signOut(page), "ログアウトしました。");
	assert.equal(gate.viewers.size, 0);
});

viewerTest("the bar's buttons stay under the pointer, in narrow windows too", async ({ gate, page }) => {
	await live({ gate, page });
	for (const width of [1280, 960, 922, 822, 820, 700]) {
		await page.setViewportSize({ width, height: 700 });
		await page.focus("#screen");
		await page.click("#sign-out");
		assert.equal(await page.evaluate(() => document.getElementById("confirm").open), true, `${width} px`);
		await page.click("#confirm-no");
	}
});

viewerTest("a stream that stays broken ends with a reason instead of trying for ever", async ({ gate, page }) => {
	gate.show = (socket) => socket.send(Buffer.concat([control.state(1).fill(1, 0, 1), Buffer.alloc(40, 0xee)]));
	await viewer.signIn(page, "hanako", "x");
	await viewer.waitState(page, "ended");
	assert.match(await text(page, "#ended-text"), /^画面の情報を正しく受信できないため/);
	assert.equal(gate.hellos.length, 3);
});

viewerTest("what an optional channel says is skipped; notices are bounded, and closed by keyboard", async ({ gate, page }) => {
	await live({ gate, page });
	gate.send(Buffer.concat([Buffer.from([14 * 16 + 9]), Buffer.alloc(100)]));
	for (let i = 1; i <= 5; i++) {
		gate.send(control.notice(1, `<b>佐藤${i}</b>`));
	}
	await page.waitForFunction(() => document.getElementById("announcement").textContent.includes("佐藤5"));
	const notices = page.locator("#notices span");
	assert.equal(await notices.count(), 3);
	assert.equal(await notices.last().textContent(), "管理者（<b>佐藤5</b>）が画面を記録しました。");
	assert.equal(await page.locator("#notices b").count(), 0);
	assert.equal(await focused(page), "screen", "the focus is not taken");
	for (const key of ["ControlLeft", "AltLeft", "ShiftLeft"]) {
		await page.keyboard.down(key);
	}
	await page.keyboard.up("ShiftLeft");
	await page.keyboard.up("AltLeft");
	await page.keyboard.up("ControlLeft");
	await tabTo(page, "#notices button");
	await page.keyboard.press("Enter");
	assert.equal(await notices.count(), 2);
});

viewerTest("full screen and back", async ({ gate, page }) => {
	await live({ gate, page });
	await page.click("#full-screen");
	await page.waitForFunction(() => document.fullscreenElement !== null);
	await until(async () => (await text(page, "#full-screen")) === "全画面表示を終了");
	assert.equal(await focused(page), "screen");
	await page.click("#full-screen");
	await page.waitForFunction(() => document.fullscreenElement === null);
});
