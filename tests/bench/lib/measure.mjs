// What scenarios have in common: where things are on the display, and what was used meanwhile.
import { CONTENT, SCREEN } from './stack.mjs';
import { Place } from './place.mjs';
import { cpuSeconds, pssKib } from '../../integration/lib/processes.mjs';

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

export { CONTENT };

// An area of the isolated screen as the tools take it, on the place's display.
export function shown(stack, { x, y, width, height }) {
	return `${stack.screen.x + x},${stack.screen.y + y},${width},${height}`;
}

export function area({ x, y, width, height }) {
	return `${x},${y},${width},${height}`;
}

// x, y: pixels of the isolated screen.
async function point(stack, x, y) {
	await stack.page.mouse.move((stack.screen.x + x) / stack.scale, (stack.screen.y + y) / stack.scale);
}

// Puts the pointer there and presses, as a person does who is about to use wheel or keys. Nothing is linked there.
export async function touch(stack, x = 3, y = 600) {
	await point(stack, x, y);
	await stack.page.mouse.down();
	await stack.page.mouse.up();
	await sleep(300);
}

export async function hover(stack, x, y) {
	await point(stack, x, y);
	await sleep(200);
}

// Runs what is given and tells what it cost: bytes to the viewer, processor seconds of the X server, of what carries the screen
// (gateway), and of the viewer.
export async function costOf(stack, place, work) {
	const seconds = () => Object.fromEntries(Object.entries(stack.pids).map(([name, pid]) => [name, cpuSeconds(pid)]));
	const before = { bytes: place.bytes(), cpu: seconds(), viewer: place.cpu(), ms: performance.now() };
	const result = await work();
	const after = { bytes: place.bytes(), cpu: seconds(), viewer: place.cpu(), ms: performance.now() };
	const used = name => after.cpu[name] - before.cpu[name];
	const xserver = used('xserver');
	const gateway = Object.keys(stack.pids).filter(name => name !== 'xserver').reduce((sum, name) => sum + used(name), 0);
	const bytes = Place.bytesBetween(before.bytes, after.bytes);
	const cpu = Object.fromEntries(Object.keys(stack.pids).map(name => [name, used(name)]));
	return { result, cpu, bytes: bytes.toViewer, bytesBack: bytes.fromViewer, wireBytes: bytes.wire, xserver, gateway, viewer: after.viewer - before.viewer, seconds: (after.ms - before.ms) / 1000 };
}

// MiB, shared pages counted in proportion.
export function memory(stack) {
	const mib = Object.fromEntries(Object.entries(stack.pids).map(([name, pid]) => [name, pssKib(pid) / 1024]));
	const gateway = Object.entries(mib).filter(([name]) => name !== 'xserver').reduce((sum, [, value]) => sum + value, 0);
	return { xserver: mib.xserver, gateway };
}

// Waits until nothing has changed on the place's display for so long.
export async function quiet(stack, place, ms = 1000, limitMs = 20000) {
	return place.tool('hand-and-eye', '--area', shown(stack, CONTENT), '--quiet', ms, '--limit', limitMs, 'look', 0);
}

// Pixels of the whole screen that differ between the place's display and the isolated one.
export async function differingPixels(stack, place, part = { x: 0, y: 0, width: SCREEN.width, height: SCREEN.height }) {
	const mine = await place.picture(shown(stack, part)), theirs = await stack.hostPicture(area(part), place.folder);
	let n = 0;
	for (let at = 0; at < mine.length; at += 4)
		if (mine[at] !== theirs[at] || mine[at + 1] !== theirs[at + 1] || mine[at + 2] !== theirs[at + 2])
			n++;
	return n;
}

// Runs a scenario, of that name, on each page of --page, or on its own ({prefix: address}). run(address, prefix) resolves to figures.
export async function onPages({ options }, scenario, own, run) {
	const figures = {};
	const named = options.pages.map(address => [`${scenario}_${address.replace(/[?&]bench$/, '').split('/').at(-1)}`, address]);
	for (const [name, address] of named.length > 0 ? named : Object.entries(own))
		Object.assign(figures, await run(address, name));
	return figures;
}
