// The whole page changes colour with each key: what key-latency looks for.
addEventListener('keydown', () => document.documentElement.classList.toggle('on'));
