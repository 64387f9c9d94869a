// Where things are, and the numbers of C headers: what the page says must be what the broker's headers say.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
export const WEB = path.join(ROOT, "viewer/web");
export const read = (file) => readFileSync(path.join(ROOT, file), "utf8");

// {NAME: number} of `#define NAME n` and of enumerators in a header, `1 << n` included.
export function headerNumbers(file) {
	const text = read(file).replace(/\/\*[\s\S]*?\*\//g, "");
	const numbers = {};
	const number = (written) => {
		const shift = written.match(/^(\d+) << (\d+)$/);
		return shift ? Number(shift[1]) << Number(shift[2]) : Number(written);
	};
	for (const [, name, value] of text.matchAll(/^#define\s+(\w+)\s+(0x[0-9a-fA-F]+|\d+)\s*$/gm)) {
		numbers[name] = Number(value);
	}
	for (const [, name, value] of text.matchAll(/\b([A-Z]\w+)\s*=\s*(\d+ << \d+|0x[0-9a-fA-F]+|\d+)/g)) {
		numbers[name] = number(value);
	}
	return numbers;
}
