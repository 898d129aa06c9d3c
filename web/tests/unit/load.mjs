// Modules of the pages for Node: types taken out, one folder for all, since node knows no TypeScript.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

const folder = mkdtempSync(join(tmpdir(), 'ledgerline-unit-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const source = new URL('../../src/', import.meta.url);

/** Imports the last of these files; the others are what it imports. */
export async function load(...paths) {
  let url = '';
  for (const path of paths) {
    const { outputText } = ts.transpileModule(readFileSync(new URL(path, source), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    const file = join(folder, basename(path).replace(/\.ts$/, '.mjs'));
    writeFileSync(file, outputText.replace(/from '\.{1,2}\/(?:[\w.-]+\/)*([\w-]+)'/g, "from './$1.mjs'"));
    url = pathToFileURL(file).href;
  }
  return import(url);
}

/** Where a loaded module lies. */
export function urlOf(name) {
  return pathToFileURL(join(folder, `${name}.mjs`)).href;
}
