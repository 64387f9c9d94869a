// The screen's page: bar, badge, canvas, overlay. Shows what the worker tells and asks it for what the person wants.

import { Badge } from "./badge.js";
import { BareScreen } from "./bare.js";
import { cursorScale, enlarged } from "./cursor.js";
import { InputPage } from "./input_page.js";
import { KeyMenu } from "./key_menu.js";
import { LatencyPanel } from "./latency_panel.js";
import { Notices } from "./notices.js";
import { State } from "./session.js";
import { readStatus, signOut } from "./sign_in.js";
import { ScreenSize, afterPaint } from "./size.js";
import { badgeKeys, noticeKey } from "./words.js";

const element = (id) => document.getElementById(id);
const PLAIN = "shoji.plain"; // this terminal's IME is not used
const SIGNED_OUT = Object.freeze({ kind: "reason", reason: 1 });

export class ViewerPage {
	#words;
	#worker;
	#notices;
	#canvas = element("screen");
	#input;
	#keyMenu;
	#size;
	#bare;
	#latency;
	#badge = new Badge(() => this.#writeBadge());
	#state = State.IDLE;
	#person = "";
	#hasPicture = false;
	#wasLost = false;
	#cursorUrl = null;
	#cursorTurn = 0;
	#lostKey = null;
	#isOnlooker;
	#watch = { number: 0, administrator: "" };
	#onEnded;
	#onToken;

