// From page to page by a key that the page itself answers, and back again: bytes, and the time to the last changed pixel of the
// page (the browser's own bars are left out: a tab's icon may turn for longer).
import { CONTENT, costOf, quiet, shown, touch } from '../lib/measure.mjs';

const KEYCODE_N = 57;
const PAGES = ['/reference/ch01.ja.html', '/reference/ch02.ja.html', '/handbook/ja-JP/sect.apt-get.html', '/reference/ch09.ja.html', '/handbook/ja-JP/index.html',
	'/reference/ch05.ja.html', '/reference/ch07.ja.html'].map(page => `${page}?bench`);

async function change({ stack, place, site }, order) {
	site.reports.length = 0;
	site.order(order);
	await quiet(stack, place, 700);
	const cost = await costOf(stack, place, () => place.tool('hand-and-eye', '--area', shown(stack, CONTENT), '--quiet', 1200, '--limit', 30000,
		'press', KEYCODE_N, 1, 1));
	await site.reported('loaded', 30000);
	const changes = cost.result.changes_ms;
	if (changes.length === 0)
		throw new Error(`${JSON.stringify(order)}: nothing changed on the screen`);
	return { kb: cost.bytes / 1000, firstMs: changes[0], lastMs: changes.at(-1) };
}

export const navigation = {
	describe: 'page changes by a key, and back',
	async run(context) {
		const { stack, site, options } = context;
		const [first, ...pages] = options.pages.length > 0 ? options.pages : options.short ? PAGES.slice(0, 3) : PAGES;
		await site.lead(stack.url(first));
		await touch(stack);
		const there = [], back = [];
		for (const page of pages)
			there.push(await change(context, { next: stack.url(page) }));
		for (let i = 1; i < pages.length; i++)
			back.push(await change(context, { back: true }));
		const middle = (list, name) => list.map(one => one[name]).sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)];
		return { page_kb: middle(there, 'kb'), page_first_change_ms: middle(there, 'firstMs'), page_last_change_ms: middle(there, 'lastMs'),
			back_kb: middle(back, 'kb'), back_last_change_ms: middle(back, 'lastMs') };
	},
};
