// Wires the staff's page: which of the three views is shown, and the worker that owns the line. The session's next
// attach token is kept in sessionStorage (one window, gone with it); with the cookie, which no script sees, it opens
// the same session again after a reload.

import { PageWords } from "./page_words.js";
import { SignInPage } from "./sign_in_page.js";
import { ViewerPage } from "./viewer_page.js";
import { endKey } from "./words.js";

const TOKEN = "shoji.token";
const WATCH_PATH = "/watch";
const element = (id) => document.getElementById(id);
const words = new PageWords();
const isOnlooker = location.pathname === WATCH_PATH;
let ending = null;

function show(view) {
	document.body.dataset.view = view;
	for (const name of ["sign-in", "viewer", "ended"]) {
		element(`${name}-view`).hidden = name !== view;
	}
	words.apply();
}

const isUsable = () =>
	typeof OffscreenCanvas === "function" &&
	"transferControlToOffscreen" in HTMLCanvasElement.prototype &&
	typeof WebAssembly === "object" &&
	typeof HTMLDialogElement === "function";

function ended(detail) {
	if (!isOnlooker) {
		sessionStorage.removeItem(TOKEN);
	}
	ending = detail;
	if (document.fullscreenElement) {
		document.exitFullscreen();
	}
	element("confirm").close();
	show("ended");
	element("ended-title").focus();
	element("announcement").textContent = words.word(endKey(detail, isOnlooker));
}

words.onChange(() => {
	if (ending) {
		element("ended-text").textContent = words.word(endKey(ending, isOnlooker));
		element("back-to-sign-in").textContent = words.word(
			ending.kind === "broken" ? "reload" : "backToSignIn",
		);
	}
});

// The whole page anew: nothing of the last session is left in it.
element("back-to-sign-in").addEventListener("click", () => location.reload());

function begin() {
	const signInPage = new SignInPage(words, (token) => attach(token));
	if (!isUsable()) {
		show("sign-in");
		signInPage.show({ key: "browserTooOld" });
		element("sign-in").disabled = true;
		return;
	}
	const worker = new Worker("/stream_worker.js", { type: "module" });
	const viewerPage = new ViewerPage(words, worker, {
		isOnlooker,
		onToken: (token) => isOnlooker || sessionStorage.setItem(TOKEN, token),
		onEnded: ended,
	});
	const failed = () => {
		show("sign-in");
		signInPage.show({ key: "viewerFailed" });
	};
	worker.onerror = failed;
	worker.onmessage = ({ data }) => (data.type === "failed" ? failed() : viewerPage.handle(data));

	if (isOnlooker) {
		const token = location.hash.slice(1);
		// Used up in a moment, and nobody's to read over a shoulder or in the history.
		history.replaceState(null, "", WATCH_PATH);
		show("viewer");
		viewerPage.start(token);
		return;
	}

	function attach(token) {
		sessionStorage.setItem(TOKEN, token);
		show("viewer");
		viewerPage.start(token);
	}

	const kept = sessionStorage.getItem(TOKEN);
	if (kept) {
		attach(kept);
	} else {
		show("sign-in");
		signInPage.show();
	}
}

begin();
