// A film of 854x480 at 30 pictures a second: pictures that the viewer really shows, by their numbers, bytes, and likeness (SSIM)
// to the isolated display's picture of the same number. Likeness is taken in a run of its own: taking it costs time.
import path from 'node:path';
import { area, costOf, hover, shown, sleep } from '../lib/measure.mjs';
import { SCREEN } from '../lib/stack.mjs';

const WIDTH = 854, HEIGHT = 480;
const EVERY = 15; // numbers whose pictures are compared

async function begin({ stack, site, options }, words) {
	await site.lead(stack.url(`/bench/video.html?bench${words}`));
	await hover(stack, SCREEN.width - 80, SCREEN.height - 100);
	const { x, y } = await site.filmPlace();
	await sleep(options.short ? 500 : 2000); // a stack that looks for moving regions has found it by then
	return { x: Math.round(x * SCREEN.scale), y: Math.round(y * SCREEN.scale), width: WIDTH, height: HEIGHT };
}

async function play(stage, name, words) {
	const { stack, place, options } = stage;
	const film = await begin(stage, words);
	const ms = options.short ? 1000 : 8000;
	const files = ['host', 'viewer'].map(end => path.join(place.folder, `${end}.film`));
	const cost = await costOf(stack, place, async () => {
		const watch = await place.watch('film-witness', 'watch', shown(stack, film), ms, 4096, files[1]);
		await watch.done;
		return JSON.parse(watch.said());
	});
	const host = await stack.hostWatch('film-witness', 'watch', area(film), ms, EVERY, files[0]);
	const viewer = await place.watch('film-witness', 'watch', shown(stack, film), ms, EVERY, files[1]);
	await host.done;
	await viewer.done;
	const hostSaid = JSON.parse(host.said());
	const { pairs, ssim } = await place.tool('film-witness', 'compare', WIDTH, HEIGHT, ...files);
	return {
		[`${name}_frames_per_s`]: cost.result.shown / (cost.result.ms / 1000),
		[`${name}_isolated_frames_per_s`]: hostSaid.shown / (hostSaid.ms / 1000),
		[`${name}_kb_per_s`]: cost.bytes / 1000 / cost.seconds,
		[`${name}_ssim`]: pairs > 0 ? ssim : NaN,
		[`${name}_pairs`]: pairs,
		[`${name}_server_cpu_percent`]: (cost.xserver + cost.gateway) / cost.seconds * 100,
		[`${name}_viewer_cpu_percent`]: cost.viewer / cost.seconds * 100,
	};
}

export const video = {
	describe: 'a film of 854x480 at 30 pictures a second, with grain',
	run: stage => play(stage, 'video', ''),
};

export const clean = {
	describe: 'the same without grain, as a film that came through a codec',
	run: stage => play(stage, 'clean', '&clean'),
};

const quantile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

// From the last change on the isolated display to the last change on the viewer's.
export const rests = {
	describe: 'a film that rests: how soon it is exact',
	async run(stage) {
		const { stack, place, options } = stage;
		const film = await begin(stage, '&rests');
		const n = options.short ? 1 : 24;
		const host = await stack.hostWatch('film-witness', 'rests', area(film), 16, n);
		const viewer = await place.watch('film-witness', 'rests', shown(stack, film), HEIGHT, n);
		await Promise.all([host.done, viewer.done]);
		const theirs = JSON.parse(host.said()), ours = JSON.parse(viewer.said());
		const pairs = ours.map(rest => ({ rest, of: theirs.findLast(each => each.ms < rest.ms) }))
			.filter(({ rest, of }) => of && rest.ms - of.ms < 1000);
		const times = pairs.map(({ rest, of }) => rest.ms - of.ms).sort((a, b) => a - b);
		return {
			rests: pairs.length,
			rests_settle_p50_ms: quantile(times, 0.5),
			rests_settle_p90_ms: quantile(times, 0.9),
			rests_settle_max_ms: times.at(-1),
			rests_exact_percent: pairs.filter(({ rest, of }) => rest.hash === of.hash).length / pairs.length * 100,
		};
	},
};
