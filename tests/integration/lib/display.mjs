// What an independent X client sees on an isolated host's display: not shojictl screenshot, nor anything of Shoji's.
// The client runs outside, but for its network namespace: there the X server's abstract socket is.
import fs from 'node:fs';
import path from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bin } from './broker.mjs';
import { differing } from './pixels.mjs';

const run = promisify(execFile);

// The X server of an isolated host: that of the session whose slot has this uid, or of the only one that runs.
function xServer(wanted) {
	for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
		try {
			const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
			const uid = Number(/^Uid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
			if (/\/?Xvnc$|Xtigervnc$/.test(command[0]) && (wanted === undefined ? uid >= 61000 && uid < 61900 : uid === wanted))
				return { pid, display: command.find(word => /^:\d+$/.test(word)) };
		} catch {
			// it ended meanwhile
		}
	}
	throw new Error(`no isolated host ${wanted === undefined ? '' : `of uid ${wanted} `}runs an X server`);
}

// RGBA, as viewer.canvasPixels() gives them. display: ":0"; prefix: what the client is started by.
export async function grab(display, prefix = []) {
	const file = path.join('/tmp', `shoji-grab-${process.pid}.raw`);
	try {
		const [program, ...args] = [...prefix, path.join(bin, 'x-grab'), '--raw', file, '--display', display];
		const { stdout } = await run(program, args);
		const [, width, height] = /(\d+)x(\d+)/.exec(stdout).map(Number);
		const data = fs.readFileSync(file);
		for (let at = 0; at < data.length; at += 4) {
			const blue = data[at];
			data[at] = data[at + 2];
			data[at + 2] = blue;
			data[at + 3] = 255;
		}
		return { width, height, data };
	} finally {
		fs.rmSync(file, { force: true });
	}
}

export function grabDisplay(uid) {
	const { pid, display } = xServer(uid);
	return grab(display, ['nsenter', `--net=/proc/${pid}/ns/net`]);
}

const ALIKE_WITHIN_MS = 20000; // a busy machine's smooth scroll may stand still for longer than any quiet time that is worth waiting for
const BETWEEN_LOOKS_MS = 200;

// Compares what the viewer shows with the display, again and again until they are alike or the time is up.
// Resolves to {n: pixels that differ (0: alike), shown, display} of the last look. uid: as grabDisplay()'s.
export async function compareWithDisplay(person, uid, withinMs = ALIKE_WITHIN_MS) {
	for (const startMs = performance.now(); ;) {
		const shown = await person.pixels();
		const display = await grabDisplay(uid);
		const n = differing(shown, display);
		if (n === 0 || performance.now() - startMs > withinMs)
			return { n, shown, display };
		await new Promise(resolve => setTimeout(resolve, BETWEEN_LOOKS_MS));
	}
}
