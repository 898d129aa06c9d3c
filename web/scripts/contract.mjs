// Types of the API out of the committed contract. `--check` writes nothing and fails where the file
// that is there is not what the contract says now.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const contract = new URL('../../openapi/ledgerline.json', import.meta.url);
const target = new URL('../src/api/contract.d.ts', import.meta.url);
const heading = '// Made from openapi/ledgerline.json by `npm run contract`. Not to be edited.\n\n';

const wanted = heading + astToString(await openapiTS(contract));
const present = await readFile(target, 'utf8').catch(() => '');
if (present === wanted) {
  process.exit(0);
}
if (process.argv.includes('--check')) {
  console.error('src/api/contract.d.ts is stale: run `npm run contract`');
  process.exit(1);
}
await writeFile(target, wanted);
console.log('src/api/contract.d.ts: made anew from openapi/ledgerline.json');
