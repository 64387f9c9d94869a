// A film of 854x480 at 30 pictures a second that is the same in each run: two photographs, the camera moving over them, one
// fading into the other, grain, and something small that moves fast. The picture's number is written into its upper edge in
// blocks that survive any codec (film-witness.c reads them). A canvas, since no Debian package has a film that shows a place.
const canvas = document.querySelector('canvas');
const context = canvas.getContext('2d', { alpha: false });
// A pixel of it is one of the screen, at any scale.
canvas.style.width = `${canvas.width / devicePixelRatio}px`;
const BLOCK = 16, BITS = 12, PER_SECOND = 30;
// "?rests": it plays for so long and rests for so long, in turn. "?clean": without grain, as what a codec has been through is.
const PLAYS_MS = 1300, RESTS_MS = 1000;
const words = new URL(location.href).searchParams;

function loaded(name) {
	const image = new Image();
	image.src = `/photographs/${name}`;
	return image.decode().then(() => image);
}

// Grain as a camera has it, from a fixed seed: eight sheets in turn.
function grainSheets() {
	let state = 1;
	return Array.from({ length: 8 }, () => {
		const sheet = new OffscreenCanvas(canvas.width, canvas.height);
		const data = new ImageData(canvas.width, canvas.height);
		for (let at = 0; at < data.data.length; at += 4) {
			state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
			data.data.fill(state >>> 24, at, at + 3);
			data.data[at + 3] = 10; // of 255
		}
		sheet.getContext('2d').putImageData(data, 0, 0);
		return sheet;
	});
}

function drawCamera(image, n, phase) {
	const zoom = 1.15 + 0.12 * Math.sin(n / 90 + phase);
	const width = canvas.width * zoom, height = width * image.height / image.width;
	context.drawImage(image, -(width - canvas.width) * (0.5 + 0.5 * Math.sin(n / 70 + phase)),
		-(height - canvas.height) * (0.5 + 0.5 * Math.cos(n / 110 + phase)), width, height);
}

function drawNumber(n) {
	for (let bit = 0; bit < BITS; bit++) {
		context.fillStyle = n >> bit & 1 ? '#fff' : '#000';
		context.fillRect(bit * BLOCK, 0, BLOCK, BLOCK);
	}
}

Promise.all([loaded('ohoopee1.jpg'), loaded('ohoopee3.jpg')]).then(([first, second]) => {
	const grain = grainSheets();
	const start = performance.now();
	let shown = -1;
	const draw = () => {
		requestAnimationFrame(draw);
		if (words.has('rests') && (performance.now() - start) % (PLAYS_MS + RESTS_MS) >= PLAYS_MS)
			return;
		const n = Math.floor((performance.now() - start) * PER_SECOND / 1000) & 0xfff;
		if (n === shown)
			return;
		shown = n;
		context.globalAlpha = 1;
		drawCamera(first, n, 0);
		context.globalAlpha = 0.5 - 0.5 * Math.cos(n / 60);
		drawCamera(second, n, 2);
		context.globalAlpha = 1;
		if (!words.has('clean'))
			context.drawImage(grain[n % grain.length], 0, 0);
		context.fillStyle = '#d32f2f';
		context.fillRect((n * 11) % canvas.width, 300, 60, 40);
		drawNumber(n);
	};
	draw();
	document.title = '動画 (再生中)';
	canvas.dataset.playing = 'yes';
});
