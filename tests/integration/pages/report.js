// Tells the suite's server what arrives: every event, in order.
const tell = report => fetch('/report', { method: 'POST', body: JSON.stringify(report) });
const key = event => tell({ type: event.type, code: event.code, key: event.key, shift: event.shiftKey,
	control: event.ctrlKey, alt: event.altKey, meta: event.metaKey, repeat: event.repeat, target: event.target.id });
addEventListener('keydown', key, true);
addEventListener('keyup', key, true);
addEventListener('mousedown', event => tell({ type: 'mousedown', button: event.button, x: event.clientX, y: event.clientY }), true);
addEventListener('dblclick', event => tell({ type: 'dblclick', x: event.clientX, y: event.clientY }), true);
document.getElementById('button').addEventListener('click', () => tell({ type: 'click', target: 'button' }));
document.getElementById('field').addEventListener('input', event => tell({ type: 'input', value: event.target.value }));
addEventListener('wheel', event => tell({ type: 'wheel', x: event.deltaX, y: event.deltaY }), { passive: true });
addEventListener('scroll', () => { document.getElementById('state').textContent = String(scrollY); });
whenPainted(() => tell({ type: 'load', width: innerWidth, height: innerHeight, language: navigator.language,
	zone: Intl.DateTimeFormat().resolvedOptions().timeZone, ratio: devicePixelRatio }));
