// The worker that owns the line and the picture: WebSocket, decoder and canvas live here, so that nothing the page
// does can hold up a frame. It only wires session.js, decoder.js and the canvas; the page speaks to it in messages.
//
// page -> worker: open {canvas}, start {token, isOnlooker}, input {kind, fields, atEpochMs}, covered, retry, told {number}, end {detail}
// worker -> page: ready, failed {message}, state {state, detail}, token, person, notice, watched, sample, latency {figures}, geometry, changing
// (answered with covered), changed, cursor, caret, textOutcome

import { Backoff } from "./backoff.js";
import { Decoder, Status } from "./decoder.js";
import { Session } from "./session.js";
import { Painter } from "./painter.js";
import { SUBPROTOCOL, channelOf } from "./wire.js";
import { CHANNEL_MAX, CHANNEL_MIN, Video, canDecode } from "./video.js";

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

function videoOf(painter) {
	const video = new Video({
		VideoDecoder: self.VideoDecoder,
		EncodedVideoChunk: self.EncodedVideoChunk,
		draw: (frame, area, rects, onShown) => painter.drawVideo(frame, area, rects, onShown),
		onDrawn: (channel, number) => session.videoDrawn(channel, number),
		onFailed: (channel) => session.videoFailed(channel),
		nowMs: () => performance.now(),
	});
	painter.setCover((rect) => video.uncovered(rect));
	return video;
}

function pictureOf(decoder, painter, video) {
	const onStatus = {
		[Status.BEGUN]: () => {
			video?.reset(decoder.width, decoder.height);
			painter.begin(decoder);
		},
		[Status.FRAME]: (receivedAtMs) => painter.draw(decoder, receivedAtMs),
		[Status.CURSOR]: () => {
			const cursor = decoder.cursor();
			tell("cursor", { cursor }, [cursor.pixels.buffer]);
		},
		[Status.CARET]: () => tell("caret", { caret: decoder.caret() }),
		[Status.TEXT_OUTCOME]: () => tell("textOutcome", decoder.textOutcome()),
	};
	return {
		hello: () => {
			// A frame of the cut line that was drawn only now must not be acknowledged on the new one.
			painter.forget();
			video?.reset();
			return { epoch: decoder.epoch, lastFrame: decoder.frame, takesVideo: video?.isWorking === true };
		},
		reset: () => {
			decoder.reset();
			video?.reset();
		},
		receive: (bytes) => {
			const channel = channelOf(bytes[0]);
			if (video && channel >= CHANNEL_MIN && channel <= CHANNEL_MAX) {
				video.receive(bytes);
				return;
			}
			const receivedAtMs = performance.now();
			onStatus[decoder.push(bytes)]?.(receivedAtMs);
		},
	};
}

async function open(canvas) {
	const painter = new Painter(canvas, {
		onDrawn: (frame, drawnAfterUs, answers) => session.acknowledge(frame, drawnAfterUs, answers),
		onChanging: () => tell("changing"),
		onSize: (width, height) => tell("geometry", { width, height }),
		onChanged: () => tell("changed"),
	});
	covered = () => painter.covered();
	const [decoder, takesVideo] = await Promise.all([loadDecoder(), canDecode()]);
	session = new Session({
		openSocket: (isOnlooker) =>
			new WebSocket(`wss://${self.location.host}${isOnlooker ? "/watch" : ""}/stream`, SUBPROTOCOL),
		nowMs: () => performance.now(),
		setTimer: (callback, ms) => setTimeout(callback, ms),
		clearTimer: (timer) => clearTimeout(timer),
		backoff: new Backoff(),
		picture: pictureOf(decoder, painter, takesVideo ? videoOf(painter) : null),
		onState: (state, detail) => tell("state", { state, detail }),
		onToken: (token) => tell("token", { token }),
		onPerson: (person) => tell("person", { person }),
		onNotice: (notice) => tell("notice", notice),
		onWatched: (watch) => tell("watched", watch),
		onSample: (sample) => tell("sample", { sample }),
		onLatency: (figures) => tell("latency", { figures }),
	});
	self.addEventListener("online", () => session.retryNow());
	tell("ready");
	waiting.splice(0).forEach(handle);
}

let covered = () => {};

const HANDLERS = {
	covered: () => covered(),
	start: ({ token, isOnlooker }) => session.start(token, isOnlooker),
	// The page's clock and the worker's begin at different moments; what they count from is one clock.
	input: ({ kind, fields, atEpochMs }) => session.input(kind, fields, atEpochMs - performance.timeOrigin),
	retry: () => session.retryNow(),
	told: ({ number }) => session.told(number),
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
