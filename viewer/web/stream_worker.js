// The worker that owns the line and the picture: WebSocket, decoder and canvas live here, so that nothing the page
// does can hold up a frame. It only wires session.js, decoder.js and the canvas; the page speaks to it in messages.
//
// page -> worker: open {canvas}, start {token}, input {kind, fields}, retry, end {detail}
// worker -> page: ready, failed {message}, state {state, detail}, token, person, notice, sample, geometry, cursor

import { Backoff } from "./backoff.js";
import { Decoder, Status } from "./decoder.js";
import { Session } from "./session.js";
import { Painter } from "./painter.js";
import { SUBPROTOCOL } from "./wire.js";

let session = null;
const waiting = []; // what the page asked before the decoder was compiled; a handful at most

const tell = (type, fields = {}, transfer = []) => self.postMessage({ type, ...fields }, transfer);

async function loadDecoder() {
	const response = await fetch("/decoder.wasm");
	if (!response.ok) {
		throw new Error(`decoder.wasm: ${response.status}`);
	}
	return Decoder.create(await response.arrayBuffer());
}

function pictureOf(decoder, painter) {
	const onStatus = {
		[Status.BEGUN]: () => {
			painter.begin(decoder);
			tell("geometry", { width: decoder.width, height: decoder.height });
		},
		[Status.FRAME]: (receivedAtMs) => painter.draw(decoder, receivedAtMs),
		[Status.CURSOR]: () => {
			const cursor = decoder.cursor();
			tell("cursor", { cursor }, [cursor.pixels.buffer]);
		},
	};
	return {
		hello: () => {
			// A frame of the cut line that was drawn only now must not be acknowledged on the new one.
			painter.forget();
			return { epoch: decoder.epoch, lastFrame: decoder.frame };
		},
		reset: () => decoder.reset(),
		receive: (bytes) => {
			const receivedAtMs = performance.now();
			onStatus[decoder.push(bytes)]?.(receivedAtMs);
		},
	};
}

async function open(canvas) {
	const painter = new Painter(canvas, {
		onDrawn: (frame, drawnAfterUs) => session.acknowledge(frame, drawnAfterUs),
	});
	const decoder = await loadDecoder();
	session = new Session({
		openSocket: () => new WebSocket(`wss://${self.location.host}/stream`, SUBPROTOCOL),
		nowMs: () => performance.now(),
		setTimer: (callback, ms) => setTimeout(callback, ms),
		clearTimer: (timer) => clearTimeout(timer),
		backoff: new Backoff(),
		picture: pictureOf(decoder, painter),
		onState: (state, detail) => tell("state", { state, detail }),
		onToken: (token) => tell("token", { token }),
		onPerson: (person) => tell("person", { person }),
		onNotice: (notice) => tell("notice", notice),
		onSample: (sample) => tell("sample", { sample }),
	});
	self.addEventListener("online", () => session.retryNow());
	tell("ready");
	waiting.splice(0).forEach(handle);
}

const HANDLERS = {
	start: ({ token }) => session.start(token),
	input: ({ kind, fields }) => session.input(kind, fields),
	retry: () => session.retryNow(),
	end: ({ detail }) => session.end(detail),
};

function handle(message) {
	HANDLERS[message.type](message);
}

self.onmessage = ({ data }) => {
	if (data.type === "open") {
		open(data.canvas).catch((error) => tell("failed", { message: error.message }));
	} else if (session) {
		handle(data);
	} else if (waiting.length < 16) {
		waiting.push(data);
	}
};
