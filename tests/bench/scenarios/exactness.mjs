// Whether what is shown during a scroll is the page: the page is learned from the isolated display at rest, then scrolled
// with the wheel while pictures are taken of what the viewer shows, ten a second (tile-witness.c). A run of its own, since
// watching costs time.
import path from 'node:path';
import fs from 'node:fs';
import { CONTENT, area, hover, onPages, quiet, shown } from '../lib/measure.mjs';
import { SCREEN } from '../lib/stack.mjs';

const WHEEL_DOWN = 5;
const NOTCH_PX = 120;
// What is learned at two places overlaps by two tiles. CSS pixels.
const stepPx = () => Math.floor((page().height - 64) / SCREEN.scale);
// Without the horizontal scroll bar, and beside the pointer (some viewers draw it into their picture).
const page = () => ({ x: 32, y: CONTENT.y, width: Math.floor(CONTENT.width / 64) * 32 - 32, height: CONTENT.height - 24 * SCREEN.scale });

async function learn({ stack, site, place }, scrolledPx, file) {
	fs.rmSync(file, { force: true });
	for (let y = 0; y <= scrolledPx + stepPx(); y += stepPx()) {
		await site.scrollTo(y);
		await stack.hostRun('tile-witness', 'learn', area(page()), file);
	}
	await site.scrollTo(0);
	await quiet(stack, place, 1000);
}

async function duringScroll(context, address) {
	const { stack, place, site, options } = context;
	const intervalMs = 100, notches = options.short ? 6 : 50;
	const learned = path.join(place.folder, 'learned.tiles'), seen = path.join(place.folder, 'shown.tiles');
	await site.lead(stack.url(address));
	await hover(stack, Math.round(SCREEN.width * 0.78), Math.round(SCREEN.height * 0.625));
	await quiet(stack, place, 1000);
	await learn(context, notches * NOTCH_PX, learned);
	const viewer = await place.watch('tile-witness', 'watch', shown(stack, page()), notches * intervalMs + 1000, 100, seen);
	await place.tool('hand-and-eye', '--area', shown(stack, { ...page(), width: 8 }), 'turn', WHEEL_DOWN, notches, intervalMs);
	await viewer.done;
	return place.tool('tile-witness', 'compare', learned, seen);
}

const percent = (part, whole) => whole > 0 ? part / whole * 100 : NaN;

export const exactness = {
	describe: 'tiles shown during a scroll that are the page\'s, pixel by pixel',
	async run(context) {
		if (context.options.pages.length > 0)
			return onPages(context, 'exact', {}, async (address, prefix) => {
				const seen = await duringScroll(context, address);
				return { [`${prefix}_text_percent`]: percent(seen.text_exact, seen.text_tiles), [`${prefix}_pictures_percent`]: percent(seen.photo_exact, seen.photo_tiles) };
			});
		const text = await duringScroll(context, '/reference/ch02.ja.html?bench');
		const photographs = await duringScroll(context, '/reference/ch02.ja.html?bench&photographs=4');
		return {
			exact_text_page_percent: percent(text.text_exact, text.text_tiles),
			exact_text_beside_photographs_percent: percent(photographs.text_exact, photographs.text_tiles),
			exact_photographs_percent: percent(photographs.photo_exact, photographs.photo_tiles),
		};
	},
};
