// What moves by itself on pages that nobody tuned for (pages/moves.html): what it costs while it moves, how many different states of its
// middle the viewer sees, and whether the whole screen is right a second after it stands still.
import { CONTENT, costOf, differingPixels, hover, onPages, quiet, shown, sleep } from '../lib/measure.mjs';
import { SCREEN } from '../lib/stack.mjs';

const ALL = ['spinner', 'marquee', 'numbers', 'gif', 'columns', 'sideways', 'map', 'menu', 'fade', 'shimmer', 'clock', 'progress', 'dark', 'drag', 'zoom'];

async function watch({ stack, place, site, options }, address, prefix) {
	await site.lead(stack.url(address));
	await hover(stack, SCREEN.width - 24, SCREEN.height - 24);
	await sleep(options.short ? 200 : 2500); // what looks for moving regions has found them by then
	const ms = options.short ? 500 : 5000;
	// A strip across and one down: whatever moves on these pages moves there.
	const across = { ...CONTENT, y: CONTENT.y + 200 * SCREEN.scale, height: 24 }, down = { ...CONTENT, x: 120 * SCREEN.scale, width: 24 };
	const areas = [across, down].flatMap(area => ['--area', shown(stack, area)]);
	const cost = await costOf(stack, place, () => place.tool('hand-and-eye', ...areas, '--quiet', 1, '--limit', 1, 'look', ms));
	await site.restNow();
	await quiet(stack, place, 1000, 5000);
	return {
		[`${prefix}_kb_per_s`]: cost.bytes / 1000 / cost.seconds,
		[`${prefix}_states_per_s`]: cost.result.changes_ms.length / cost.seconds,
		[`${prefix}_server_cpu_percent`]: (cost.xserver + cost.gateway) / cost.seconds * 100,
		[`${prefix}_encode_cpu_percent`]: (cost.cpu.encode ?? NaN) / cost.seconds * 100,
		[`${prefix}_viewer_cpu_percent`]: cost.viewer / cost.seconds * 100,
		[`${prefix}_differing_pixels_after`]: await differingPixels(stack, place),
	};
}

export const moves = {
	describe: `pages that move by themselves (only when named): ${ALL.join(' ')}; or those of --page`,
	async run(context) {
		const own = Object.fromEntries((context.options.short ? ALL.slice(0, 2) : ALL).map(what => [what, `/bench/moves.html?bench&${what}`]));
		return onPages(context, 'moves', own, (address, prefix) => watch(context, address, prefix));
	},
};
