// A film: photographs that move and change into each other, 30 frames a second, each with its number as twelve black or
// white squares (lowest bit first) in its upper left corner. Space stops it and lets it go on; M opens a menu over it.
const NAMES = ['daisy@2x.jpg', 'ohoopee1.jpg', 'ohoopee2.jpg', 'ohoopee3.jpg', 'marylou.jpg'];
const context = document.getElementById('film').getContext('2d');
let number = 0, isPlaying = true, nextMs = 0;

// With where the film is on the screen.
function report(type) {
	const { left, top } = document.getElementById('film').getBoundingClientRect();
	const x = Math.floor(screenX + (outerWidth - innerWidth) / 2 + left), y = Math.floor(screenY + outerHeight - innerHeight + top);
	fetch('/report', { method: 'POST', body: JSON.stringify({ type, number, x, y }) });
}

function load(name) {
	return new Promise(resolve => {
		const image = new Image();
		image.onload = () => resolve(image);
		image.src = `/photographs/${name}`;
	});
}

function put(image, n, alpha) {
	const zoom = 1.6 + 0.4 * Math.sin(n / 40), width = 854 * zoom, height = width * image.height / image.width;
	const high = Math.max(height, 520);
	context.globalAlpha = alpha;
	context.drawImage(image, -(width - 854) * (0.5 + 0.5 * Math.sin(n / 50)), -(high - 480) * (0.5 + 0.5 * Math.cos(n / 70)),
		width, high);
}

function draw(images) {
	const at = Math.floor(number / 90), into = (number % 90) / 90;
	put(images[at % images.length], number, 1);
	if (into > 0.8)
		put(images[(at + 1) % images.length], number, (into - 0.8) * 5);
	context.globalAlpha = 1;
	for (let bit = 0; bit < 12; bit++) {
		context.fillStyle = number >> bit & 1 ? '#fff' : '#000';
		context.fillRect(bit * 16, 0, 16, 16);
	}
}

addEventListener('load', async () => {
	const images = await Promise.all(NAMES.map(load));
	const step = nowMs => {
		requestAnimationFrame(step);
		if (!isPlaying || nowMs < nextMs - 4)
			return;
		nextMs = Math.max(nextMs + 1000 / 30, nowMs);
		number = number + 1 & 4095;
		draw(images);
	};
	requestAnimationFrame(step);
	report('film-ready');
});
addEventListener('keydown', event => {
	if (event.code === 'KeyM')
		document.body.classList.toggle('menu');
	if (event.code !== 'Space')
		return;
	event.preventDefault();
	isPlaying = !isPlaying;
	report(isPlaying ? 'film-plays' : 'film-stopped');
});
