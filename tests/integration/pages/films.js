// Two films of photographs that move, 30 frames a second. M opens and closes a menu over the first, S scrolls the page, R gives the first
// another size, Space stops them and lets them go on. Each is reported with where everything is on the screen then.
const contexts = [...document.querySelectorAll('canvas')].map(canvas => canvas.getContext('2d'));
let number = 0, isPlaying = true, nextMs = 0;

function rect(element) {
	const { left, top, width, height } = element.getBoundingClientRect();
	return { x: Math.floor(screenX + (outerWidth - innerWidth) / 2 + left), y: Math.floor(screenY + outerHeight - innerHeight + top),
		width: Math.ceil(width), height: Math.ceil(height) };
}

function report(type) {
	const films = contexts.map(context => rect(context.canvas)), menu = rect(document.getElementById('menu'));
	fetch('/report', { method: 'POST', body: JSON.stringify({ type, films, menu }) });
}

function load(name) {
	return new Promise(resolve => {
		const image = new Image();
		image.onload = () => resolve(image);
		image.src = `/photographs/${name}`;
	});
}

function draw(context, image, n) {
	const { width, height } = context.canvas, wide = width * (1.5 + 0.3 * Math.sin(n / 40));
	const high = Math.max(wide * image.height / image.width, height * 1.2);
	context.drawImage(image, -(wide - width) * (0.5 + 0.5 * Math.sin(n / 30)), -(high - height) * (0.5 + 0.5 * Math.cos(n / 45)), wide, high);
}

addEventListener('load', async () => {
	const images = await Promise.all(['ohoopee1.jpg', 'marylou.jpg'].map(load));
	const step = nowMs => {
		requestAnimationFrame(step);
		if (!isPlaying || nowMs < nextMs - 4)
			return;
		nextMs = Math.max(nextMs + 1000 / 30, nowMs);
		number++;
		contexts.forEach((context, at) => draw(context, images[at], number));
	};
	requestAnimationFrame(step);
	report('ready');
});
addEventListener('keydown', event => {
	const acts = {
		KeyM: () => document.body.classList.toggle('menu'),
		KeyS: () => scrollBy({ top: 61, behavior: 'instant' }),
		KeyR: () => document.body.classList.toggle('large'),
		Space: () => { isPlaying = !isPlaying; },
	};
	if (!acts[event.code])
		return;
	event.preventDefault();
	acts[event.code]();
	report(event.code);
});
