// Makes pictures to judge what encode may blur (photo-detector.c): photographs, paintings and drawings of Debian packages, with and
// without writing on them, at four scales. Of each page two pictures: as it is, and without its writing; where they differ is writing.
// Nothing of it is committed: the photographs have their own licences and sizes.
//
// usage: node tests/bench/photo-corpus.mjs FOLDER     (needs chromium and dpkg-deb; fetches PACKAGES into FOLDER, 240 MB; minutes)
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const PACKAGES = ['mate-backgrounds', 'python3-skimage', 'lomiri-wallpapers-20.04', 'libjs-jquery-colorbox', 'plasma-workspace-wallpapers', 'ukui-wallpapers'];
// By the end of their paths. Those of "held" are for judging only: nothing was chosen with them in sight.
const PICTURES = {
	tuned: ['nature/Aqua.jpg', 'nature/Dune.jpg', 'nature/FreshFlower.jpg', 'nature/GreenMeadow.jpg', 'nature/RainDrops.jpg', 'nature/Storm.jpg',
		'nature/Wood.jpg', 'nature/YellowFlower.jpg', 'data/chelsea.png', 'data/coffee.png', 'data/motorcycle_left.png', 'data/camera.png', 'data/grass.png',
		'data/rocket.jpg', 'data/ihc.png', 'data/retina.jpg', 'FallenLeaf/contents/images/2560x1600.jpg', 'Path/contents/images/2560x1600.jpg',
		'ColorfulCups/contents/images/2560x1600.jpg', 'Autumn/contents/images/2560x1600.jpg', 'FlyingKonqui/contents/images/2560x1600.png',
		'Kite/contents/images/2560x1600.jpg', 'Fossa_by_Jasper_Roks.jpg', 'backgrounds/the-mouse.jpg', 'backgrounds/city.png'],
	held: ['nature/Garden.jpg', 'nature/LadyBird.jpg', 'nature/TwoWings.jpg', 'nature/Blinds.jpg', 'abstract/Elephants.jpg', 'data/astronaut.png',
		'data/gravel.png', 'data/coins.png', 'data/brick.png', 'data/hubble_deep_field.jpg', 'content/daisy.jpg', 'content/daisy@2x.jpg',
		'content/marylou.jpg', 'content/ohoopee1.jpg', 'content/ohoopee2.jpg', 'content/ohoopee3.jpg', 'OneStandsOut/contents/images/2560x1600.jpg',
		'DarkestHour/contents/images/2560x1600.jpg', 'EveningGlow/contents/images/2560x1600.jpg', 'BytheWater/contents/images/2560x1600.jpg',
		'Canopee/contents/images/3840x2160.png', 'Infinite-Sea_by_Aury88.jpg', 'Kleiber_by_Lukas_Baubkus.jpg', 'backgrounds/desert.png'],
};
const SCALES = [1, 1.25, 1.5, 2, 1];
const A_PAGE = 6; // pictures
const WORDS = ['届', 'i', 'お知らせ', '町の広報', '令和8年度 予算', 'Shoji', 'Photo: M. Lou', '髙﨑さんと𠮷田さん', '避難所の開設について', 'はい', 'OK', '12:34',
	'The quick brown fox jumps over the lazy dog', '窓口は午前八時三十分から午後五時十五分まで開いています。', '春の桜まつり 開催中！', 'ログイン', 'もっと見る »',
	'© 2026 津山市', '1', '・', '—', 'l', '一', '広告 PR', 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod'];
const FONTS = ['sans-serif', 'serif', 'Noto Sans CJK JP', 'Noto Serif CJK JP', 'monospace', 'cursive'];
const WEIGHTS = [100, 300, 400, 400, 500, 700, 900];
const COLOURS = ['#fff', '#fff', '#fff', '#000', '#000', '#ffd700', '#d00', '#04c', '#060', '#eee', '#333', 'rgba(255,255,255,.8)', 'rgba(0,0,0,.7)',
	'rgba(255,255,255,.5)', 'rgba(0,0,0,.5)', '#9cf', '#f80', '#888', '#bba', '#563'];
const SHADOWS = ['none', 'none', 'none', 'none', '0 1px 2px #000', '0 0 4px #000', '1px 1px 0 #000', '0 1px 2px #fff', '0 2px 8px rgba(0,0,0,.6)', '0 0 6px #fff'];
const SIZES = [8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 18, 20, 24, 28, 32, 40, 48, 64];
// One of them or, mostly, none.
const MANNERS = [pick => `-webkit-text-stroke:${pick([1, 2])}px ${pick(COLOURS)}`, pick => `-webkit-text-stroke:1px ${pick(['#fff', '#000'])};color:transparent`,
	() => 'writing-mode:vertical-rl', pick => `padding:4px;background:${pick(['rgba(0,0,0,.4)', 'rgba(255,255,255,.6)', '#fff', '#123'])}`,
	(pick, below) => `transform:rotate(${below(90) - 45}deg)`, (pick, below) => `opacity:.${3 + below(6)}`, () => 'font-style:italic',
	(pick, below) => `white-space:normal;width:${120 + below(200)}px`];

function random(seed) {
	let state = Math.imul(seed + 1, 2654435761) >>> 0;
	return n => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor(state / 2 ** 32 * n);
	};
}

