// How large the isolated host's cursor is drawn on a terminal of another scale than 1.

// The X server's own cursors have the same few pixels at any scale; what is larger was drawn by the isolated browser, at its scale.
const UNSCALED_MAX = 16;

// Returns {factor, ratio}: pixels are to be repeated so many times each way, and so many of the outcome are one CSS pixel.
export function cursorScale(width, height, devicePixelRatio) {
	if (width > UNSCALED_MAX || height > UNSCALED_MAX) {
		return { factor: 1, ratio: devicePixelRatio };
	}
	const factor = Math.max(1, Math.ceil(devicePixelRatio));
	return { factor, ratio: factor };
}

// A canvas with each of the image's pixels so many times.
export function enlarged(image, factor) {
	const canvas = document.createElement("canvas");
	canvas.width = image.width * factor;
	canvas.height = image.height * factor;
	const context = canvas.getContext("2d");
	context.putImageData(image, 0, 0);
	if (factor > 1) {
		context.imageSmoothingEnabled = false;
		context.globalCompositeOperation = "copy";
		context.drawImage(canvas, 0, 0, image.width, image.height, 0, 0, canvas.width, canvas.height);
	}
	return canvas;
}
