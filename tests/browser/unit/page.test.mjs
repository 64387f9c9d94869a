// The page as it is written: words, contrast, and nothing that its content security policy would refuse.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { EndReason, Notice } from "../../../viewer/web/wire.js";
import { WORDS, badgeKeys, endKey, noticeKey, word } from "../../../viewer/web/words.js";
import { WEB, read } from "./repository.mjs";

const html = read("viewer/web/index.html");
const styles = readdirSync(WEB).filter((name) => name.endsWith(".css"));
const css = styles.map((name) => read(`viewer/web/${name}`)).join("\n").replace(/\/\*[\s\S]*?\*\//g, "");
// For CMake and for node only.
const NOT_SERVED = new Set(["CMakeLists.txt", "package.json"]);
const scripts = readdirSync(WEB).filter((name) => name.endsWith(".js"));
const source = (name) => readFileSync(path.join(WEB, name), "utf8");

// ---- words ----

test("both languages have the same keys and the same blanks, and none is empty", () => {
	assert.deepEqual(Object.keys(WORDS.en), Object.keys(WORDS.ja));
	const blanks = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
	for (const key of Object.keys(WORDS.ja)) {
		assert.ok(WORDS.ja[key].trim() && WORDS.en[key].trim(), key);
		assert.deepEqual(blanks(WORDS.ja[key]), blanks(WORDS.en[key]), key);
	}
});

test("staff's Japanese keeps to ui-words.md", () => {
	const banned = /ユーザ|セッション|エラー|無効|または|および|クライアント|上司|リモート|[０-９]|\(|\)/;
	const english = new Set(["otherLanguage", "languageLabel"]);
	for (const [key, text] of Object.entries(WORDS.ja)) {
		assert.doesNotMatch(text, banned, key);
		if (!english.has(key)) {
			assert.match(text, /[ぁ-んァ-ヶ一-龠]/, key);
		}
	}
	const stated = {
		title: "インターネット閲覧画面（隔離環境）",
		starting: "閲覧環境を準備しています。しばらくお待ちください。",
		confirmText: "終了すると、入力中の内容は失われます。",
		lost: "通信が切断されました。再接続しています…",
		reconnected: "再接続しました。前の画面から続けられます。",
		badge_slow: "通信速度が低下しています",
		recorded: "利用状況は、情報セキュリティポリシーに基づき記録しています。",
		end_idle: "一定時間操作がなかったため、終了しました。",
		signInLocked: "ログインの失敗が続いたため、一時的に利用を停止しています。{n}分後に再度お試しください。",
	};
	for (const [key, text] of Object.entries(stated)) {
		assert.equal(WORDS.ja[key], text);
	}
});

test("every end, notice and badge has words", () => {
	const has = (key) => assert.ok(key in WORDS.ja, String(key));
	Object.values(EndReason).forEach((reason) => has(endKey({ kind: "reason", reason })));
	[1, 2].forEach((outcome) => has(endKey({ kind: "refused", outcome })));
	has(endKey({ kind: "broken" }));
	Object.values(Notice).forEach((notice) => has(noticeKey(notice)));
	for (const quality of ["starting", "live", "slow", "lost"]) {
		for (const reason of ["none", "line", "terminal"]) {
			const keys = badgeKeys({ quality, reason });
			has(keys.text);
			if (keys.reason) {
				has(keys.reason);
			}
		}
	}
	["closed", "silent", "jammed", "broken", "unavailable"].forEach((cause) => has(`lost_${cause}`));
	["refused", "tooMuch", "tooLong", "lost"].forEach((reason) => has(`text_${reason}`));
	assert.equal(word("ja", "signInLocked", { n: 5 }).includes("5分後"), true);
});

test("every word that the page and its scripts name exists, and every word is named", () => {
	const used = new Set();
	for (const [, key] of html.matchAll(/data-word(?:-label)?="(\w+)"/g)) {
		used.add(key);
	}
	const literals = new Set(scripts.flatMap((name) => [...source(name).matchAll(/["`](\w+)["`]/g)].map((m) => m[1])));
	for (const key of used) {
		assert.ok(key in WORDS.ja, key);
	}
	for (const key of Object.keys(WORDS.ja)) {
		const isBuilt = /^(badge|lost|text)_/.test(key);
		assert.ok(used.has(key) || literals.has(key) || isBuilt, `${key} is not used`);
	}
});

// ---- contrast ----

const rules = [...css.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector, body]) => ({
	selector: selector.trim(),
	properties: Object.fromEntries(
		body.split(";").filter((line) => line.includes(":")).map((line) => {
			const at = line.indexOf(":");
			return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
		}),
	),
}));
const variables = rules.find(({ selector }) => selector === ":root").properties;

function luminance(name) {
	const hex = variables[name];
	assert.match(hex ?? "", /^#[0-9a-f]{6}$/, name);
	const [r, g, b] = [1, 3, 5].map((at) => {
		const part = parseInt(hex.slice(at, at + 2), 16) / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
	const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (light + 0.05) / (dark + 0.05);
}

const variable = (value) => value?.match(/^var\((--[\w-]+)\)$/)?.[1];

test("contrast is computed rightly", () => {
	Object.assign(variables, { "--test-black": "#000000", "--test-white": "#ffffff", "--test-gray": "#767676" });
	assert.equal(contrast("--test-black", "--test-white"), 21);
	assert.ok(Math.abs(contrast("--test-gray", "--test-white") - 4.54) < 0.01);
});

test("text: every colour is set with its background, at 4.5 to 1 or better", () => {
	const coloured = rules.filter(({ properties }) => "color" in properties);
	assert.ok(coloured.length > 10);
	for (const { selector, properties } of coloured) {
		const [text, background] = [variable(properties.color), variable(properties["background-color"])];
		assert.ok(text && background, `${selector}: a colour without its background`);
		const ratio = contrast(text, background);
		assert.ok(ratio >= 4.5, `${selector}: ${ratio.toFixed(2)}`);
	}
});

test("borders of fields and buttons, focus and badge marks: 3 to 1 or better", () => {
	const pairs = [
		["--line", "--card"],
		["--accent", "--card"],
		["--focus", "--paper"],
		["--focus", "--card"],
		["--focus-on-bar", "--bar"],
		["--focus-on-bar", "--bar-raised"],
		["--error", "--card"],
		["--on-bar-soft", "--bar"],
		["--good", "--bar-raised"],
		["--warn", "--bar-raised"],
		["--bad", "--bar-raised"],
		["--accent", "--line-soft"],
	];
	for (const [mark, ground] of pairs) {
		const ratio = contrast(mark, ground);
		assert.ok(ratio >= 3, `${mark} on ${ground}: ${ratio.toFixed(2)}`);
	}
});

test("focus is never made invisible but on the screen, whose mark is the bar's line", () => {
	const hidden = rules.filter(({ properties }) => /^(none|0)/.test(properties.outline ?? ""));
	assert.deepEqual(hidden.map(({ selector }) => selector), ["#screen:focus"]);
	assert.ok(rules.some(({ selector }) => selector.includes("#screen:focus) #bar")));
});

// ---- content security policy ----

test("no inline script or style, nothing from elsewhere", () => {
	assert.doesNotMatch(html, /<script(?![^>]* src="\/)/);
	assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:|https?:/);
	assert.doesNotMatch(css, /url\(|@import|https?:/);
	assert.doesNotMatch(source("../web/favicon.svg"), /<script|\son\w+=|\sstyle=|href/);
});

test("text is only ever put on the page as text", () => {
	const ways = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function|setAttribute\("style/;
	for (const name of scripts) {
		assert.doesNotMatch(source(name), ways, name);
	}
});

test("the core knows no page", () => {
	const core = [
		"wire.js", "session.js", "decoder.js", "backoff.js", "badge.js", "keyboard.js", "pointer.js", "video.js", "words.js",
		"sign_in.js",
	];
	for (const name of core) {
		assert.doesNotMatch(source(name), /\b(document|window|localStorage|sessionStorage|self)\b[.[]/, name);
	}
});

test("every file is served: CMake copies all that is there", () => {
	const listed = read("viewer/web/CMakeLists.txt");
	for (const name of readdirSync(WEB).filter((file) => !NOT_SERVED.has(file))) {
		assert.ok(new RegExp(`\\s${name.replaceAll(".", "\\.")}[\\s)]`).test(listed), name);
	}
});
