// What a browser loads before anything is shown, packed: it must stay small enough for a phone.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const BYTES_MAX = 150 * 1024;
const dist = new URL('../dist/', import.meta.url);

const page = await readFile(new URL('index.html', dist), 'utf8');
const first = [...page.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+)"/g)].map((found) => found[1]);
let bytes = 0;
for (const name of new Set(first)) {
  bytes += gzipSync(await readFile(new URL(name, dist)), { level: 9 }).length;
}
console.log(`first load: ${(bytes / 1024).toFixed(1)} KiB packed in ${new Set(first).size} files, at most ${BYTES_MAX / 1024}`);
if (first.length === 0 || bytes > BYTES_MAX) {
  console.error('the first load is too large, or the page names no script');
  process.exit(1);
}
