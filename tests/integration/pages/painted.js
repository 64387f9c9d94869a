// Calls once the page is loaded and was seen: Chromium drops what is clicked before it shows a page for the first time.
const whenPainted = call => addEventListener('load', () => {
	new PerformanceObserver((list, observer) => {
		observer.disconnect();
		call();
	}).observe({ type: 'paint', buffered: true });
});
