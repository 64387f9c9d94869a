// ./demo --headless: signs in as a person would, waits for the start page, saves what the viewer shows, and checks that
// the page's marker is on it. Usage: demo.mjs URL PERSON FILE.png   (password in SHOJI_DEMO_PASSWORD)
import { launch, openSignIn, signIn, waitLive, waitSettled, canvasPixels, signOut } from "./viewer.mjs";

// The start page's marker: four squares side by side (broker/egress/start_page).
const MARKER = [
	[0xc2, 0x18, 0x5b],
	[0x00, 0x79, 0x6b],
	[0xf9, 0xa8, 0x25],
	[0x28, 0x35, 0x93],
];
const SQUARE = 32;

// Whether the four squares lie side by side somewhere on the picture.
export function hasMarker({ width, height, data }) {
	const is = (x, y, [r, g, b]) => {
		const at = (y * width + x) * 4;
		return data[at] === r && data[at + 1] === g && data[at + 2] === b;
	};
	for (let y = 0; y < height; y += SQUARE / 2)
		for (let x = 0; x + 3 * SQUARE < width; x++)
			if (MARKER.every((colour, i) => is(x + i * SQUARE, y, colour)))
				return true;
	return false;
}

async function main([url, person, file]) {
	const viewer = await launch();
	try {
		await openSignIn(viewer.page, url);
		const startedMs = Date.now();
		await signIn(viewer.page, person, process.env.SHOJI_DEMO_PASSWORD);
		await waitLive(viewer.page);
		const liveMs = Date.now() - startedMs;
		let isShown = false;
		for (const endMs = Date.now() + 30000; !isShown && Date.now() < endMs; ) {
			await waitSettled(viewer.page);
			isShown = hasMarker(await canvasPixels(viewer.page));
		}
		await viewer.page.screenshot({ path: file });
		if (!isShown)
			throw new Error(`the start page's marker is not on the screen; see ${file}`);
		if (viewer.errors.length > 0)
			throw new Error(`the viewer complained: ${viewer.errors.join("; ")}`);
		await signOut(viewer.page);
		console.log(`Signed in, first picture after ${liveMs} ms, the marker is on the screen: ${file}`);
	} finally {
		await viewer.close();
	}
}

if (process.argv[1] === new URL(import.meta.url).pathname)
	main(process.argv.slice(2)).catch((error) => {
		console.error(`demo: ${error.message}`);
		process.exit(1);
	});
