// What the tests of the page share: a browser, a gate and a terminal for each test, and what is asked of the page again and
// again. Needs SHOJI_VIEWER: the folder that is served (build/*/viewer).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Scaffold } from "./scaffold.mjs";
import * as viewer from "./viewer.mjs";

assert.ok(process.env.SHOJI_VIEWER, "set SHOJI_VIEWER to the folder that is served (build/*/viewer)");

let browser;
before(async () => {
	({ browser } = await viewer.launch());
});
after(() => browser.close());

// Each test: a gate and a terminal of its own; whatever the page's console complains of fails it.
export function viewerTest(name, body, options) {
	test(name, { timeout: 120000 }, async () => {
		const gate = await Scaffold.start(process.env.SHOJI_VIEWER);
		const { context, page, errors } = await viewer.openPage(browser, options);
		try {
			await viewer.openSignIn(page, gate.url);
			await body({ gate, page, context });
			assert.deepEqual(errors, []);
		} finally {
			await context.close();
			await gate.stop();
		}
	});
}

export async function live({ gate, page }) {
	await viewer.signIn(page, "hanako", "ひみつ");
	await viewer.waitLive(page);
	await until(() => gate.acks.length > 0);
}

export async function until(condition, what = condition.toString(), timeoutMs = 30000) {
	const endMs = Date.now() + timeoutMs;
	while (!(await condition())) {
		assert.ok(Date.now() < endMs, `did not happen: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

export const text = (page, selector) => page.locator(selector).textContent();
export const focused = (page) => page.evaluate(() => document.activeElement.id);

export function differences(pixels, picture) {
	assert.deepEqual([pixels.width, pixels.height], [picture.width, picture.height]);
	let count = 0;
	for (let i = 0; i < pixels.width * pixels.height; i++) {
		const isSame =
			pixels.data[i * 4] === picture.rgb[i * 3] &&
			pixels.data[i * 4 + 1] === picture.rgb[i * 3 + 1] &&
			pixels.data[i * 4 + 2] === picture.rgb[i * 3 + 2] &&
			pixels.data[i * 4 + 3] === 255;
		count += isSame ? 0 : 1;
	}
	return count;
}

// By keyboard, as far as the bar is long.
export async function tabTo(page, selector) {
	for (let i = 0; i < 10; i++) {
		await page.keyboard.press("Tab");
		if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) {
			return;
		}
	}
	assert.fail(`${selector} is not reached with Tab`);
}
