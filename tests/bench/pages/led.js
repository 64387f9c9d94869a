// In every page of the bench: reports that the page is there, and obeys the orders of the bench (lib/site.mjs).
const report = what => fetch('/report', { method: 'POST', body: JSON.stringify({ path: location.pathname, ...what }) });
const obey = {
	go: address => location.assign(address),
	next: address => addEventListener('keydown', event => { event.preventDefault(); location.assign(address); }, { once: true }),
	back: () => addEventListener('keydown', event => { event.preventDefault(); history.back(); }, { once: true }),
	to: y => {
		scrollTo({ top: y, behavior: 'instant' });
		// Drawn with the next frame, on the display with the one after it.
		setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => report({ type: 'scrolled' }))), 100);
	},
	film: () => {
		const { x, y } = document.querySelector('canvas').getBoundingClientRect();
		report({ type: 'film', x: x + screenX, y: y + screenY + outerHeight - innerHeight });
	},
	rest: () => {
		for (const animation of document.getAnimations())
			animation.pause();
		dispatchEvent(new Event('rest'));
		report({ type: 'rests' });
	},
	tell: () => report({ type: 'position', y: Math.round(scrollY) }),
};
async function takeOrders() {
	for (;;) {
		try {
			const order = await (await fetch('/orders', { cache: 'no-store' })).json();
			for (const [what, value] of Object.entries(order))
				await obey[what](value);
		} catch {
			await new Promise(resolve => setTimeout(resolve, 200));
		}
	}
}
addEventListener('pageshow', () => document.fonts.ready.then(() => requestAnimationFrame(() => report({ type: 'loaded' }))));
takeOrders();
