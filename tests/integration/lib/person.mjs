// A member of staff at a terminal, for whole-system tests: the viewer in a real Chromium, in front of a real broker.
import * as viewer from '../../browser/viewer.mjs';
import { until } from './broker.mjs';
import { differing } from './pixels.mjs';

export const PASSWORD = 'correct-horse-42';

const ADDRESS = { x: 170, y: 44, width: 400, height: 40 }; // of the isolated browser's screen: what is written in its address bar

// Keys of a JIS keyboard for what addresses are made of and viewer.type() (US) has elsewhere.
const JIS = { ':': ['Quote'], '_': ['ShiftLeft', 'IntlRo'], '=': ['ShiftLeft', 'Minus'] };

export class Person {
	// Opens the sign-in page. options as viewer.launch(); beside: another person, in whose browser this one opens a
	// window with cookies and storage of its own (a second browser costs a machine much; but what one person does takes the focus from the other).
	static async arrive(url, { beside, ...options } = {}) {
		const self = new Person();
		self.window = beside ? await viewer.openWindow(beside.window.browser, options) : await viewer.launch(options);
		self.page = self.window.page;
		try {
			await viewer.openSignIn(self.page, url);
		} catch (error) {
			await self.leave(); // nobody else knows of it, and its browser would keep the test's process alive
			throw error;
		}
		return self;
	}

	async signIn(id, password = PASSWORD) {
		await viewer.signIn(this.page, id, password);
	}

	// Signs in and waits until the first picture is there.
	static async atWork(broker, id = 'tanaka', options = {}) {
		const self = await Person.arrive(options.url ?? broker.url, options);
		try {
			await self.signIn(id);
			await viewer.waitLive(self.page);
		} catch (error) {
			await self.leave(); // as above
			throw error;
		}
		return self;
	}

	refusal() {
		return viewer.signInError(this.page);
	}

	async focusAddressBar() {
		// Chromium asks the page first whether it wants Ctrl+L, and moves the focus later: no hand is faster. Then the address is
		// selected; where it was before, nothing is to be seen, and nothing to be waited for either.
		await this.seen(ADDRESS, () => viewer.press(this.page, 'Control+KeyL'), 3000).catch(() => {});
		await new Promise(resolve => setTimeout(resolve, 300));
	}

	// Does it, and waits until something else is shown within rect.
	async seen(rect, act, deadlineMs) {
		const before = await this.pixels(rect);
		await act();
		await until(async () => differing(await this.pixels(rect), before) > 0, 'something else is shown', deadlineMs);
	}

	// With a caret: where everything is selected there is none.
	async caretInAddressBar() {
		await this.focusAddressBar();
		await viewer.press(this.page, 'End');
	}

	// Types an address into the isolated browser's address bar.
	async browse(address) {
		await this.focusAddressBar();
		await this.typeJis(address);
		await viewer.press(this.page, 'Enter');
	}

	async typeJis(text) {
		for (const part of text.split(/([:_=])/).filter(Boolean)) {
			if (!JIS[part]) {
				await viewer.type(this.page, part);
				continue;
			}
			const [modifier, code] = JIS[part].length > 1 ? JIS[part] : [null, JIS[part][0]];
			if (modifier)
				await this.page.keyboard.down(modifier);
			await pressJis(this.page, code, part);
			if (modifier)
				await this.page.keyboard.up(modifier);
		}
	}

	type(text, options) {
		return viewer.type(this.page, text, options);
	}

	press(chord) {
		return viewer.press(this.page, chord);
	}

	click(x, y, options) {
		return viewer.click(this.page, x, y, options);
	}

	scroll(x, y, deltaX, deltaY) {
		return viewer.scroll(this.page, x, y, deltaX, deltaY);
	}

	pixels(rect) {
		return viewer.canvasPixels(this.page, rect);
	}

	settled(quietMs) {
		return viewer.waitSettled(this.page, quietMs);
	}

	// How often the canvas was seen to change within ms.
	changes(ms) {
		return viewer.countChanges(this.page, ms);
	}

	signOut() {
		return viewer.signOut(this.page);
	}

	state(name, timeoutMs) {
		return viewer.waitState(this.page, name, timeoutMs);
	}

	quality(name, timeoutMs) {
		return viewer.waitQuality(this.page, name, timeoutMs);
	}

	// From now on the viewer's states are written down, until the page is left.
	recordStates() {
		return this.page.evaluate(() => {
			window.states = [document.body.dataset.state];
			new MutationObserver(() => window.states.push(document.body.dataset.state))
				.observe(document.body, { attributes: true, attributeFilter: ['data-state'] });
		});
	}

	states() {
		return this.page.evaluate(() => window.states);
	}

	async endedWords() {
		await this.state('ended');
		return this.page.locator('#ended-text').textContent();
	}

	// What the viewer's page or its scripts complained of.
	get complaints() {
		return this.window.errors;
	}

	async leave() {
		await this.window.close();
	}
}

// A key that playwright's own (US) table lacks, as the browser gets it from a JIS keyboard.
async function pressJis(page, code, key) {
	const devtools = await page.context().newCDPSession(page);
	const modifiers = key === '_' || key === '=' ? 8 : 0; // Shift is held
	await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', code, key, modifiers });
	await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', code, key, modifiers });
	await devtools.detach();
}
