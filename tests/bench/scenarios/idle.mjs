// Nothing happens: a page that stands still, and a form whose caret blinks. And what a session holds of memory then.
import { costOf, memory, quiet, sleep, touch } from '../lib/measure.mjs';

async function rest({ stack, place, options }, prefix) {
	const seconds = options.short ? 2 : 10;
	const cost = await costOf(stack, place, () => sleep(seconds * 1000));
	return {
		[`${prefix}_bytes_per_s`]: cost.bytes / seconds,
		[`${prefix}_bytes_back_per_s`]: cost.bytesBack / seconds,
		[`${prefix}_xserver_cpu_percent`]: cost.xserver / seconds * 100,
		[`${prefix}_gateway_cpu_percent`]: cost.gateway / seconds * 100,
		[`${prefix}_viewer_cpu_percent`]: cost.viewer / seconds * 100,
	};
}

export const idle = {
	describe: 'a still screen, then a blinking caret; memory',
	async run(context) {
		const { stack, place, site } = context;
		await site.lead(stack.url('/bench/still.html?bench'));
		await quiet(stack, place, 2000);
		const still = await rest(context, 'still');
		const { xserver, gateway } = memory(stack);
		await site.lead(stack.url('/bench/typing.html?bench'));
		await touch(stack, 400, 300);
		await sleep(1500);
		return { ...still, ...await rest(context, 'caret'), xserver_mib: xserver, gateway_mib: gateway };
	},
};
