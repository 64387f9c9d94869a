// A film of 854x480 at 30 pictures a second: pictures that the viewer really shows, by their numbers, bytes, and likeness (SSIM)
// to the isolated display's picture of the same number. Likeness is taken in a run of its own: taking it costs time.
import path from 'node:path';
import { area, costOf, hover, shown, sleep } from '../lib/measure.mjs';

const WIDTH = 854, HEIGHT = 480;
const EVERY = 15; // numbers whose pictures are compared

export const video = {
	describe: 'a film of 854x480 at 30 pictures a second',
	async run({ stack, place, site, options }) {
		await site.lead(stack.url('/bench/video.html?bench'));
		await hover(stack, 1200, 700);
		const { x, y } = await site.filmPlace();
		const film = { x: Math.round(x), y: Math.round(y), width: WIDTH, height: HEIGHT };
		await sleep(options.short ? 500 : 2000); // a stack that looks for moving regions has found it by then
		const ms = options.short ? 1000 : 8000;
		const files = ['host', 'viewer'].map(name => path.join(place.folder, `${name}.film`));
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
			video_frames_per_s: cost.result.shown / (cost.result.ms / 1000),
			video_isolated_frames_per_s: hostSaid.shown / (hostSaid.ms / 1000),
			video_kb_per_s: cost.bytes / 1000 / cost.seconds,
			video_ssim: pairs > 0 ? ssim : NaN,
			video_pairs: pairs,
			video_server_cpu_percent: (cost.xserver + cost.gateway) / cost.seconds * 100,
			video_viewer_cpu_percent: cost.viewer / cost.seconds * 100,
		};
	},
};
