// The viewer in a real Chromium against a stand-in for gate: keys, pointer, wheel, fingers and composed text, as they reach the
// gate.
import assert from "node:assert/strict";
import * as viewer from "./viewer.mjs";
import { focused, live, until, viewerTest } from "./viewer_stage.mjs";

viewerTest("keys are physical, JIS keys included, with the whole modifier state, numbered by one", async ({ gate, page, context }) => {
	await live({ gate, page });
	const devtools = await context.newCDPSession(page);
	const keys = [["IntlRo", 0x73], ["IntlYen", 0x7d], ["Convert", 0x79], ["NonConvert", 0x7b], ["Quote", 0x28]];
	for (const [code] of keys) {
		await devtools.send("Input.dispatchKeyEvent", { type: "keyDown", code, key: "x", modifiers: 8 });
		await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", code, key: "x", modifiers: 8 });
	}
	await devtools.send("Input.dispatchKeyEvent", { type: "keyDown", code: "KanaMode", key: "KanaMode" });
	await until(() => gate.inputs.length === 12);
	assert.deepEqual(gate.inputs.slice(0, 10).map(({ key, isDown, modifiers }) => [key, isDown, modifiers]),
		keys.flatMap(([, key]) => [[key, true, 1], [key, false, 1]]));
	assert.deepEqual(gate.inputs.slice(10).map(({ key, isDown }) => [key, isDown]), [[0x70, true], [0x70, false]]);
	await viewer.type(page, "aB-9");
	await until(() => gate.inputs.length === 22);
	const numbers = [...gate.screens, ...gate.inputs].map(({ sequence }) => sequence);
	assert.deepEqual(numbers.sort((a, b) => a - b), numbers.map((_, i) => i + 1));
});

viewerTest("leaving the window lets go of every key and button", async ({ gate, page }) => {
	await live({ gate, page });
	await page.keyboard.down("KeyA");
	await page.evaluate(() => window.dispatchEvent(new Event("blur")));
	await until(() => gate.inputs.at(-1)?.kind === "releaseAll");
	await page.keyboard.up("KeyA");
	await viewer.move(page, 5, 5);
	await until(() => gate.inputs.at(-1).kind === "pointer");
	assert.ok(!gate.inputs.some(({ kind, isDown }) => kind === "key" && !isDown), "already let go");
});

viewerTest("five buttons, drags outside of the canvas, the wheel both ways", async ({ gate, page, context }) => {
	await live({ gate, page });
	const pointers = () => gate.inputs.filter(({ kind }) => kind === "pointer");
	await viewer.move(page, 100, 200);
	await until(() => pointers().some(({ x, y }) => x === 100 && y === 200));
	const devtools = await context.newCDPSession(page);
	for (const [button, domBit, bit] of [["left", 1, 1], ["right", 2, 4], ["middle", 4, 2], ["back", 8, 8], ["forward", 16, 16]]) {
		const at = { x: 100, y: 240, button, clickCount: 1 };
		await devtools.send("Input.dispatchMouseEvent", { type: "mousePressed", buttons: domBit, ...at });
		await until(() => pointers().at(-1).buttons === bit, button);
		await devtools.send("Input.dispatchMouseEvent", { type: "mouseReleased", buttons: 0, ...at });
		await until(() => pointers().at(-1).buttons === 0, button);
	}
	assert.equal(await focused(page), "screen");

	await page.mouse.down();
	await page.mouse.move(300, 5); // over the bar
	await until(() => pointers().at(-1).x === 300);
	assert.deepEqual([pointers().at(-1).y, pointers().at(-1).buttons], [0, 1]);
	await page.mouse.up();
	await until(() => pointers().at(-1).buttons === 0);

	await viewer.scroll(page, 640, 400, 0, 100);
	await viewer.scroll(page, 640, 400, -100, 0);
	await viewer.scroll(page, 640, 400, 0, -100);
	const wheels = () => gate.inputs.filter(({ kind }) => kind === "wheel");
	await until(() => wheels().length === 3);
	assert.deepEqual(wheels().map(({ left, right, up, down }) => [left, right, up, down]), [
		[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0],
	]);
	assert.deepEqual([wheels()[0].x, wheels()[0].y], [640, 400]);
});

