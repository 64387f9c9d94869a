// Composed text from an EditContext's stand-in, driven as browsers drive a text field.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Composition } from "../../../viewer/web/composition.js";
import { TextField } from "../../../viewer/web/text_field.js";

function field() {
	const element = Object.assign(new EventTarget(), { value: "", style: {} });
	const sent = [];
	const composition = new Composition(new TextField(element), {
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
	return { element, sent, tell, compose, pause };
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
