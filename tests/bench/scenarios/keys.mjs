// Keys: from press to changed pixel, and what a typed character costs.
import { CONTENT, costOf, quiet, shown, touch } from '../lib/measure.mjs';
import { SCREEN } from '../lib/stack.mjs';

const KEYCODE_A = 38;
const BLOCK = { x: 640, y: 500 }; // at a scale of 1; within the block of tests/integration/pages/flash.css

export const latency = {
	describe: 'key press to changed pixel; also of the page without a stack',
	isLocal: true,
	async run({ stack, place, site, options }) {
		await site.lead(stack.url('/bench/flash.html?bench'));
		await touch(stack, 200 * SCREEN.scale, Math.round(SCREEN.height * 0.875));
		await quiet(stack, place, 1000);
		const result = await place.tool('key-latency', stack.screen.x + BLOCK.x * SCREEN.scale, stack.screen.y + BLOCK.y * SCREEN.scale, options.short ? 5 : 60, KEYCODE_A);
		return { key_p50_ms: result.p50_ms, key_p95_ms: result.p95_ms };
	},
};

export const typing = {
	describe: 'typing into a form, 8 characters a second',
	async run({ stack, place, site, options }) {
		await site.lead(stack.url('/bench/typing.html?bench'));
		await touch(stack, 400 * SCREEN.scale, 300 * SCREEN.scale);
		await quiet(stack, place, 300, 2000); // its caret blinks
		const n = options.short ? 8 : 64;
		const cost = await costOf(stack, place, () => place.tool('hand-and-eye', '--area', shown(stack, { ...CONTENT, height: 300 * SCREEN.scale }), '--quiet', 60,
			'--limit', 400, 'press', KEYCODE_A, n, 125));
		return { typing_bytes_per_character: cost.bytes / n, typing_bytes_back_per_character: cost.bytesBack / n };
	},
};
