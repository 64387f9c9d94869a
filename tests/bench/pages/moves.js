// Pages that move by themselves, each in another way; which one says the address. All the same in each run. An event
// "rest" (led.js) stops what CSS does not move.
const main = document.querySelector('main');
const what = [...new URL(location.href).searchParams.keys()].find(word => word !== 'bench');
let isResting = false;
addEventListener('rest', () => { isResting = true; });

function make(name, className, parent = main, text = '') {
	const element = document.createElement(name);
	element.className = className;
	element.textContent = text;
	parent.append(element);
	return element;
}

const WORDS = '住民票 申請書 議会 予算 道路 河川 防災 消防 税務 福祉 学校 図書館 公園 水道 選挙 戸籍 観光 農業 林業 漁業 環境 ごみ 健康 保険 年金 介護 入札 契約 条例 規則'.split(' ');
let state = 7;
const random = n => {
	state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
	return Math.floor(state / 2 ** 32 * n);
};
const sentence = n => Array.from({ length: n }, () => WORDS[random(WORDS.length)]).join('の') + 'について。';

// ms: since the beginning. draw() is asked with each frame of the display, at so many a second at most.
function everyFrame(draw, perSecond = 1000) {
	const start = performance.now();
	let last = -1;
	const step = () => {
		if (isResting)
			return;
		requestAnimationFrame(step);
		const n = Math.floor((performance.now() - start) * perSecond / 1000);
		if (n !== last)
			draw(performance.now() - start);
		last = n;
	};
	step();
}

function paragraphs(parent, n, length = 14) {
	for (let i = 0; i < n; i++)
		make('p', '', parent, `${i + 1}. ${sentence(length)}`);
}

function column(left, width, length) {
	const box = make('div', 'column');
	box.style.left = left;
	box.style.width = width;
	paragraphs(box, 120, length);
	return box;
}

function still() {
	paragraphs(make('div', 'still'), 12);
}

function list(className, n) {
	const table = make('table', '', make('div', className));
	for (let row = 0; row < n; row++) {
		const line = make('tr', '', table);
		for (let i = 0; i < 40; i++)
			make(row === 0 ? 'th' : 'td', '', line, row === 0 ? `${WORDS[i % WORDS.length]} ${i}` : i % 3 ? String(random(1000000)) : WORDS[random(WORDS.length)]);
	}
	return table.parentElement;
}

function map() {
	const names = 'http://www.w3.org/2000/svg';
	const svg = document.createElementNS(names, 'svg');
	const group = document.createElementNS(names, 'g');
	const add = (name, attributes, text) => {
		const element = document.createElementNS(names, name);
		for (const [key, value] of Object.entries(attributes))
			element.setAttribute(key, value);
		element.textContent = text ?? '';
		group.append(element);
	};
	add('rect', { x: -4000, y: -4000, width: 8000, height: 8000, fill: '#eef3ea' });
	for (let i = 0; i < 220; i++) {
		const x = random(5000) - 2500, y = random(4000) - 2000;
		add('polygon', { points: Array.from({ length: 6 }, () => `${x + random(260)},${y + random(260)}`).join(' '),
			fill: ['#c8e6c9', '#bbdefb', '#fff9c4', '#d7ccc8'][random(4)] });
		add('path', { d: `M${x},${y} q${random(400)},${random(400)} ${random(900)},${random(700)}`, stroke: ['#ffb74d', '#fff', '#90a4ae'][random(3)], 'stroke-width': 2 + random(8), fill: 'none' });
		add('text', { x: x + 60, y: y + 90, 'font-size': 14, fill: '#37474f' }, `${WORDS[random(WORDS.length)]}町${1 + random(9)}丁目`);
	}
	svg.append(group);
	main.append(svg);
	return group;
}

function code(parent) {
	for (let i = 0; i < 200; i++) {
		const line = make('pre', '', parent);
		line.style.padding = '0 16px';
		make('u', '', line, `${String(i + 1).padStart(4)}  `);
		make('b', '', line, ['static int', 'return', 'if', 'struct', 'for'][random(5)]);
		make('span', '', line, ` ${'abcdefgh'[random(8)]}_value_${random(500)}(`);
		make('i', '', line, `"${WORDS[random(WORDS.length)]}"`);
		make('span', '', line, `, ${random(4096)}); `);
		make('u', '', line, `/* ${sentence(3)} */`);
	}
}

