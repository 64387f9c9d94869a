// Puts the decoder's screen on an OffscreenCanvas the moment a frame is complete, and says when it was drawn. Runs in
// the worker.

// A hidden page gets no animation frames. Its frames count as drawn after this long, so that the picture stays
// current at a trickle and the broker sends no more than that.
export const HIDDEN_DRAW_MS = 250;
// A picture of a new size that is not whole by then is shown as it is: on a thin line it comes in parts. What has not come is
// black, so that the old picture is better for as long as a busy machine needs.
export const UNFINISHED_MAX_MS = 2000;

export class Painter {
	#context;
	#canvas;
	#onDrawn;
	#onChanging;
	#onSize;
	#onChanged;
	#hasPicture = false;
	#image = null;
	#pending = null; // {frame, receivedAtMs, answers}: the newest frame that is not on the screen yet
	#timer = null;
	#shown = []; // callbacks: what of video is not on the screen yet
	#uncovered = (rect) => [rect]; // what of a rectangle is the picture's
	#isWhole = false; // the next frame is drawn whole
	#change = null; // {decoder, isCovered, isReady, timer}: the canvas is about to get another size

	// onDrawn(frame, microseconds, answers): that frame, and all before it, are on the screen. answers: the first input that
	// one of them answers (Decoder.answers), or -1. onChanging(): the canvas is about to get
	// another size; whoever covers it answers with covered(). onSize(width, height): it has it. onChanged(): and shows
	// the picture in it.
	constructor(canvas, { onDrawn, onChanging, onSize, onChanged }) {
		this.#canvas = canvas;
		// desynchronized: the browser need not wait for the page's own rendering. alpha false: what is read back is
		// what was put in, and the compositor need not blend.
		this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
		this.#onDrawn = onDrawn;
		this.#onChanging = onChanging;
		this.#onSize = onSize;
		this.#onChanged = onChanged;
	}

	// uncovered(rect) -> rectangles: what regions of video leave to the picture.
	setCover(uncovered) {
		this.#uncovered = uncovered;
	}

	begin(decoder) {
		const { width, height } = decoder;
		const isSame = this.#canvas.width === width && this.#canvas.height === height;
		if (isSame || !this.#hasPicture) {
			const wasCovered = this.#endChange();
			this.#setSize(width, height);
			if (wasCovered) {
				this.#onChanged();
			}
		} else {
			this.#beginChange(decoder);
		}
		// ImageData borrows the decoder's memory: nothing is copied but what putImageData() takes.
		this.#image = new ImageData(decoder.screen(), width, height);
		// The decoder's screen may be black now, and frames need not name what stays black. The old picture is
		// left standing until the first frame is complete: better than a black flash on a slow line.
		this.#isWhole = true;
		this.forget();
	}

	#setSize(width, height) {
		if (this.#canvas.width !== width || this.#canvas.height !== height) {
			this.#canvas.width = width;
			this.#canvas.height = height;
		}
		this.#onSize(width, height);
	}

	// ---- another size: the old picture stands until the new one is whole, and until the page has covered the canvas ----

	#beginChange(decoder) {
		const isCovered = this.#change?.isCovered === true;
		clearTimeout(this.#change?.timer);
		const timer = setTimeout(() => this.#readyToChange(), UNFINISHED_MAX_MS);
		if (!this.#change) {
			this.#onChanging();
		}
		this.#change = { decoder, isCovered, isReady: false, timer };
	}

	#readyToChange() {
		this.#change.isReady = true;
		this.#changeIfPossible();
	}

	covered() {
		if (this.#change) {
			this.#change.isCovered = true;
			this.#changeIfPossible();
		} else {
			this.#onChanged();
		}
	}

	#changeIfPossible() {
		const { decoder, isCovered, isReady } = this.#change;
		if (!isCovered || !isReady) {
			return;
		}
		this.#endChange();
		this.#setSize(decoder.width, decoder.height);
		this.#putImage([0, 0, decoder.width, decoder.height]);
		this.#isWhole = false;
		this.#shown.push(this.#onChanged);
		this.#scheduleOnce();
	}

	#endChange() {
		const wasCovered = this.#change?.isCovered;
		clearTimeout(this.#change?.timer);
		this.#change = null;
		return wasCovered;
	}

	// No frame that was drawn until now will be told of.
	forget() {
		this.#pending = null;
		this.#shown = this.#shown.filter((onShown) => onShown === this.#onChanged);
	}

	// A frame of video, through these rectangles [x, y, width, height]. onShown() is called when it is on the screen.
	drawVideo(frame, { x, y, width, height }, rects, onShown) {
		if (this.#change) {
			this.#shown.push(onShown);
			this.#scheduleOnce();
			return;
		}
		const context = this.#context;
		context.save();
		if (rects.length > 1 || rects[0][2] !== width || rects[0][3] !== height) {
			context.beginPath();
			rects.forEach((rect) => context.rect(...rect));
			context.clip();
		}
		// The coded picture may be a pixel wider or higher than the region.
		context.drawImage(frame, 0, 0, width, height, x, y, width, height);
		context.restore();
		this.#shown.push(onShown);
		this.#scheduleOnce();
	}

	draw(decoder, receivedAtMs) {
		if (this.#change) {
			if (!decoder.isUnfinished) {
				this.#readyToChange();
			}
		} else {
			const rects = this.#isWhole ? [0, 0, decoder.width, decoder.height] : decoder.rects();
			this.#isWhole = false;
			for (let i = 0; i < rects.length; i += 4) {
				this.#putImage([rects[i], rects[i + 1], rects[i + 2], rects[i + 3]]);
			}
			this.#hasPicture = true;
		}
		const before = this.#pending;
		this.#pending = {
			frame: decoder.frame,
			receivedAtMs: before?.receivedAtMs ?? receivedAtMs,
			answers: before && before.answers >= 0 ? before.answers : decoder.answers,
		};
		this.#scheduleOnce();
	}

	#putImage(rect) {
		for (const piece of this.#uncovered(rect)) {
			this.#context.putImageData(this.#image, 0, 0, ...piece);
		}
	}

	#scheduleOnce() {
		if (this.#timer === null) {
			this.#schedule();
		}
	}

	// A canvas in a worker is shown when the worker's next animation frame comes: acknowledging earlier would
	// tell the broker of pictures that nobody has seen, and it would send more than the terminal can show.
	#schedule() {
		const drawn = () => {
			cancelAnimationFrame(request);
			clearTimeout(this.#timer);
			this.#timer = null;
			const pending = this.#pending;
			this.#pending = null;
			if (pending) {
				const drawnAfterUs = (performance.now() - pending.receivedAtMs) * 1000;
				this.#onDrawn(pending.frame, drawnAfterUs, pending.answers);
			}
			this.#shown.splice(0).forEach((onShown) => onShown());
		};
		const request = requestAnimationFrame(drawn);
		this.#timer = setTimeout(drawn, HIDDEN_DRAW_MS);
	}
}
