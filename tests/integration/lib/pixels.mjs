// What tests ask of pictures: {width, height, data (RGBA)}.
import assert from 'node:assert/strict';

export function countColours({ data }) {
	const seen = new Set();
	for (let at = 0; at < data.length; at += 4)
		seen.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
	return seen.size;
}

export function hasColours({ data }, wanted) {
	const found = new Set();
	for (let at = 0; at < data.length; at += 4)
		found.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
	return wanted.every(colour => found.has(colour));
}

// Pixels that differ in red, green or blue.
export function differing(a, b) {
	assert.deepEqual([a.width, a.height], [b.width, b.height], 'size');
	let n = 0;
	for (let at = 0; at < a.data.length; at += 4)
		if (a.data[at] !== b.data[at] || a.data[at + 1] !== b.data[at + 1] || a.data[at + 2] !== b.data[at + 2])
			n++;
	return n;
}