function writing(below, width, height) {
	const pick = list => list[below(list.length)];
	const style = `left:${below(width * 0.85)}px;top:${below(height * 0.95)}px;font:${pick(WEIGHTS)} ${pick(SIZES)}px ${pick(FONTS)};`
		+ `color:${pick(COLOURS)};text-shadow:${pick(SHADOWS)};${MANNERS[below(14)]?.(pick, below) ?? ''}`;
	return `<span style="${style}">${pick(WORDS)}</span>`;
}

function page(names, seed, isWritten) {
	const below = random(seed);
	const figures = names.map(name => {
		const width = 330 + below(900), height = Math.round(width * 0.6);
		const spans = Array.from({ length: 4 + Math.round(width * height / 22000) }, () => writing(below, width, height)).join('');
		return `<div style="width:${width}px;height:${height}px"><img src="/${encodeURIComponent(name)}">${spans}</div>`;
	});
	return `<!doctype html><meta charset="utf-8"><style>body{margin:8px;font-size:0}div{position:relative;display:inline-block;margin:4px;overflow:hidden}`
		+ `img{width:100%;height:100%;object-fit:cover}span{position:absolute;white-space:nowrap;line-height:1.2${isWritten ? '' : ';visibility:hidden'}}</style>${figures.join('')}`;
}

function fetchPackages(folder) {
	const files = path.join(folder, 'files');
	if (!fs.existsSync(files)) {
		fs.mkdirSync(files, { recursive: true });
		execFileSync('apt-get', ['download', '-q', ...PACKAGES], { cwd: folder, stdio: 'inherit' });
		for (const deb of fs.readdirSync(folder).filter(name => name.endsWith('.deb')))
			execFileSync('dpkg-deb', ['-x', deb, files], { cwd: folder });
	}
	return fs.readdirSync(files, { recursive: true }).map(name => path.join(files, name));
}

async function shoot(address, scale, file, profile) {
	await new Promise(resolve => spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--user-data-dir=${profile}`,
		`--force-device-scale-factor=${scale}`, '--window-size=1280,3000', `--screenshot=${file}`, address], { stdio: 'ignore' }).on('exit', resolve));
	fs.rmSync(profile, { recursive: true, force: true });
}

if (!process.argv[2])
	throw new Error('usage: photo-corpus.mjs FOLDER');
const folder = path.resolve(process.argv[2]);
const found = fetchPackages(folder);
const served = new Map(), pages = new Map();
const server = http.createServer((request, response) => {
	const name = decodeURIComponent(request.url.slice(1));
	response.end(pages.get(name) ?? (served.has(name) ? fs.readFileSync(served.get(name)) : ''));
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
for (const [set, names] of Object.entries(PICTURES)) {
	for (const name of names) {
		served.set(name, found.find(file => file.endsWith(`/${name}`)));
		if (!served.get(name))
			throw new Error(`${name}: not in the packages`);
	}
	const n = Math.ceil(names.length / A_PAGE);
	for (const [run, scale] of SCALES.entries())
		for (let i = 0; i < n; i++)
			for (const what of ['written', 'plain']) {
				const name = `${set}-${run}-${i}-${what}`, file = path.join(folder, `${name}.png`);
				if (fs.existsSync(file))
					continue;
				const some = names.filter((_, at) => at % n === i);
				pages.set(name, page(some, 1000 * run + 17 * i + (set === 'held' ? 500000 : 0), what === 'written'));
				await shoot(`http://127.0.0.1:${server.address().port}/${name}`, scale, file, fs.mkdtempSync(path.join(folder, 'profile-')));
				process.stderr.write(`${name}\n`);
			}
}
server.close();
server.closeAllConnections();
