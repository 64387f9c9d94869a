// The figures of latency.js in the corner of the screen, when they are asked for: a button of the bar turns them on and
// off. Written when a figure comes, never by a timer; clicks go through it to the screen.

const element = (id) => document.getElementById(id);

export class LatencyPanel {
	#words;
	#figures = null;
	#roundTripMs = null;
	#isShown = false;

	constructor(words) {
		this.#words = words;
		element("latency-toggle").addEventListener("click", (event) => {
			this.#isShown = !this.#isShown;
			this.write();
			// By mouse: the next key is for the screen again. Who came by keyboard stays in the bar.
			if (event.detail > 0) {
				element("screen").focus({ preventScroll: true });
			}
		});
	}

	set figures(figures) {
		this.#figures = figures;
		this.write();
	}

	// Of the line alone, from the last ping.
	set roundTripMs(roundTripMs) {
		this.#roundTripMs = roundTripMs;
		this.write();
	}

	write() {
		element("latency-toggle").setAttribute("aria-pressed", String(this.#isShown));
		element("latency").hidden = !this.#isShown;
		if (!this.#isShown) {
			return;
		}
		const word = (key, blanks) => this.#words.word(key, blanks);
		element("latency-keys").textContent = this.#figures
			? word("latencyKeys", {
				p50: this.#figures.p50Ms.toFixed(1),
				p95: this.#figures.p95Ms.toFixed(1),
				n: this.#figures.count,
			})
			: word("latencyNone");
		element("latency-line").textContent =
			this.#roundTripMs === null ? "" : word("latencyLine", { n: this.#roundTripMs.toFixed(1) });
	}
}
