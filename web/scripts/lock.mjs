// The lock file names no host: neither a registry, nor who takes donations. `--check` only looks.
import { readFile, writeFile } from 'node:fs/promises';

const path = new URL('../package-lock.json', import.meta.url);
const text = await readFile(path, 'utf8');
const lock = JSON.parse(text);
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
}
const wanted = `${JSON.stringify(lock, null, 2)}\n`;
if (/https?:\/\//.test(wanted)) {
  console.error('package-lock.json: some field that we don’t know of names a host');
  process.exit(1);
}
if (text !== wanted && process.argv.includes('--check')) {
  console.error('package-lock.json names hosts: run `npm run lock`');
  process.exit(1);
}
if (text !== wanted) await writeFile(path, wanted);