	// onToken(token): keep it, it opens the session next time. onEnded(detail): for good.
	constructor(words, worker, { isOnlooker, onToken, onEnded }) {
		this.#isOnlooker = isOnlooker;
		document.body.dataset.role = isOnlooker ? "onlooker" : "person";
		element("sign-out").hidden = isOnlooker;
		element("keys").hidden = isOnlooker;
		element("hide-bar").hidden = isOnlooker;
		this.#words = words;
		this.#worker = worker;
		this.#onToken = onToken;
		this.#onEnded = onEnded;
		this.#notices = new Notices(words);
		this.#latency = new LatencyPanel(words);
		this.#input = new InputPage(this.#canvas, element("text-field"), {
			send: (kind, fields, atEpochMs) => worker.postMessage({ type: "input", kind, fields, atEpochMs }),
			onEscape: () => this.#leaveScreen(),
			onTextRefused: (reason) => this.#notices.show(`text_${reason}`, { isPassing: true }),
			onTextLost: () => this.#notices.show("text_lost"),
			onTextSilent: () => this.#offerPlain(),
		});
		this.#makeKeyMenu();
		this.#size = new ScreenSize(
			{ stage: element("stage"), canvas: this.#canvas, still: element("still") },
			{
				send: (fields) => worker.postMessage({ type: "input", kind: "screen", fields }),
				limits: readStatus().then(({ limits }) => limits),
				isFollowing: !isOnlooker,
			},
		);
		this.#bare = new BareScreen(element("stage"), { onShown: () => this.#notices.announce("barShown") });
		words.onChange(() => this.#write());
		this.#listen();
		const offscreen = this.#canvas.transferControlToOffscreen();
		worker.postMessage({ type: "open", canvas: offscreen }, [offscreen]);
	}

	start(token) {
		this.#worker.postMessage({ type: "start", token, isOnlooker: this.#isOnlooker });
	}

	// ---- what the worker tells ----

	handle(message) {
		this.#handlers[message.type]?.(message);
	}

	#handlers = {
		state: ({ state, detail }) => this.#setState(state, detail),
		token: ({ token }) => this.#onToken(token),
		person: ({ person }) => {
			this.#person = person;
			this.#write();
		},
		notice: ({ notice, text }) => this.#notices.show(noticeKey(notice), { blanks: { name: text } }),
		watched: (watch) => this.#setWatched(watch),
		sample: ({ sample }) => {
			this.#badge.sample(sample);
			this.#latency.roundTripMs = sample.roundTripMs;
		},
		latency: ({ figures }) => {
			this.#latency.figures = figures;
		},
		geometry: ({ width, height }) => this.#setGeometry(width, height),
		changing: () => {
			this.#size.cover();
			afterPaint(() => this.#worker.postMessage({ type: "covered" }));
		},
		changed: () => afterPaint(() => this.#size.uncover()),
		cursor: ({ cursor }) => this.#setCursor(cursor),
		caret: ({ caret }) => this.#input.setCaret(caret),
		textOutcome: ({ number, outcome }) => this.#input.textOutcome(number, outcome),
	};

	#setState(state, detail) {
		const before = this.#state;
		this.#state = state;
		document.body.dataset.state = state;
		this.#input.setEnabled(state === State.LIVE && !this.#isOnlooker);
		this.#size.setLive(state === State.LIVE);
		switch (state) {
			case State.LIVE:
				this.#cameLive();
				break;
			case State.STARTING:
				this.#badge.starting();
				break;
			case State.WAITING:
				this.#badge.lost();
				this.#wasLost = true;
				this.#lostKey = `lost_${detail.cause}`;
				break;
			case State.ENDED:
				this.#onEnded(detail);
				break;
		}
		this.#write();
		if (state === State.WAITING && (before === State.LIVE || before === State.STARTING)) {
			this.#notices.announce("lost");
		}
		if (state === State.STARTING) {
			this.#notices.announce("starting");
		}
	}

	// Told at once, and shown as long as it lasts. Only then is the answer sent that lets the onlooker see anything.
	#setWatched(watch) {
		const isNew = watch.number !== 0 && watch.number !== this.#watch.number;
		const hasEnded = watch.number === 0 && this.#watch.number !== 0;
		this.#watch = watch;
		this.#write();
		if (isNew) {
			this.#notices.show("watchBegan", { blanks: { name: watch.administrator } });
		}
		if (hasEnded) {
			this.#notices.show("watchEnded");
		}
		if (watch.number !== 0) {
			this.#worker.postMessage({ type: "told", number: watch.number });
		}
	}

	#cameLive() {
		this.#badge.live();
		if (this.#wasLost && this.#hasPicture) {
			this.#notices.show("reconnected", { isPassing: true });
		}
		this.#wasLost = false;
		// Who is in the bar, at a notice or in a question stays there. Everything else may be a leftover: what was
		// hidden keeps the focus until the browser's next rendering.
		const active = document.activeElement;
		const isKept = ["bar", "notices", "confirm"].some((id) => element(id).contains(active));
		if (!isKept) {
			this.#canvas.focus({ preventScroll: true });
		}
	}

	#setGeometry(width, height) {
		this.#hasPicture = true;
		this.#size.show(width, height);
		this.#input.setScreen(width, height);
		this.#write();
	}

	// The host's cursor is drawn by the terminal: it never lags behind the hand.
	#setCursor({ width, height, hotX, hotY, pixels }) {
		if (width === 0) {
			this.#cursorTurn += 1;
			this.#useCursor(null, "none");
			return;
		}
		const { factor, ratio } = cursorScale(width, height, devicePixelRatio);
		const canvas = enlarged(new ImageData(pixels, width, height), factor);
		const turn = ++this.#cursorTurn;
		canvas.toBlob((blob) => {
			// It answers later: a cursor that came meanwhile wins.
			if (blob && this.#cursorTurn === turn) {
				const url = URL.createObjectURL(blob);
				const [x, y] = [(hotX * factor) / ratio, (hotY * factor) / ratio];
				this.#useCursor(url, `image-set(url(${url}) ${ratio}x) ${x} ${y}, default`);
			}
		});
	}

	#useCursor(url, style) {
		this.#canvas.style.cursor = style;
		if (this.#cursorUrl) {
			URL.revokeObjectURL(this.#cursorUrl);
		}
		this.#cursorUrl = url;
	}

	// ---- what the person wants ----

	#listen() {
		element("retry").addEventListener("click", () => this.#worker.postMessage({ type: "retry" }));
		element("full-screen").addEventListener("click", () => this.#toggleFullScreen());
		element("hide-bar").addEventListener("click", () => this.#hideBar());
		document.addEventListener("fullscreenchange", () => {
			this.#write();
			if (document.fullscreenElement) {
				this.#notices.show("fullScreenHint", { isPassing: true });
			}
		});
		element("back-to-screen").addEventListener("click", () => this.#canvas.focus());
		element("bar").addEventListener("keydown", (event) => {
			if (event.key === "Escape") {
				this.#canvas.focus();
			}
		});
		element("sign-out").addEventListener("click", () => this.#askSignOut());
		element("confirm-no").addEventListener("click", () => element("confirm").close());
		element("confirm-yes").addEventListener("click", () => this.#signOut());
		// A slip of Ctrl+W, which no page can take from the browser, must not cost a half-filled form.
		window.addEventListener("beforeunload", (event) => {
			if (!this.#isOnlooker && (this.#state === State.LIVE || this.#state === State.WAITING)) {
				event.preventDefault();
			}
		});
	}

	#makeKeyMenu() {
		const isPlain = localStorage.getItem(PLAIN) !== null;
		this.#keyMenu = new KeyMenu(this.#words, {
			isPlain,
			onKeys: (codes, event) => {
				this.#canvas.focus({ preventScroll: true });
				this.#input.pressKeys(codes, event);
			},
			onPlain: (nowPlain) => {
				nowPlain ? localStorage.setItem(PLAIN, "") : localStorage.removeItem(PLAIN);
				this.#input.setPlain(nowPlain);
				this.#canvas.focus({ preventScroll: true });
			},
		});
		this.#input.setPlain(isPlain);
	}

	// The menu has the same switch, and the way back.
	#offerPlain() {
		this.#notices.show("text_silent", { offer: { key: "text_silentOffer", onTaken: () => this.#keyMenu.setPlain(true) } });
	}

	// The way back is told whenever it is needed: nothing on the screen shows it afterwards.
	#hideBar() {
		this.#bare.hide();
		this.#canvas.focus({ preventScroll: true });
		this.#notices.show("barHidden", { isPassing: true });
	}

	#leaveScreen() {
		this.#bare.show();
		element("full-screen").focus();
		this.#notices.announce("barLabel");
	}

	async #toggleFullScreen() {
		try {
			await (document.fullscreenElement
				? document.exitFullscreen()
				: document.documentElement.requestFullscreen());
			// Full screen only: keys that the browser keeps for itself otherwise (Ctrl+W, Ctrl+T, Escape) reach the
			// host as well.
			await (document.fullscreenElement && navigator.keyboard?.lock?.());
		} catch {
			// A browser, or its administrator, may refuse either; the screen works as well without.
		}
		this.#canvas.focus({ preventScroll: true });
	}

	#askSignOut() {
		element("confirm").showModal();
		element("confirm-no").focus();
	}

	async #signOut() {
		element("confirm").close();
		if (await signOut()) {
			this.#worker.postMessage({ type: "end", detail: SIGNED_OUT });
		} else {
			this.#notices.show("signOutFailed");
		}
	}

	// ---- what is shown ----

	#write() {
		element("bar-person").textContent = this.#person
			? this.#words.word("personLabel", { name: this.#person })
			: "";
		const isWatched = this.#watch.number !== 0;
		element("watch-badge").hidden = !isWatched && !this.#isOnlooker;
		element("watch-badge").textContent = this.#isOnlooker
			? this.#words.word("onlooker")
			: this.#words.word("watchBegan", { name: this.#watch.administrator });
		element("full-screen").textContent = this.#words.word(
			document.fullscreenElement ? "fullScreenEnd" : "fullScreen",
		);
		this.#latency.write();
		this.#writeBadge();
		this.#writeOverlay();
	}

	#writeBadge() {
		const { quality, reason } = this.#badge;
		const keys = badgeKeys({ quality, reason });
		document.body.dataset.quality = quality;
		element("badge-text").textContent = this.#words.word(keys.text);
		const note = this.#isOnlooker
			? ""
			: this.#words.word(quality === "slow" ? keys.reason : "escapeHint");
		element("bar-note").textContent = note;
		element("bar-note").title = note;
		element("badge").title = keys.reason ? this.#words.word(keys.reason) : "";
		if (quality === "slow") {
			this.#notices.announce(keys.text);
		}
	}

	#writeOverlay() {
		const isLive = this.#state === State.LIVE && this.#hasPicture;
		const isLost = this.#wasLost;
		element("overlay").hidden = isLive || this.#state === State.ENDED || this.#state === State.IDLE;
		element("overlay").classList.toggle("is-opaque", !this.#hasPicture || this.#isOnlooker);
		const waiting = this.#isOnlooker ? "onlookerWaiting" : "starting";
		const key = isLost ? "lost" : this.#state === State.CONNECTING ? "connecting" : waiting;
		element("overlay-text").textContent = this.#words.word(key);
		element("overlay-reason").textContent = isLost ? this.#words.word(this.#lostKey) : "";
		element("overlay-help").hidden = !isLost;
		element("retry").hidden = !isLost;
	}
}
