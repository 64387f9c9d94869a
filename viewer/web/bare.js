// The screen without Shoji's own bar: hidden by a button, in full screen or out of it, and shown again by Ctrl+Alt+Shift, by resting
// the pointer on the upper edge, or by the end of full screen. Who is looked on at is told so all the same (screen.css).

// Long enough that the isolated browser's own tabs, which lie there, can be used.
export const EDGE_REST_MS = 1000;

export class BareScreen {
	#stage;
	#onShown;
	#edgeTimer = null;

	// onShown(): the bar is back.
	constructor(stage, { onShown }) {
		this.#stage = stage;
		this.#onShown = onShown;
		stage.addEventListener("pointermove", (event) => this.#moved(event));
		stage.addEventListener("pointerleave", () => this.#forgetEdge());
		document.addEventListener("fullscreenchange", () => {
			if (!document.fullscreenElement) {
				this.show();
			}
		});
	}

	get isBare() {
		return document.body.dataset.bar === "hidden";
	}

	hide() {
		document.body.dataset.bar = "hidden";
	}

	show() {
		this.#forgetEdge();
		if (this.isBare) {
			delete document.body.dataset.bar;
			this.#onShown();
		}
	}

	#moved(event) {
		const isAtEdge = this.isBare && event.buttons === 0 && event.clientY < 2;
		if (!isAtEdge) {
			this.#forgetEdge();
			return;
		}
		this.#edgeTimer ??= setTimeout(() => this.show(), EDGE_REST_MS);
	}

	#forgetEdge() {
		clearTimeout(this.#edgeTimer);
		this.#edgeTimer = null;
	}
}
