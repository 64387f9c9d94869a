// Japanese text from the terminal's IME into the isolated browser: composed in a real Chromium through the DevTools protocol,
// committed by the real input agent and its GTK module. The page under test reports what its fields hold.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Broker, until } from './lib/broker.mjs';
import { Person, PASSWORD } from './lib/person.mjs';
import { Site } from './lib/site.mjs';

const FIELDS = { area: [200, 100], line: [200, 220], secret: [200, 280], rich: [200, 340] };
const PAGE_TOP = 88; // the isolated browser's own bars; found out at the start

let site, broker, person, devtools, top = PAGE_TOP;

before(async () => {
	site = await Site.start();
	broker = await Broker.start({
		profile: { start_page: 'http://site.test/pages/text.html' },
		egress: { hosts: site.hosts('site.test') },
	});
	await broker.addPerson('tanaka', PASSWORD);
	person = await Person.atWork(broker);
	devtools = await person.page.context().newCDPSession(person.page);
	await site.reported('loaded');
});

after(async () => {
	await person?.leave();
	await broker?.kill();
	await site?.stop();
});

// Clicks into a field of the page and waits for its focus.
async function focus(field) {
	site.reports.length = 0;
	const [x, y] = FIELDS[field];
	await person.click(x, y + top);
	assert.equal((await site.reported('focus')).field, field);
}

const compose = (text, start = text.length) => devtools.send('Input.imeSetComposition',
	{ text, selectionStart: start, selectionEnd: start });
const commit = text => devtools.send('Input.insertText', { text });

// What the field holds when nothing changes any more.
async function held(field, expected) {
	let last;
	await until(() => {
		for (const report of site.reports.splice(0))
			if (report.type === 'text' && report.field === field)
				last = report.text;
		return last === expected;
	}, () => `${field} holds ${JSON.stringify(expected)}; it holds ${JSON.stringify(last)}`, 10000);
}

test('the first text into a fresh page, composed, converted and committed', async () => {
	await focus('area');
	await compose('かんじ');
	await compose('漢字');
	await commit('漢字');
	await held('area', '漢字');
	assert.deepEqual(person.complaints, []);
});

test('order holds between keys and text', async () => {
	await focus('line');
	let expected = '';
	for (let i = 0; i < 20; i++) {
		await person.press('KeyA');
		await commit('漢');
		expected += 'a漢';
	}
	await held('line', expected);
});

test('pre-edit is drawn in the page, replaced, and taken back', async () => {
	await focus('area');
	await person.settled(300);
	const bare = await person.pixels();
	await compose('へんかんまえ');
	await person.settled(300);
	const composed = await person.pixels();
	await person.page.screenshot({ path: '/tmp/preedit.png' });
	assert.notDeepEqual(composed.data, bare.data);
	await compose('');
	await person.settled(300);
});

test('a password field: half-width characters arrive as keys, others are refused with a word', async () => {
	await focus('secret');
	await commit('Ab1!"#$%&\'()-=^~|@`[{;+:*]},<.>/?_\\ z');
	await held('secret', 'Ab1!"#$%&\'()-=^~|@`[{;+:*]},<.>/?_\\ z');
	await commit('漢字');
	await person.page.waitForFunction(() => document.getElementById('notices').textContent.includes('入力できません'));
	assert.ok(!site.reports.some(report => report.type === 'text'), 'nothing was put in');
});

test('contenteditable', async () => {
	await focus('rich');
	await compose('ほんぶん');
	await commit('本文👨‍👩‍👧葛󠄀𠮷');
	await held('rich', '本文👨‍👩‍👧葛󠄀𠮷');
});
