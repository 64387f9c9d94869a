// What tests do with the viewer in a real Chromium: sign in, wait, type, click, scroll, and read the canvas exactly as
// it is on the page. Used by the viewer's own tests and by the whole-system ones.
import { chromium } from "playwright-core";

const ARGUMENTS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--force-color-profile=srgb",
];

// A browser with one page. Options: width, height (the window's inner size), headless, args, env, executablePath, locale.
// Returns {browser, context, page, errors, close()}; errors collects what the page's console and scripts
// complained of, refused by its CSP included: a test ends with expecting it to be empty.
export async function launch(options = {}) {
	const { headless = true, args = [], env, executablePath = process.env.SHOJI_CHROMIUM ?? "/usr/bin/chromium" } = options;
	const browser = await chromium.launch({
		executablePath,
		headless,
		env,
		args: [...ARGUMENTS, ...args],
	});
	return { ...(await openPage(browser, options)), close: () => browser.close() };
}

// One more page of a running browser, with cookies and storage of its own (another terminal, as it were).
// Returns {browser, context, page, errors}.
// deviceScaleFactor: emulated device pixels per CSS pixel. viewport null: nothing is emulated, the window's own size and scale hold. init: a function that runs in the page before its own
// scripts.
export async function openPage(browser, { width = 1280, height = 840, locale = "ja-JP", viewport = { width, height }, deviceScaleFactor, init } = {}) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, deviceScaleFactor, locale });
	const page = await context.newPage();
	if (init) {
		await page.addInitScript(init);
	}
	return { browser, context, page, errors: collectErrors(page) };
}

// As openPage(), with a close() that leaves the browser to its other pages.
export async function openWindow(browser, options = {}) {
	const window = await openPage(browser, options);
	return { ...window, close: () => window.context.close() };
}

export function collectErrors(page) {
	const errors = [];
	page.on("pageerror", (error) => errors.push(error.message));
	page.on("console", (message) => {
		// A refused sign-in is a 4xx by design, and a line that tests cut is reported as well.
		const isExpected = /Failed to load resource|WebSocket connection/.test(message.text());
		if (message.type() === "error" && !isExpected) {
			errors.push(message.text());
		}
	});
	return errors;
}

export async function openSignIn(page, url) {
	await page.goto(url);
	await page.locator("#sign-in-form").waitFor({ state: "visible" });
}

// Fills in the form and sends it; what comes of it is waited for by waitLive() or signInError().
export async function signIn(page, person, password) {
	await page.fill("#person", person);
	await page.fill("#password", password);
	await page.click("#sign-in");
}

export async function signInError(page) {
	const error = page.locator("#sign-in-error:not(:empty)");
	await error.waitFor();
	return error.textContent();
}

// idle, connecting, starting, live, waiting, ended
export async function waitState(page, state, timeoutMs = 30000) {
	await page.waitForFunction((wanted) => document.body.dataset.state === wanted, state, { timeout: timeoutMs });
}

// starting, live, slow, lost
export async function waitQuality(page, quality, timeoutMs = 30000) {
	await page.waitForFunction((wanted) => document.body.dataset.quality === wanted, quality, {
		timeout: timeoutMs,
	});
}

// Live, with the first picture on the screen and the keyboard on the isolated host.
export async function waitLive(page, timeoutMs = 30000) {
	await waitState(page, "live", timeoutMs);
	await page.locator("#overlay").waitFor({ state: "hidden", timeout: timeoutMs });
}

// The canvas as RGBA: {width, height, data (Buffer)}. Exact: the canvas has no alpha, and is drawn onto another of
// its size without scaling or smoothing. rect {x, y, width, height}: only that part.
export async function canvasPixels(page, rect = null) {
	const { width, height, base64 } = await page.evaluate((part) => {
		const screen = document.getElementById("screen");
		const area = part ?? { x: 0, y: 0, width: screen.width, height: screen.height };
		const copy = document.createElement("canvas");
		copy.width = area.width;
		copy.height = area.height;
		const context = copy.getContext("2d", { alpha: false, willReadFrequently: true });
		context.drawImage(screen, -area.x, -area.y);
		const { data } = context.getImageData(0, 0, area.width, area.height);
		let binary = "";
		for (let at = 0; at < data.length; at += 32768) {
			binary += String.fromCharCode(...data.subarray(at, at + 32768));
		}
		return { width: area.width, height: area.height, base64: btoa(binary) };
	}, rect);
	return { width, height, data: Buffer.from(base64, "base64") };
}