const keysOf = (gate) => gate.inputs.filter(({ kind }) => kind === "key").map(({ key, isDown, modifiers }) => [key, isDown, modifiers]);
const CTRL_T = [[0x1d, true, 2], [0x14, true, 2], [0x14, false, 2], [0x1d, false, 0]];

viewerTest("keys that the terminal keeps: a menu, by keyboard alone and by mouse; nothing is left held", async ({ gate, page }) => {
	await live({ gate, page });
	const { keyboard } = page;
	await page.focus("#full-screen");
	await keyboard.press("Shift+Tab");
	assert.equal(await focused(page), "keys");
	await keyboard.press("Enter");
	const here = () => page.evaluate(() => document.activeElement.textContent);
	assert.equal(await here(), "新しいタブCtrl+T");
	await keyboard.press("ArrowUp");
	assert.match(await here(), /^日本語入力を使わず/);
	await keyboard.press("Home");
	await keyboard.press("ArrowDown");
	assert.equal(await here(), "タブを閉じるCtrl+W");
	await keyboard.press("Escape");
	assert.equal(await focused(page), "keys");
	assert.equal(await page.locator("#key-menu").isVisible(), false);
	assert.deepEqual(keysOf(gate), [], "keys in the menu stay here");

	await keyboard.press("ArrowDown");
	await keyboard.press("Enter");
	await until(() => keysOf(gate).length >= 4);
	assert.equal(await focused(page), "screen");
	await page.click("#bar .language");
	await page.click("#keys");
	await page.getByText("New tab").click();
	await until(() => keysOf(gate).length >= 8);
	assert.deepEqual(keysOf(gate), [...CTRL_T, ...CTRL_T]);
	assert.equal(await page.locator("#key-menu").isVisible(), false);
	await page.click("#keys");
	await page.mouse.click(300, 300);
	assert.equal(await page.locator("#key-menu").isVisible(), false, "a click elsewhere closes it");
});

viewerTest("fingers: tap, long press, drag, two-finger scroll; no menu of the terminal's", async ({ gate, page, context }) => {
	await live({ gate, page });
	const devtools = await context.newCDPSession(page);
	const box = await page.locator("#screen").boundingBox();
	const touch = (type, ...points) =>
		devtools.send("Input.dispatchTouchEvent", {
			type,
			touchPoints: points.map(([x, y], id) => ({ x: box.x + x, y: box.y + y, id })),
		});
	const pointers = () => gate.inputs.filter(({ kind }) => kind === "pointer").map(({ x, y, buttons }) => [x, y, buttons]);
	const wheels = () => gate.inputs.filter(({ kind }) => kind === "wheel").map(({ left, right, up, down }) => [left, right, up, down]);
	await page.evaluate(() => addEventListener("contextmenu", (event) => (window.menu = event.defaultPrevented)));

	await touch("touchStart", [100, 50]);
	await touch("touchEnd");
	await until(() => pointers().length >= 3);
	assert.deepEqual(pointers(), [[100, 50, 0], [100, 50, 1], [100, 50, 0]]);
	gate.inputs.length = 0;
	await touch("touchStart", [200, 60]);
	await until(() => pointers().length >= 3);
	await touch("touchEnd");
	assert.deepEqual(pointers(), [[200, 60, 0], [200, 60, 4], [200, 60, 0]]);
	assert.notEqual(await page.evaluate(() => window.menu), false, "the terminal's own menu was prevented, if it was to come");
	gate.inputs.length = 0;
	await touch("touchStart", [100, 100]);
	await touch("touchMove", [100, 130]);
	await touch("touchMove", [150, 160]);
	await touch("touchEnd");
	await until(() => pointers().at(-1)?.[2] === 0 && pointers().length > 1);
	assert.deepEqual(pointers().slice(0, 2), [[100, 100, 0], [100, 100, 1]]);
	assert.deepEqual(pointers().slice(-2), [[150, 160, 1], [150, 160, 0]]);
	gate.inputs.length = 0;
	await touch("touchStart", [100, 400]);
	await touch("touchStart", [100, 400], [200, 400]);
	for (const y of [350, 300, 250, 200, 150]) {
		await touch("touchMove", [100, y], [200, y]);
	}
	await until(() => wheels().length >= 2);
	await touch("touchMove", [350, 150], [450, 150]);
	await until(() => wheels().some(([left]) => left));
	await touch("touchEnd");
	const sum = wheels().reduce((all, wheel) => all.map((n, i) => n + wheel[i]));
	assert.deepEqual(sum, [2, 0, 0, 2]);
	assert.ok(!pointers().some(([, , buttons]) => buttons), "no button is pressed");
});

