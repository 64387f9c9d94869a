// The size of the screen, on the page's side: what the stage can show goes to the broker, in device pixels and with the terminal's
// scale; what comes back is laid out so that one pixel of the isolated host's is one device pixel of the terminal. Knows the
// stage, the canvas and the still picture, and nothing else of the page.

import { HEIGHT_MAX, WIDTH_MAX } from "./decoder.js";
import { SCALE_MAX, SCALE_MIN, SCALE_ONE } from "./wire.js";

// A window that is dragged larger changes its size with every frame; the isolated browser lays its page out anew for each.
export const QUIET_MS = 40;
export const WAIT_MAX_MS = 160;

const within = (value, min, max) => Math.min(Math.max(value, min), max);

export function scaleOf(devicePixelRatio) {
	return within(Math.round(devicePixelRatio * SCALE_ONE), SCALE_MIN, SCALE_MAX);
}

// How many device pixels a length of CSS pixels fills. observed: what the browser says, which knows how it rounds; undefined where
// it does not say, and not to be believed where it is of another scale (it came before the window was moved; DevTools' emulation
// of a device leaves it at a scale of 1).
export function devicePixels(css, observed, devicePixelRatio) {
	const computed = css * devicePixelRatio;
	return Math.abs(observed - computed) < 1 ? observed : Math.floor(computed + 1e-3);
}

// Whole device pixels, within what the wire and the policy take. limits: as readStatus() has them.
export function wantedSize(width, height, limits) {
	return {
		width: within(Math.floor(width), limits.width_min, Math.min(limits.width_max, WIDTH_MAX)),
		height: within(Math.floor(height), limits.height_min, Math.min(limits.height_max, HEIGHT_MAX)),
	};
}

const HIDDEN_PAINT_MS = 100;

// What was changed on the page until now is on the screen when callback() is called. A hidden page is not painted at all.
export function afterPaint(callback) {
	let isDone = false;
	const done = () => {
		if (!isDone) {
			isDone = true;
			callback();
		}
	};
	requestAnimationFrame(() => requestAnimationFrame(done));
	setTimeout(done, HIDDEN_PAINT_MS);
}

export class ScreenSize {
	#stage;
	#canvas;
	#still;
	#send;
	#limits;
	#isFollowing;
	#content = null; // {css, device}: the stage's content box as it was observed last
	#room = null; // {width, height}: device pixels of the stage
	#picture = null; // {width, height}: what the canvas shows
	#isLive = false;
	#told = ""; // what the broker was told last
	#quietTimer = null;
	#latestTimer = null;

	// send({width, height, scale}). limits: a promise of {width_min, ...}. isFollowing: the isolated host follows this
	// terminal; an onlooker takes what there is, and scrolls.
	constructor({ stage, canvas, still }, { send, limits, isFollowing }) {
		this.#stage = stage;
		this.#canvas = canvas;
		this.#still = still;
		this.#send = send;
		this.#isFollowing = isFollowing;
		limits.then((known) => {
			this.#limits = known;
			this.#changed();
		});
		this.#observe();
		this.#watchScale();
	}

