// Notices an IME that takes letters and says nothing of them: its composition events are broken or lost, and what is typed
// disappears. Knows no page: it is fed keydown events, and told when anything was heard of a composition.
//
// Mode keys (変換, 半角/全角) look the same when all is well, and so do keys while something is composed: neither counts.

const LETTER = /^(Key[A-Z]|Digit[0-9])$/;
export const SILENCE_MS = 700;
export const SILENT_KEYS_MAX = 4; // one after the other, until it is said

export class CompositionWatch {
	#onSilent;
	#setTimer;
	#nSilent = 0;
	#isTold = false;
	#isComposing = false;
	#heard = 0;

	// onSilent(): once. setTimer(callback, ms): setTimeout, or a test's.
	constructor(onSilent, setTimer = (callback, ms) => setTimeout(callback, ms)) {
		this.#onSilent = onSilent;
		this.#setTimer = setTimer;
	}

	keyDown(event) {
		const isTaken = event.key === "Process" || event.keyCode === 229;
		const isShortcut = event.ctrlKey || event.altKey || event.metaKey;
		if (!isTaken || isShortcut || event.repeat || !LETTER.test(event.code) || this.#isComposing || this.#isTold) {
			return;
		}
		const heardBefore = this.#heard;
		this.#setTimer(() => this.#judge(heardBefore), SILENCE_MS);
	}

	// compositionstart, compositionend, textupdate, input: whatever an IME says.
	heard(type) {
		this.#isComposing = type === "compositionstart" || (this.#isComposing && type !== "compositionend");
		this.#heard += 1;
		this.#nSilent = 0;
	}

	#judge(heardBefore) {
		if (this.#heard !== heardBefore || this.#isTold || ++this.#nSilent < SILENT_KEYS_MAX) {
			return;
		}
		this.#isTold = true;
		this.#onSilent();
	}
}
