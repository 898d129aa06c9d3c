// Where we are: the fragment of the address, `#/statements/2026-10/northern-lights?lines=all`.
// A fragment never reaches a server or its log, and needs no server that knows our paths.

import { signal } from '@preact/signals';

/** A place in the application. */
export interface Place {
  /** The path's parts, decoded; none for the first page. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/** Where we are now. */
export const place = signal<Place>(read(location.hash));

/** The fragment as a place. What can't be decoded stays as it is: it will match nothing. */
export function read(fragment: string): Place {
  const [path = '', query = ''] = fragment.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').filter((part) => part !== '').map(decoded);
  return { parts, query: new URLSearchParams(query) };
}

/** A link to a place. Parts are encoded; what is undefined or empty isn't in the query. */
export function to(parts: readonly (string | number)[], query: Readonly<Record<string, string | number | null | undefined>> = {}): string {
  const wanted = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') wanted.set(name, String(value));
  }
  const tail = wanted.size === 0 ? '' : `?${wanted.toString()}`;
  return `#/${parts.map((part) => encodeURIComponent(String(part))).join('/')}${tail}`;
}

/** Goes to a link of `to`. */
export function go(link: string): void {
  location.hash = link;
}

/** Goes there in the place of where we are: the back button doesn't lead here again. */
export function replace(link: string): void {
  history.replaceState(null, '', link);
  place.value = read(link);
}

/** The same place with other values in its query; no new step for the browser's back button. */
export function requery(changes: Readonly<Record<string, string | null>>): void {
  const { parts, query } = place.peek();
  const wanted = Object.fromEntries(query);
  replace(to(parts, { ...wanted, ...changes }));
}

/** What `:names` of a pattern such as `/statements/:period/:payee` stand for, where it fits. */
export function match(pattern: string, parts: readonly string[]): Record<string, string> | null {
  const wanted = pattern.split('/').filter((part) => part !== '');
  if (wanted.length !== parts.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const present = parts[index] ?? '';
    if (part.startsWith(':')) found[part.slice(1)] = present;
    else if (part !== present) return null;
  }
  return found;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

addEventListener('hashchange', () => {
  place.value = read(location.hash);
});
