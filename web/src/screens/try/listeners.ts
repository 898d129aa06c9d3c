// Whose history each dropped file is: a zip, or a folder, is a listener's; loose files are one listener's.

import { Refusal } from '../../api/problem';
import type { Dropped } from './drop';
import { zipped } from './zip';

/** A listener and what is sent of it. */
export interface Listener {
  /** What it is called here; no two are called the same. */
  name: string;
  /** Its one file as it was dropped, under the name that says its format; or its files as a zip. */
  alone: { file: string; body: Blob };
  /** The same as a zip, whose name says nothing: its files' names say the format. */
  packed: Blob;
}

/** What the server takes, all together. */
export const BYTES_MAX = 64 * 1024 * 1024;
export const LISTENERS_MAX = 20;

const ZIP = /\.zip$/i;

/** The files by listener, in the order in which they were dropped. */
export function byListener(files: readonly Dropped[]): Map<string, Dropped[]> {
  const found = new Map<string, Dropped[]>();
  for (const dropped of files) {
    const { path } = dropped;
    const parts = path.split('/');
    const whose = ZIP.test(path) ? path : parts.length > 1 ? `${parts[0]}/` : '';
    found.set(whose, [...(found.get(whose) ?? []), dropped]);
  }
  return found;
}

/** Those who were there with those who were dropped. */
export async function joined(known: readonly Listener[], files: readonly Dropped[]): Promise<Listener[]> {
  if (files.length === 0) throw new Refusal(0, 'no_history', 'None of these files is a listening history: it is a .zip, or .json files.');
  const all = [...known];
  for (const [whose, theirs] of byListener(files)) {
    const [first] = theirs;
    if (first === undefined) continue;
    const one = theirs.length === 1;
    const packed = one && ZIP.test(first.path) ? first.file : await zipped(theirs);
    const alone = one ? { file: first.file.name, body: first.file } : { file: 'history.zip', body: packed };
    all.push({ name: free(nameOf(whose, first), all), alone, packed });
  }
  if (all.length > LISTENERS_MAX) throw new Refusal(0, 'too_many', `These are ${all.length} listeners; ${LISTENERS_MAX} are tried at once.`);
  if (bytesOf(all) > BYTES_MAX) throw new Refusal(0, 'too_large', `These files are larger than ${BYTES_MAX / 1024 / 1024} MiB. Send fewer of them, or only the JSON files with “audio” in their names.`);
  return all;
}

/** How much is sent. */
export function bytesOf(listeners: readonly Listener[]): number {
  return sentOf(listeners).body.size;
}

function nameOf(whose: string, first: Dropped): string {
  const last = (whose === '' ? first.file.name : whose.replace(/\/$/, '')).split('/').at(-1) ?? '';
  return last.replace(/\.(zip|json|jsonl)$/i, '');
}

/** Two people's exports often have one name. */
function free(name: string, among: readonly Listener[]): string {
  const taken = (wanted: string): boolean => among.some((one) => one.name === wanted);
  if (!taken(name)) return name;
  let number = 2;
  while (taken(`${name} ${number}`)) number += 1;
  return `${name} ${number}`;
}

/** What is sent, and what the query says of it. */
export function sentOf(listeners: readonly Listener[]): { body: Blob; query: { name: string } | { files: string } } {
  const [first] = listeners;
  if (first !== undefined && listeners.length === 1) return { body: first.alone.body, query: { name: first.alone.file } };
  // The server calls each by its file's name; commas and colons are its separators, and a name has 128 bytes.
  const named = ({ name, packed }: Listener): string => `${sound(name)}.zip:${packed.size}`;
  return { body: new Blob(listeners.map(({ packed }) => packed)), query: { files: listeners.map(named).join(',') } };
}

function sound(name: string): string {
  return [...name.replace(/[,:/\\\p{Cc}]/gu, '-').replace(/^\.+/, '')].slice(0, 30).join('') || 'history';
}