	#observe() {
		const observer = new ResizeObserver(([entry]) => {
			this.#content = {
				css: entry.contentRect,
				device: entry.devicePixelContentBoxSize?.[0],
			};
			this.#measure();
			this.#layOut();
			this.#changed();
		});
		try {
			observer.observe(this.#stage, { box: "device-pixel-content-box" });
		} catch {
			observer.observe(this.#stage);
		}
	}

	// The window was moved to another monitor, or the page was zoomed: told by a change of the resolution, whatever the size does.
	#watchScale() {
		matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
			"change",
			() => {
				this.#watchScale();
				this.#measure();
				this.#layOut();
				this.#changed();
			},
			{ once: true },
		);
	}

	#measure() {
		if (this.#content) {
			const { css, device } = this.#content;
			this.#room = {
				width: devicePixels(css.width, device?.inlineSize, devicePixelRatio),
				height: devicePixels(css.height, device?.blockSize, devicePixelRatio),
			};
		}
	}

	// ---- to the broker ----

	setLive(isLive) {
		this.#isLive = isLive;
		// Another host, or another terminal meanwhile: said again each time.
		this.#told = "";
		if (isLive) {
			this.#tell();
		}
	}

	#changed() {
		if (!this.#isLive || !this.#isFollowing) {
			return;
		}
		clearTimeout(this.#quietTimer);
		this.#quietTimer = setTimeout(() => this.#tell(), QUIET_MS);
		this.#latestTimer ??= setTimeout(() => this.#tell(), WAIT_MAX_MS);
	}

	#tell() {
		clearTimeout(this.#quietTimer);
		clearTimeout(this.#latestTimer);
		this.#latestTimer = null;
		if (!this.#isLive || !this.#isFollowing || !this.#room || !this.#limits) {
			return;
		}
		const { width, height } = this.#room;
		// A stage without room is a page that is not shown.
		if (width === 0 || height === 0) {
			return;
		}
		const fields = { ...wantedSize(width, height, this.#limits), scale: scaleOf(devicePixelRatio) };
		const text = Object.values(fields).join(" ");
		if (text !== this.#told) {
			this.#told = text;
			this.#send(fields);
		}
	}

	// ---- on the page ----

	// The canvas has that many pixels now.
	show(width, height) {
		this.#picture = { width, height };
		this.#layOut();
	}

	// Scroll bars only where the screen cannot become as small as the stage: with them the stage would be smaller, the screen
	// would follow, and they would go again.
	#needsScrolling() {
		if (!this.#isFollowing || !this.#limits) {
			return true;
		}
		const { offsetWidth, offsetHeight } = this.#stage;
		return (
			offsetWidth * devicePixelRatio < this.#limits.width_min ||
			offsetHeight * devicePixelRatio < this.#limits.height_min
		);
	}

	#layOut() {
		this.#stage.classList.toggle("is-scrolling", this.#needsScrolling());
		if (!this.#picture || !this.#room) {
			return;
		}
		const { width, height } = this.#picture;
		const style = this.#canvas.style;
		// Whole device pixels everywhere: between two of them the browser would smooth the picture.
		const left = Math.max(0, Math.floor((this.#room.width - width) / 2));
		const { top, left: stageLeft } = this.#stage.getBoundingClientRect();
		const rest = (css) => Math.ceil(css * devicePixelRatio - 1e-3) - css * devicePixelRatio;
		style.width = `${width / devicePixelRatio}px`;
		style.height = `${height / devicePixelRatio}px`;
		style.marginLeft = `${(left + rest(stageLeft)) / devicePixelRatio}px`;
		style.marginTop = `${rest(top) / devicePixelRatio}px`;
	}

	// ---- between two sizes ----

	// The canvas is about to get another size. What it shows is copied and stands in for it, until uncover(): a canvas that a
	// worker draws on and the page's layout change at different moments, and in between the picture would be stretched.
	cover() {
		const { width, height } = this.#canvas;
		const box = this.#canvas.getBoundingClientRect();
		const stage = this.#stage.getBoundingClientRect();
		const still = this.#still;
		still.width = width;
		still.height = height;
		still.getContext("2d", { alpha: false }).drawImage(this.#canvas, 0, 0);
		still.style.width = `${box.width}px`;
		still.style.height = `${box.height}px`;
		still.style.left = `${box.left - stage.left + this.#stage.scrollLeft}px`;
		still.style.top = `${box.top - stage.top + this.#stage.scrollTop}px`;
		still.hidden = false;
		// Not hidden: that would take the focus from it.
		this.#canvas.style.opacity = "0";
	}

	uncover() {
		this.#still.hidden = true;
		this.#canvas.style.opacity = "";
	}
}
