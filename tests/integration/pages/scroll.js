// Scrolls the page smoothly for so many seconds, after a key, as a steady hand would; then tells the suite's server.
const seconds = Number(document.currentScript.dataset.seconds);
const PIXELS_PER_SECOND = 600;
const tell = type => fetch('/report', { method: 'POST', body: JSON.stringify({ type }) });
addEventListener('keydown', () => {
	const start = performance.now();
	const step = now => {
		const elapsed = (now - start) / 1000;
		scrollTo(0, Math.min(elapsed, seconds) * PIXELS_PER_SECOND);
		if (elapsed < seconds)
			requestAnimationFrame(step);
		else
			tell('scroll-done');
	};
	requestAnimationFrame(step);
}, { once: true });
addEventListener('load', () => tell('scroll-ready'));
