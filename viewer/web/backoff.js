// How long to wait before the line is tried again: 0.3 s at first, twice as long each time, 5 s at most. A fifth
// of it is chance, so that a whole office does not come back in the same instant after a switch was restarted.

export const FIRST_MS = 300;
export const LAST_MS = 5000;
const CHANCE = 0.2;

export class Backoff {
	#random;
	#attempts = 0;

	// random: a function like Math.random.
	constructor(random = Math.random) {
		this.#random = random;
	}

	nextMs() {
		const steps = Math.min(this.#attempts, 16);
		this.#attempts += 1;
		const full = Math.min(FIRST_MS * 2 ** steps, LAST_MS);
		return Math.round(full * (1 - CHANCE * this.#random()));
	}

	reset() {
		this.#attempts = 0;
	}
}