// Returns once the canvas has not changed for quietMs.
export async function waitSettled(page, quietMs = 500, timeoutMs = 30000) {
	await page.evaluate(
		async ([quiet, timeout]) => {
			const screen = document.getElementById("screen");
			const copy = document.createElement("canvas");
			copy.width = screen.width;
			copy.height = screen.height;
			const context = copy.getContext("2d", { alpha: false, willReadFrequently: true });
			const endMs = performance.now() + timeout;
			let before = null;
			let sinceMs = performance.now();
			while (performance.now() < endMs) {
				context.drawImage(screen, 0, 0);
				const now = new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
				if (before === null || now.some((pixel, i) => pixel !== before[i])) {
					sinceMs = performance.now();
				} else if (performance.now() - sinceMs >= quiet) {
					return;
				}
				before = now;
				await new Promise((resolve) => setTimeout(resolve, 50));
			}
			throw new Error("the canvas did not settle");
		},
		[quietMs, timeoutMs],
	);
}

// Looks at the canvas for ms, twenty times a second, and returns how often it had changed.
export function countChanges(page, ms) {
	return page.evaluate(async (duration) => {
		const screen = document.getElementById("screen");
		const copy = document.createElement("canvas");
		copy.width = screen.width;
		copy.height = screen.height;
		const context = copy.getContext("2d", { alpha: false, willReadFrequently: true });
		const endMs = performance.now() + duration;
		let n = 0;
		let before = null;
		while (performance.now() < endMs) {
			context.drawImage(screen, 0, 0);
			const now = new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
			n += before !== null && now.some((pixel, i) => pixel !== before[i]) ? 1 : 0;
			before = now;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		return n;
	}, ms);
}

async function onPage(page, x, y) {
	const box = await page.locator("#screen").boundingBox();
	return [box.x + x, box.y + y];
}

// x, y: pixels of the isolated host's screen. options as playwright's mouse.click().
export async function click(page, x, y, options) {
	await page.mouse.click(...(await onPage(page, x, y)), options);
}

export async function move(page, x, y) {
	await page.mouse.move(...(await onPage(page, x, y)));
}

// Positive: rightwards, downwards; CSS pixels of a wheel event, 100 a notch.
export async function scroll(page, x, y, deltaX, deltaY) {
	await move(page, x, y);
	await page.mouse.wheel(deltaX, deltaY);
}

const SHIFTED = new Map(
	Object.entries({
		"!": "1", "#": "3", $: "4", "%": "5", "_": "-", ":": ";", "?": "/", "<": ",", ">": ".",
	}),
);
const CODES = new Map(
	Object.entries({
		" ": "Space", "-": "Minus", ".": "Period", ",": "Comma", "/": "Slash", ";": "Semicolon", "\n": "Enter", "\t": "Tab",
	}),
);

// Types half-width text by physical keys, as both a US and a JIS keyboard have them, but for ":" and "_" (US).
export async function type(page, text, { delayMs = 0 } = {}) {
	await page.focus("#screen");
	for (const character of text) {
		const isUpper = /[A-Z]/.test(character);
		const plain = SHIFTED.get(character) ?? character.toLowerCase();
		const isShifted = isUpper || SHIFTED.has(character);
		const code =
			CODES.get(plain) ?? (/[a-z]/.test(plain) ? `Key${plain.toUpperCase()}` : /[0-9]/.test(plain) ? `Digit${plain}` : null);
		if (code === null) {
			throw new Error(`type(): no key for ${JSON.stringify(character)}`);
		}
		if (isShifted) {
			await page.keyboard.down("ShiftLeft");
		}
		await page.keyboard.press(code);
		if (isShifted) {
			await page.keyboard.up("ShiftLeft");
		}
		if (delayMs > 0) {
			await new Promise((resolve) => setTimeout(resolve, delayMs));
		}
	}
}

// A key or chord by KeyboardEvent.code, as in press(page, "Control+KeyL").
export async function press(page, chord) {
	await page.focus("#screen");
	await page.keyboard.press(chord);
}

// Leaves by the button and its question; returns the words on the last page.
export async function signOut(page) {
	await page.click("#sign-out");
	await page.click("#confirm-yes");
	await waitState(page, "ended");
	return page.locator("#ended-text").textContent();
}
