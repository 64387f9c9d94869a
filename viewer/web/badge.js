// How the line is doing, in one word and a reason: judged from the pings' round trips and from how long frames take
// from receipt until they are drawn. Knows no page.

export const Quality = Object.freeze({ STARTING: "starting", LIVE: "live", SLOW: "slow", LOST: "lost" });
export const Reason = Object.freeze({ NONE: "none", LINE: "line", TERMINAL: "terminal" });

export const SLOW_ROUND_TRIP_MS = 300;
export const SLOW_DRAW_MS = 200;
// One bad sample is a hiccup, and one good one no recovery: the badge must not flicker.
export const BAD_SAMPLES = 2;
export const GOOD_SAMPLES = 3;

export class Badge {
	#onChange;
	#quality = Quality.STARTING;
	#reason = Reason.NONE;
	#bad = 0;
	#good = 0;

	// onChange({quality, reason}) is called when either changes.
	constructor(onChange) {
		this.#onChange = onChange;
	}

	get quality() {
		return this.#quality;
	}
	get reason() {
		return this.#reason;
	}

	#set(quality, reason) {
		if (quality === this.#quality && reason === this.#reason) {
			return;
		}
		this.#quality = quality;
		this.#reason = reason;
		this.#bad = 0;
		this.#good = 0;
		this.#onChange({ quality, reason });
	}

	starting() {
		this.#set(Quality.STARTING, Reason.NONE);
	}
	live() {
		this.#set(Quality.LIVE, Reason.NONE);
	}
	lost() {
		this.#set(Quality.LOST, Reason.LINE);
	}

	// roundTripMs: the last ping's, or how old the unanswered one is. drawMs: the slowest frame since the last sample.
	sample({ roundTripMs, drawMs }) {
		if (this.#quality !== Quality.LIVE && this.#quality !== Quality.SLOW) {
			return;
		}
		const reason = judge(roundTripMs, drawMs);
		if (reason === Reason.NONE) {
			this.#bad = 0;
			this.#good += 1;
			if (this.#quality === Quality.SLOW && this.#good >= GOOD_SAMPLES) {
				this.#set(Quality.LIVE, Reason.NONE);
			}
			return;
		}
		this.#good = 0;
		this.#bad += 1;
		if (this.#quality === Quality.SLOW || this.#bad >= BAD_SAMPLES) {
			this.#set(Quality.SLOW, reason);
		}
	}
}

function judge(roundTripMs, drawMs) {
	if (roundTripMs >= SLOW_ROUND_TRIP_MS) {
		return Reason.LINE;
	}
	return drawMs >= SLOW_DRAW_MS ? Reason.TERMINAL : Reason.NONE;
}
