// A stack: an isolated browser, what carries its screen, and a viewer. Shoji is one (shoji.mjs), noVNC with TigerVNC
// the other (novnc.mjs); scenarios know only this:
//
//   static async start({ site, place })  everything on the server's side up, at HERE of place.mjs
//   async open({ startPage })            a fresh session, and its viewer in place's browser; resolves once the page is shown
//   screen: { x, y }                     where the session's screen begins on the place's display, pixels of it
//   scale                                pixels of that display for one of the viewer's page
//   pids: { xserver, ... }               of the session: the X server, and what carries the screen (the "gateway")
//   hostRun(program, ...args)            a bench tool on the isolated display; resolves to what it prints
//   hostPicture(part, folder)            B,G,R,X of a part of the isolated display
//   hostWatch(program, ...args)          the same, started: resolves once it watches; its end is .done
//   async close()                        the session's end
//   async stop()                         the stack's end; nothing is left
//
// Both isolated browsers have these settings, a screen of this size, and openbox as in Shoji's isolated host. At another scale than 1
// Shoji's viewer sits before a display of that scale and its isolated browser follows; noVNC's does not follow, so that its
// isolated browser is told the scale and its viewer stays at 1: both show the same pixels.

// width, height: pixels of the isolated screen. scale: pixels of them for one of the page's.
export let SCREEN = { width: 1280, height: 800, scale: 1 };
// The isolated browser's page without its bars and without the scroll bar, in pixels of the isolated screen.
export let CONTENT = contentOf(SCREEN);

function contentOf({ width, height, scale }) {
	return { x: 0, y: 96 * scale, width: width - 16 * scale, height: height - 96 * scale };
}

// Before anything is started.
export function chooseScreen(screen) {
	SCREEN = screen;
	CONTENT = contentOf(screen);
}

// As in broker/guest/programs.c. shoji.mjs compares them with the browser that runs, and a difference ends the bench.
export const browserSettings = () => [
	'--lang=ja', '--ozone-platform=x11', `--window-size=${SCREEN.width},${SCREEN.height}`, '--window-position=0,0',
	'--start-maximized', '--gtk-version=3', '--disable-gpu', '--no-first-run',
	'--no-default-browser-check', '--hide-crash-restore-bubble', '--disable-breakpad', '--password-store=basic',
	'--disable-background-networking', '--disable-component-update', '--component-updater=url-source=https://127.0.0.1:1/',
	'--disable-sync', '--no-pings', '--disable-domain-reliability', '--disable-extensions',
	'--disable-features=MediaRouter,Translate,OptimizationHints,NetworkTimeServiceQuerying',
];
