// What is saved: tracks that are liked, albums that are kept, artists that are followed. One truth for all buttons on a page.

import './saved.css';
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { post, put, remove } from '../api/client';
import { refusalOf } from '../api/problem';
import { announce } from '../parts/announce';
import { Icon } from '../parts/icon';
import type { MenuItem } from '../parts/menu';
import { hint } from '../parts/toast';
import { session } from '../session/session';

export type SavedKind = 'tracks' | 'albums' | 'artists';

/** So many ids are asked for together. */
const AT_ONCE = 100;
/** What isn't remembered is asked for again. */
const KNOWN_MAX = 5_000;

/** Whether something is saved, by `kind/id`; what isn't in it isn't known. */
const known = signal<ReadonlyMap<string, boolean>>(new Map());
/** What was saved or not in this window, so that lists of saved things look again. */
export const savedChanges = signal(0);
/** Whose these are: somebody else begins with nothing. */
let whose: string | null = null;

const VERBS = {
  tracks: { on: 'Remove from liked tracks', off: 'Like', onSaid: 'is liked', offSaid: 'isn’t liked any more' },
  albums: { on: 'Remove from library', off: 'Save to library', onSaid: 'is in your library', offSaid: 'isn’t in your library any more' },
  artists: { on: 'Unfollow', off: 'Follow', onSaid: 'is followed', offSaid: 'isn’t followed any more' },
} as const;

export function isSaved(kind: SavedKind, id: string): boolean {
  return known.value.get(`${kind}/${id}`) ?? false;
}

/** Asks which of these are saved, where that isn't known yet. */
export function useSaved(kind: SavedKind, ids: readonly string[]): void {
  const account = session.value?.account?.account_id ?? null;
  useEffect(() => {
    if (account === null) return;
    if (whose !== account) {
      whose = account;
      known.value = new Map();
    }
    const unknown = [...new Set(ids)].filter((id) => !known.peek().has(`${kind}/${id}`));
    for (let from = 0; from < unknown.length; from += AT_ONCE) void lookUp(kind, unknown.slice(from, from + AT_ONCE));
  }, [account, kind, ids.join(' ')]);
}

async function lookUp(kind: SavedKind, ids: readonly string[]): Promise<void> {
  try {
    const found = await post('/api/v1/me/saved/lookup', { json: { tracks: [], albums: [], artists: [], [kind]: [...ids] } });
    const saved = new Set(found[kind] ?? []);
    remember(ids.map((id) => [`${kind}/${id}`, saved.has(id)]));
  } catch {
    // The heart stays empty, as for something unknown; a press on it tells what is wrong.
  }
}

function remember(entries: readonly (readonly [string, boolean])[]): void {
  const before = known.peek().size > KNOWN_MAX ? [] : known.peek();
  known.value = new Map([...before, ...entries]);
}

/** Saves it or not, at once on the page; taken back where the server refuses. */
export async function toggleSaved(kind: SavedKind, id: string, name: string): Promise<void> {
  const was = isSaved(kind, id);
  const key = `${kind}/${id}`;
  remember([[key, !was]]);
  try {
    if (was) await remove('/api/v1/me/saved/{kind}/{id}', { path: { kind, id } });
    else await put('/api/v1/me/saved/{kind}/{id}', { path: { kind, id } });
    savedChanges.value += 1;
    announce(`${name} ${was ? VERBS[kind].offSaid : VERBS[kind].onSaid}.`);
  } catch (thrown) {
    remember([[key, was]]);
    hint(`${name}: ${refusalOf(thrown).message}`, 'bad');
  }
}

/** The same as an item of a menu. */
export function likeItem(kind: SavedKind, id: string, name: string): MenuItem {
  return { label: isSaved(kind, id) ? VERBS[kind].on : VERBS[kind].off, icon: 'heart', act: () => void toggleSaved(kind, id, name) };
}

/** The heart. Only who has an account keeps anything. */
export function LikeButton({ kind, id, name, size = 18 }: { kind: SavedKind; id: string; name: string; size?: number }): JSX.Element | null {
  if (session.value?.account === undefined) return null;
  const saved = isSaved(kind, id);
  return (
    <button type="button" class="sign like" aria-pressed={saved} aria-label={`Like ${name}`} title={saved ? VERBS[kind].on : VERBS[kind].off} onClick={() => void toggleSaved(kind, id, name)}>
      <Icon name="heart" size={size} full={saved} />
    </button>
  );
}

/** The same with a word, for the head of a page. */
export function SaveButton({ kind, id, name }: { kind: SavedKind; id: string; name: string }): JSX.Element | null {
  useSaved(kind, [id]);
  if (session.value?.account === undefined) return null;
  const saved = isSaved(kind, id);
  const word = kind === 'artists' ? (saved ? 'Following' : 'Follow') : kind === 'albums' ? (saved ? 'Saved' : 'Save') : saved ? 'Liked' : 'Like';
  return (
    <button type="button" class="button save" aria-pressed={saved} title={saved ? VERBS[kind].on : VERBS[kind].off} onClick={() => void toggleSaved(kind, id, name)}>
      <Icon name={kind === 'artists' ? 'person' : 'heart'} size={18} full={saved} />
      <span>{word}</span>
    </button>
  );
}
