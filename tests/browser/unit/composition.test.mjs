// Composed text from an EditContext's stand-in, driven as browsers drive a text field.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CharacterPlaces } from "../../../viewer/web/character_places.js";
import { Composition } from "../../../viewer/web/composition.js";
import { TextField } from "../../../viewer/web/text_field.js";

function field() {
	const element = Object.assign(new EventTarget(), { value: "", style: {} });
	const sent = [];
	const context = new TextField(element);
	const composition = new Composition(context, {
		send: ({ isCommit, text, caret }) => sent.push(isCommit ? text : `(${text}|${caret ?? ""})`),
		onRefused: (reason) => sent.push(reason),
		onLost: () => sent.push("lost"),
	});
	composition.setEnabled(true);
	const tell = (type, fields = {}) => element.dispatchEvent(Object.assign(new Event(type), fields));
	const compose = (data) => {
		tell("compositionupdate", { data });
		element.value = data;
		tell("input", { isComposing: true });
	};
	const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
	return { element, context, sent, tell, compose, pause };
}

// Chromium and Safari end the composition after the last input event; Firefox says it once more afterwards.
for (const [name, again] of [["Chromium", false], ["Firefox", true]]) {
	test(`composed, converted, committed once, as ${name} tells it`, async () => {
		const { element, sent, tell, compose, pause } = field();
		tell("compositionstart", { data: "" });
		compose("かんじ");
		await pause();
		compose("漢字");
		await pause();
		tell("compositionend", { data: "漢字" });
		if (again) {
			tell("input", { isComposing: false });
		}
		assert.equal(element.value, "");
		assert.deepEqual(sent, ["(かんじ|3)", "(漢字|2)", "漢字"]);
	});
}

test("given up: the pre-edit is taken back and nothing is committed", async () => {
	const { sent, tell, compose, pause } = field();
	tell("compositionstart", { data: "" });
	compose("か");
	await pause();
	tell("compositionend", { data: "" });
	assert.deepEqual(sent, ["(か|1)", "(|)"]);
});

test("what is not composed is committed: an emoji panel", () => {
	const { element, sent, tell } = field();
	element.value = "👍";
	tell("input", { isComposing: false });
	assert.deepEqual(sent, ["👍"]);
	assert.equal(element.value, "");
});

test("the candidate window's place is the field's", () => {
	const element = Object.assign(new EventTarget(), { value: "", style: {} });
	new TextField(element).updateSelectionBounds({ x: 10, y: 20, width: 1, height: 30 });
	assert.deepEqual(element.style, { left: "10px", top: "20px", height: "30px", fontSize: "24px" });
});

test("while something is composed in it the field stays where that began", () => {
	const { element, context, tell } = field();
	const place = (x) => context.updateSelectionBounds({ x, y: 20, width: 1, height: 30 });
	place(10);
	tell("compositionstart", { data: "" });
	place(50);
	assert.equal(element.style.left, "10px");
	tell("compositionend", { data: "" });
	place(60);
	assert.equal(element.style.left, "60px");
});

const line = (x, y = 20) => ({ x, y, width: 0, height: 30 });
const lefts = (places, n) => Array.from({ length: n }, (_, index) => places.at(index).x);

test("characters' places: between where composing began and the caret, and beyond", () => {
	const places = new CharacterPlaces();
	places.begin(line(100));
	assert.deepEqual(lefts(places, 2), [100, 100], "nothing is known of their width yet");
	places.move(line(180), 4);
	assert.deepEqual(lefts(places, 5), [100, 120, 140, 160, 180]);
	assert.equal(places.at(1).width, 20);
	places.move(line(140), 2); // the clause that is converted begins there
	assert.deepEqual(lefts(places, 5), [100, 120, 140, 160, 180]);
	places.move(line(96), 0); // the page was scrolled
	assert.deepEqual(lefts(places, 2), [96, 116]);
});

test("characters' places where the caret is on another line, or where none was known", () => {
	const places = new CharacterPlaces();
	assert.equal(places.at(0), null);
	places.begin(line(100));
	places.move(line(30, 50), 5);
	assert.deepEqual([places.at(0).x, places.at(0).y, places.at(4).x, places.at(4).y], [100, 20, 30, 50]);
	places.begin(null);
	places.move(line(40), 3);
	assert.deepEqual(lefts(places, 2), [40, 40]);
});
