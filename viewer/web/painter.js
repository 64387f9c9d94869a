// Puts the decoder's screen on an OffscreenCanvas the moment a frame is complete, and says when it was drawn. Runs in
// the worker.

// A hidden page gets no animation frames. Its frames count as drawn after this long, so that the picture stays
// current at a trickle and the broker sends no more than that.
export const HIDDEN_DRAW_MS = 250;

export class Painter {
	#context;
	#canvas;
	#onDrawn;
	#image = null;
	#pending = null; // {frame, receivedAtMs}: the newest frame that is not on the screen yet
	#timer = null;
	#isWhole = false; // the next frame is drawn whole

	// onDrawn(frame, microseconds): that frame, and all before it, are on the screen.
	constructor(canvas, { onDrawn }) {
		this.#canvas = canvas;
		// desynchronized: the browser need not wait for the page's own rendering. alpha false: what is read back is
		// what was put in, and the compositor need not blend.
		this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
		this.#onDrawn = onDrawn;
	}

	begin(decoder) {
		const { width, height } = decoder;
		if (this.#canvas.width !== width || this.#canvas.height !== height) {
			this.#canvas.width = width;
			this.#canvas.height = height;
		}
		// ImageData borrows the decoder's memory: nothing is copied but what putImageData() takes.
		this.#image = new ImageData(decoder.screen(), width, height);
		// The decoder's screen may be black now, and frames need not name what stays black. The old picture is
		// left standing until the first frame is complete: better than a black flash on a slow line.
		this.#isWhole = true;
		this.forget();
	}

	// No frame that was drawn until now will be told of.
	forget() {
		this.#pending = null;
	}

	draw(decoder, receivedAtMs) {
		const rects = this.#isWhole ? [0, 0, decoder.width, decoder.height] : decoder.rects();
		this.#isWhole = false;
		for (let i = 0; i < rects.length; i += 4) {
			this.#context.putImageData(this.#image, 0, 0, rects[i], rects[i + 1], rects[i + 2], rects[i + 3]);
		}
		const isScheduled = this.#pending !== null;
		this.#pending = { frame: decoder.frame, receivedAtMs: this.#pending?.receivedAtMs ?? receivedAtMs };
		if (!isScheduled && this.#timer === null) {
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
				this.#onDrawn(pending.frame, (performance.now() - pending.receivedAtMs) * 1000);
			}
		};
		const request = requestAnimationFrame(drawn);
		this.#timer = setTimeout(drawn, HIDDEN_DRAW_MS);
	}
}
