// Shows photographs, all at once, when a key is pressed: enough of them to scroll through.
const NAMES = ['daisy@2x.jpg', 'ohoopee1.jpg', 'marylou.jpg', 'ohoopee2.jpg', 'ohoopee3.jpg', 'daisy.jpg'];
const pictures = document.getElementById('pictures');
const images = Array.from({ length: 24 }, (_, i) => {
	const image = new Image();
	image.src = `/photographs/${NAMES[i % NAMES.length]}`;
	pictures.append(image);
	return image;
});
addEventListener('keydown', () => { pictures.hidden = false; }, { once: true });
Promise.all(images.map(image => image.decode())).then(() =>
	fetch('/report', { method: 'POST', body: JSON.stringify({ type: 'pictures-ready' }) }));
