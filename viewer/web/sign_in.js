// Signing in and out over HTTP, and what each answer means for the person. Knows no page: fetch is handed in.
//
// Boundary: the answers come from the broker's gate; a field that is not as expected counts as "unavailable".

import { scaleOf } from "./size.js";

const TOKEN = /^[0-9a-f]{64}$/;
const DEADLINE_MS = 20000;
// What gate takes if /status does not say: SCREEN_* of broker/base/session.h.
const LIMITS = Object.freeze({ width_min: 320, width_max: 3840, height_min: 240, height_max: 2160 });
const CONTACT_CHARS_MAX = 200;

const minutes = (seconds) => (Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds / 60) : 1);

function refusal(status, body) {
	switch (status) {
		case 400:
		case 413:
			return { key: "signInMalformed" };
		case 401:
			return { key: "signInWrong" };
		case 409:
			return { key: "signInInUse" };
		case 423:
			return { key: "signInLocked", blanks: { n: minutes(body.retry_after_s) } };
		case 429:
			return { key: "signInTooMany", blanks: { n: minutes(body.retry_after_s) } };
		case 503:
			return { key: body.outcome === "full" ? "signInFull" : "signInUnavailable" };
		default:
			return { key: "signInUnavailable" };
	}
}

async function json(response) {
	try {
		const body = await response.json();
		return body !== null && typeof body === "object" ? body : {};
	} catch {
		return {};
	}
}

// Returns {token} or {key, blanks}: the word that says why not.
export async function signIn({ person, password, width, height, scale }, fetchFn = fetch) {
	let response;
	try {
		response = await fetchFn("/sign-in", {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ person, password, width, height, scale }),
			credentials: "same-origin",
			cache: "no-store",
			signal: AbortSignal.timeout(DEADLINE_MS),
		});
	} catch {
		return { key: "signInNoLine" };
	}
	const body = await json(response);
	if (response.status === 200) {
		return TOKEN.test(body.attach_token) ? { token: body.attach_token } : { key: "signInUnavailable" };
	}
	return refusal(response.status, body);
}

// True: the broker has ended the session, or knows of none.
export async function signOut(fetchFn = fetch) {
	try {
		const response = await fetchFn("/sign-out", {
			method: "POST",
			credentials: "same-origin",
			cache: "no-store",
			signal: AbortSignal.timeout(DEADLINE_MS),
		});
		return response.ok || response.status === 401;
	} catch {
		return false;
	}
}

// {contact, limits, isMarked: the screen will carry a watermark}; defaults when the broker does not say.
export async function readStatus(fetchFn = fetch) {
	let body = {};
	try {
		const response = await fetchFn("/status", {
			credentials: "same-origin",
			cache: "no-store",
			signal: AbortSignal.timeout(DEADLINE_MS),
		});
		body = response.ok ? await json(response) : {};
	} catch {
		// No line: the sign-in itself will say so.
	}
	const limits = {};
	for (const [name, fallback] of Object.entries(LIMITS)) {
		const value = body[name];
		const isUsable = Number.isInteger(value) && value >= 1 && value <= LIMITS.width_max;
		limits[name] = isUsable ? value : fallback;
	}
	const contact = typeof body.contact === "string" ? body.contact.slice(0, CONTACT_CHARS_MAX) : "";
	return { contact, limits, isMarked: body.watermark === true };
}

// The screen to begin with: the window without the bar, within the limits, in device pixels, and its scale; the three are CSS pixels. Once
// the session is live, size.js says it more exactly.
export function screenSize({ windowWidth, windowHeight, barHeight, devicePixelRatio = 1 }, limits) {
	const within = (value, min, max) => Math.min(Math.max(Math.floor(value * devicePixelRatio), min), max);
	return {
		width: within(windowWidth, limits.width_min, limits.width_max),
		height: within(windowHeight - barHeight, limits.height_min, limits.height_max),
		scale: scaleOf(devicePixelRatio),
	};
}