// What of an EditContext's way holds must hold without one: it is the same path afterwards.
for (const hasEditContext of [true, false]) {
	viewerTest(`text ${hasEditContext ? "through an EditContext" : "through a hidden field"}; plain keys when chosen`, async ({ gate, page, context }) => {
		if (!hasEditContext) {
			await page.addInitScript(() => delete window.EditContext);
			await page.reload();
		}
		await live({ gate, page });
		assert.equal(await focused(page), hasEditContext ? "screen" : "text-field");
		const devtools = await context.newCDPSession(page);
		const texts = () => gate.inputs.filter(({ kind }) => kind === "text").map(({ text: what, isCommit }) => (isCommit ? what : `(${what})`));
		await devtools.send("Input.imeSetComposition", { text: "かんじ", selectionStart: 3, selectionEnd: 3 });
		await until(() => texts().length >= 1);
		await devtools.send("Input.imeSetComposition", { text: "漢字", selectionStart: 2, selectionEnd: 2 });
		await until(() => texts().length >= 2);
		await devtools.send("Input.insertText", { text: "漢字" });
		await until(() => texts().length >= 3);
		await devtools.send("Input.insertText", { text: "👍" });
		await page.keyboard.press("KeyA");
		await until(() => keysOf(gate).length >= 2);
		assert.deepEqual([...new Set(texts())], ["(かんじ)", "(漢字)", "漢字", "👍"]);
		assert.deepEqual(keysOf(gate), [[0x1e, true, 0], [0x1e, false, 0]]);
		assert.equal(await page.inputValue("#text-field"), "");
		await page.mouse.click(300, 300);
		assert.equal(await focused(page), hasEditContext ? "screen" : "text-field");

		gate.inputs.length = 0;
		await page.click("#keys");
		await page.getByText("日本語入力を使わず").click();
		assert.equal(await focused(page), "screen");
		await devtools.send("Input.insertText", { text: "漢字" }).catch(() => {});
		await page.keyboard.press("KeyB");
		await until(() => keysOf(gate).length >= 2);
		assert.deepEqual(texts(), []);
		await page.reload();
		await viewer.waitLive(page);
		await page.click("#keys");
		assert.equal(await page.getByRole("menuitemcheckbox").getAttribute("aria-checked"), "true", "it is remembered");
		await page.getByRole("menuitemcheckbox").click();
		assert.equal(await focused(page), hasEditContext ? "screen" : "text-field");
	});
}

viewerTest("an IME that takes letters and says nothing of them: plain keys are offered", async ({ gate, page, context }) => {
	await live({ gate, page });
	const devtools = await context.newCDPSession(page);
	for (const code of ["Convert", "KeyA", "KeyB", "KeyC", "KeyD"]) {
		await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", code, key: "Process", windowsVirtualKeyCode: 229 });
		await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", code, key: code.at(-1).toLowerCase() });
	}
	const offer = page.locator("#notices button", { hasText: "キーのまま送る" });
	await offer.waitFor();
	await offer.click();
	assert.equal(await page.locator("#notices li").count(), 0);
	await until(async () => (await focused(page)) === "screen");
	gate.inputs.length = 0;
	await page.keyboard.press("KeyB");
	await until(() => keysOf(gate).length >= 2);
	await page.click("#keys");
	assert.equal(await page.getByRole("menuitemcheckbox").getAttribute("aria-checked"), "true");
});
