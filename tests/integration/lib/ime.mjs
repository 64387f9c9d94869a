// The terminal's own input method: Debian's uim with the Anthy converter, a GTK module in the browser with its own candidate window.
// Neither daemon nor bus.
import fs from 'node:fs';
import path from 'node:path';
import { bin } from './broker.mjs';

// Where uim is installed, GTK takes it unless told otherwise; tests of keys want what the keyboard says.
export const NO_IME = { GTK_IM_MODULE: 'gtk-im-context-simple' };

// A browser whose input method it is, with no learned words; folder: its home, which is made. Letters are drawn as in the isolated host.
// Returns what viewer.launch() has to know: {env, executablePath}.
export function imeBrowser(folder, env) {
	const settings = path.join(folder, '.config/gtk-3.0');
	fs.mkdirSync(settings, { recursive: true });
	fs.writeFileSync(path.join(settings, 'settings.ini'), `[Settings]
gtk-cursor-blink=false
gtk-xft-antialias=1
gtk-xft-hinting=1
gtk-xft-hintstyle=hintslight
gtk-xft-rgba=none
`);
	fs.writeFileSync(path.join(folder, '.uim'), "(define default-im-name 'anthy-utf8)\n");
	return { executablePath: atHome(folder), env: { ...env, GTK_IM_MODULE: 'uim', HOME: folder, XDG_RUNTIME_DIR: folder, LC_ALL: 'ja_JP.UTF-8',
		LOCPATH: path.join(bin, 'guest/locale'), FONTCONFIG_FILE: path.join(bin, 'guest/fonts.conf') } };
}

// Anthy keeps what it learns in the home that the list of accounts names, whatever HOME says: the browser gets a list of its own.
function atHome(folder) {
	const accounts = path.join(folder, 'passwd'), program = path.join(folder, 'browser');
	fs.writeFileSync(accounts, fs.readFileSync('/etc/passwd', 'utf8').split('\n').map(line => {
		const fields = line.split(':');
		if (Number(fields[2]) === process.getuid() && fields.length === 7)
			fields[5] = folder;
		return fields.join(':');
	}).join('\n'));
	fs.writeFileSync(program, `#!/bin/sh
exec unshare --mount --propagation private sh -c 'mount --bind "$0" /etc/passwd && exec /usr/bin/chromium "$@"' '${accounts}' "$@"
`, { mode: 0o700 });
	return program;
}