const PAGES = {
	spinner: () => { still(); make('div', 'place spinner'); },
	marquee: () => { still(); make('span', '', make('div', 'marquee'), Array.from({ length: 6 }, () => sentence(8)).join('　')); },
	// Numbers on a canvas, all of them new with each frame.
	numbers: () => {
		const canvas = make('canvas', 'place');
		canvas.width = 640 * devicePixelRatio;
		canvas.height = 360 * devicePixelRatio;
		canvas.style.width = '640px';
		const context = canvas.getContext('2d');
		everyFrame(ms => {
			context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
			context.fillStyle = '#fff';
			context.fillRect(0, 0, 640, 360);
			context.fillStyle = '#222';
			context.font = '14px monospace';
			for (let row = 0; row < 18; row++)
				for (let i = 0; i < 8; i++)
					context.fillText(String(Math.floor(ms * 37 * (row * 8 + i + 1)) % 1000000).padStart(7), i * 80, 18 + row * 19.5);
		});
	},
	gif: () => {
		still();
		const image = make('img', 'place');
		image.src = '/spinners/loading.gif';
		addEventListener('rest', () => image.remove());
	},
	columns: () => {
		const left = column('0', '50%', 14), right = column('50%', '50%', 12);
		everyFrame(ms => { left.scrollTop = ms * 0.3 % 2000; right.scrollTop = 2000 - ms * 0.2 % 2000; });
	},
	sideways: () => {
		const box = list('column', 40);
		Object.assign(box.style, { left: '0', width: '100%' });
		everyFrame(ms => { box.scrollLeft = (1 - Math.cos(ms / 2000)) * 800; });
	},
	map: () => {
		const group = map();
		everyFrame(ms => group.setAttribute('transform', `translate(${Math.round(600 + Math.sin(ms / 1500) * 500)} ${Math.round(400 + Math.cos(ms / 1100) * 300)})`));
	},
	zoom: () => {
		const group = map();
		everyFrame(ms => group.setAttribute('transform', `translate(600 400) scale(${1 + 0.6 * Math.sin(ms / 1500)})`));
	},
	menu: () => {
		const box = column('0', '100%', 30), menu = make('div', 'menu');
		const entries = WORDS.slice(0, 12).map(word => make('div', '', menu, `${word}のページ`));
		everyFrame(ms => {
			box.scrollTop = ms * 0.25 % 2500;
			menu.style.visibility = ms % 3000 < 2000 ? '' : 'hidden';
			entries.forEach((entry, i) => { entry.className = i === Math.floor(ms / 250) % 12 ? 'on' : ''; });
		});
	},
	fade: () => {
		const box = make('div', 'fade');
		for (const name of ['ohoopee1.jpg', 'marylou.jpg'])
			make('img', '', box).src = `/photographs/${name}`;
		make('h1', 'place', main, '町の話題: 春の祭り').style.color = '#fff';
	},
	shimmer: () => {
		for (let i = 0; i < 16; i++)
			make('div', 'shimmer');
	},
	clock: () => {
		still();
		const clock = make('h1', 'place');
		everyFrame(ms => { clock.textContent = (ms / 1000).toFixed(2); });
	},
	progress: () => {
		for (let i = 0; i < 12; i++)
			make('i', '', make('div', 'progress')).style.animationDuration = `${3 + i}s`;
	},
	dark: () => {
		document.body.className = 'dark';
		const box = column('0', '100%', 0);
		box.textContent = '';
		code(box);
		everyFrame(ms => { box.scrollTop = ms * 0.4 % 2500; });
	},
	// A window over a page, dragged about.
	drag: () => {
		column('0', '100%', 30);
		const box = make('div', 'window');
		paragraphs(box, 8);
		everyFrame(ms => { box.style.transform = `translate(${Math.round(300 + Math.sin(ms / 900) * 280)}px, ${Math.round(180 + Math.cos(ms / 700) * 160)}px)`; });
	},
};
PAGES[what]?.();
