// Whether what is shown during a scroll is the page: the page is learned from the isolated display at rest, then scrolled
// with the wheel while pictures are taken of what the viewer shows, ten a second (tile-witness.c). A run of its own, since
// watching costs time.
import path from 'node:path';
import fs from 'node:fs';
import { CONTENT, area, hover, quiet, shown } from '../lib/measure.mjs';

const WHEEL_DOWN = 5;
const NOTCH_PX = 120;
const STEP_PX = 600;
// Without the horizontal scroll bar, and beside the pointer (some viewers draw it into their picture).
const PAGE = { x: 32, y: CONTENT.y, width: 576, height: 680 };

async function learn({ stack, site, place }, scrolledPx, file) {
	fs.rmSync(file, { force: true });
	for (let y = 0; y <= scrolledPx + STEP_PX; y += STEP_PX) {
		await site.scrollTo(y);
		await stack.hostRun('tile-witness', 'learn', area(PAGE), file);
	}
	await site.scrollTo(0);
	await quiet(stack, place, 1000);
}

async function duringScroll(context, address) {
	const { stack, place, site, options } = context;
	const intervalMs = 100, notches = options.short ? 6 : 50;
	const learned = path.join(place.folder, 'learned.tiles'), seen = path.join(place.folder, 'shown.tiles');
	await site.lead(stack.url(address));
	await hover(stack, 1000, 500);
	await quiet(stack, place, 1000);
	await learn(context, notches * NOTCH_PX, learned);
	const viewer = await place.watch('tile-witness', 'watch', shown(stack, PAGE), notches * intervalMs + 1000, 100, seen);
	await place.tool('hand-and-eye', '--area', shown(stack, { ...PAGE, width: 8 }), 'turn', WHEEL_DOWN, notches, intervalMs);
	await viewer.done;
	return place.tool('tile-witness', 'compare', learned, seen);
}

const percent = (part, whole) => whole > 0 ? part / whole * 100 : NaN;

export const exactness = {
	describe: 'tiles shown during a scroll that are the page\'s, pixel by pixel',
	async run(context) {
		const text = await duringScroll(context, '/reference/ch02.ja.html?bench');
		const photographs = await duringScroll(context, '/reference/ch02.ja.html?bench&photographs=4');
		return {
			exact_text_page_percent: percent(text.text_exact, text.text_tiles),
			exact_text_beside_photographs_percent: percent(photographs.text_exact, photographs.text_tiles),
			exact_photographs_percent: percent(photographs.photo_exact, photographs.photo_tiles),
		};
	},
};
