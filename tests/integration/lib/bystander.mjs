// An honest person at work while others misbehave: again and again types, scrolls, and compares what the viewer shows
// with what an independent client sees on the isolated host's display, pixel for pixel.
import assert from 'node:assert/strict';
import { until } from './broker.mjs';
import { compareWithDisplay } from './display.mjs';
import { countColours } from './pixels.mjs';
import { roles } from './processes.mjs';

const ARRIVES_MS = 8000; // from the key to the page's report: far above what it takes, below what anybody would bear

export class Bystander {
	// The person is live, at site's report page. uid: of the session's slot.
	static async begin({ broker, site, person, uid = 61000 }) {
		const self = new Bystander();
		Object.assign(self, { broker, site, person, uid, rounds: 0, slowestMs: 0 });
		self.pids = self.rolePids();
		[self.session] = (await broker.sessions()).map(s => s.id);
		await until(() => site.reports.some(r => r.type === 'load'), 'the page was seen');
		await person.settled();
		const n = site.reports.length;
		await person.click(1000, 600);
		const down = await until(() => site.reports.slice(n).find(r => r.type === 'mousedown'), 'a click arrives');
		self.top = 600 - down.y; // of the page, below tabs and address bar
		return self;
	}

	rolePids() {
		return Object.fromEntries(['gate', 'keeper', 'egress'].map(role => [role, roles(this.broker.pid, role)]));
	}

	async reported(what, act, isIt) {
		const n = this.site.reports.length;
		const startMs = performance.now();
		await act();
		await until(() => this.site.reports.slice(n).find(isIt), () => `${what} arrives (round ${this.rounds}); reported: ${JSON.stringify(this.site.reports.slice(n - 3))}`, ARRIVES_MS);
		this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs);
	}

	async scrollAndCompare(deltaY) {
		const { person, top } = this;
		await this.reported('the wheel', () => person.scroll(1000, top + 300, 0, deltaY), r => r.type === 'wheel');
		await person.settled(300);
		const { n, shown } = await compareWithDisplay(person, this.uid);
		assert.ok(countColours(shown) > 16, 'there is a picture');
		assert.equal(n, 0, `round ${this.rounds}: pixels differ`);
	}

	async round() {
		const { person, top } = this;
		await this.reported('a click', () => person.click(300, top + 220), r => r.type === 'mousedown');
		await this.reported('a letter', () => person.type('a'), r => r.type === 'input' && r.value.length === this.rounds + 1);
		await this.scrollAndCompare(300);
		await this.scrollAndCompare(-300);
		this.rounds++;
	}

	// Works until told; a failure waits for stop().
	start() {
		this.isWorking = true;
		this.work = (async () => {
			while (this.isWorking)
				await this.round();
		})();
		this.work.catch(() => { this.isWorking = false; });
	}

	async stop() {
		this.isWorking = false;
		await this.work;
	}

	report() {
		return `${this.rounds} rounds, slowest answer ${Math.round(this.slowestMs)} ms`;
	}

	// Its session and the broker's roles are what they were.
	async assertUnharmed() {
		assert.equal(await this.person.page.evaluate(() => document.body.dataset.state), 'live');
		assert.deepEqual(this.person.complaints, []);
		assert.ok((await this.broker.sessions()).some(s => s.id === this.session), 'the session goes on');
		assert.deepEqual(this.rolePids(), this.pids, 'a role was started again');
		assert.doesNotMatch(this.broker.log, /(gate|keeper|egress) \(process \d+\) ended/);
	}
}
