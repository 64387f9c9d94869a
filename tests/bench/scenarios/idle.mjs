// Nothing happens: a page that stands still, and a form whose caret blinks. How often each of the stack's processes wakes then, what
// is sent, and what a session holds of memory.
import { costOf, memory, quiet, sleep, touch } from '../lib/measure.mjs';
import { wakeUps } from '../../integration/lib/processes.mjs';

// A minute's, of each process that the stack knows, its X server and its browser apart.
function wakeUpsPerMinute(before, after, seconds, prefix) {
	return Object.fromEntries(Object.entries(after).map(([name, n]) => [`${prefix}_wakeups_per_min_${name}`, (n - before[name]) / seconds * 60]));
}

const wakeUpsOf = stack => Object.fromEntries(Object.entries({ ...stack.pids, ...stack.resting }).map(([name, pid]) => [name, wakeUps(pid)]));

async function rest({ stack, place, options }, prefix) {
	const seconds = options.short ? 2 : options.rest;
	const before = wakeUpsOf(stack);
	const cost = await costOf(stack, place, () => sleep(seconds * 1000));
	return {
		[`${prefix}_bytes_per_s`]: cost.bytes / seconds,
		[`${prefix}_bytes_back_per_s`]: cost.bytesBack / seconds,
		[`${prefix}_xserver_cpu_percent`]: cost.xserver / seconds * 100,
		[`${prefix}_gateway_cpu_percent`]: cost.gateway / seconds * 100,
		[`${prefix}_viewer_cpu_percent`]: cost.viewer / seconds * 100,
		...wakeUpsPerMinute(before, wakeUpsOf(stack), seconds, prefix),
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
