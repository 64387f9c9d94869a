// Medians and spread of a bench's runs, and the table of them.
const median = values => {
	const sorted = [...values].sort((a, b) => a - b), middle = Math.floor(sorted.length / 2);
	return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

// [{figure: number}, ...] -> {figure: {median, min, max, values}}
export function summary(runs) {
	const names = [...new Set(runs.flatMap(run => Object.keys(run)))];
	return Object.fromEntries(names.map(name => {
		const values = runs.map(run => run[name]).filter(value => Number.isFinite(value));
		return [name, values.length > 0 ? { median: median(values), min: Math.min(...values), max: Math.max(...values), values }
			: { median: null, min: null, max: null, values }];
	}));
}

const show = value => value === null || value === undefined ? '-' : value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
const cell = figure => figure ? `${show(figure.median).padStart(9)} ${`(${show(figure.min)}..${show(figure.max)})`.padEnd(20)}` : ''.padStart(30);

// {stack: summary} as text. The last column: the first stack's median as a part of the second's.
export function table(line, results) {
	const stacks = Object.keys(results);
	const names = [...new Set(stacks.flatMap(stack => Object.keys(results[stack])))];
	const ratio = name => {
		const [ours, theirs] = stacks.map(stack => results[stack][name]?.median);
		return stacks.length > 1 && Number.isFinite(ours) && theirs ? (ours / theirs).toFixed(3).padStart(8) : '';
	};
	return [`${line.padEnd(40)}${stacks.map(stack => stack.padStart(9).padEnd(31)).join('')}${stacks.length > 1 ? '   ratio' : ''}`,
		...names.map(name => `${name.padEnd(40)}${stacks.map(stack => `${cell(results[stack][name])} `).join('')}${ratio(name)}`)].join('\n');
}
