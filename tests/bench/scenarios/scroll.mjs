// A real page scrolled with the wheel: fast through text, smooth through text and photographs. Frames shown are different
// states of three narrow strips of the viewer's picture, from the first notch to the last; settle is the time from the last
// notch to the last change of any of them. After that the picture is compared with the isolated display, pixel by pixel.
import { CONTENT, costOf, differingPixels, hover, onPages, quiet, shown, sleep } from '../lib/measure.mjs';
import { SCREEN } from '../lib/stack.mjs';

const WHEEL_DOWN = 5;
const strips = () => [0.158, 0.443, 0.791].map(part => ({ x: Math.round(CONTENT.width * part), y: CONTENT.y, width: 16, height: CONTENT.height }));

export async function scrollPage({ stack, place, site }, { address, seconds, intervalMs, prefix }) {
	await site.lead(stack.url(address));
	await hover(stack, Math.round(SCREEN.width / 2), Math.round(SCREEN.height * 0.625));
	await quiet(stack, place, 1000);
	const notches = Math.round(seconds * 1000 / intervalMs);
	const areas = strips().flatMap(strip => ['--area', shown(stack, strip)]);
	const cost = await costOf(stack, place, () => place.tool('hand-and-eye', ...areas, '--quiet', 700, '--limit', 60000,
		'turn', WHEEL_DOWN, notches, intervalMs));
	const { changes_ms: changes, last_action_ms: last } = cost.result;
	const frames = changes.filter(ms => ms <= last).length;
	const differing = await differingPixels(stack, place);
	await sleep(100);
	return {
		[`${prefix}_kb`]: cost.bytes / 1000,
		[`${prefix}_frames_per_s`]: frames / (last / 1000),
		[`${prefix}_settle_ms`]: (changes.at(-1) ?? NaN) - last,
		[`${prefix}_server_cpu_ms_per_frame`]: (cost.xserver + cost.gateway) * 1000 / Math.max(1, changes.length),
		...Object.fromEntries(Object.entries(cost.cpu).map(([name, seconds]) => [`${prefix}_${name}_cpu_ms_per_frame`, seconds * 1000 / Math.max(1, changes.length)])),
		[`${prefix}_server_cpu_percent`]: (cost.xserver + cost.gateway) / cost.seconds * 100,
		[`${prefix}_gateway_cpu_percent`]: cost.gateway / cost.seconds * 100,
		[`${prefix}_viewer_cpu_percent`]: cost.viewer / cost.seconds * 100,
		[`${prefix}_scrolled_px`]: await site.scrolledPx(),
		[`${prefix}_differing_pixels_after`]: differing,
	};
}

export const fast = {
	describe: 'fast scroll of Japanese text, 8 s, 30 notches a second',
	run: context => onPages(context, 'fast', { fast: '/reference/ch01.ja.html?bench' }, (address, prefix) =>
		scrollPage(context, { address, seconds: context.options.short ? 1 : 8, intervalMs: 33.3, prefix })),
};

export const smooth = {
	describe: 'smooth scroll of text with photographs, 12 s, 10 notches a second',
	run: context => onPages(context, 'smooth', { smooth: '/reference/ch01.ja.html?bench&photographs=4' }, (address, prefix) =>
		scrollPage(context, { address, seconds: context.options.short ? 1 : 12, intervalMs: 100, prefix })),
};
