// One's playlists: what they are, and what is done with them. Items have ids of their own, so that what is moved or removed is
// that item, whatever somebody else, or another window, did meanwhile.

import { signal } from '@preact/signals';
import { gather } from '../api/answer';
import { get, patch, post, remove, type Shape } from '../api/client';
import { type AlbumRef, type From, type QueueEntry, queued } from './playback';

export type Playlist = Shape<'Playlist'>;
export type PlaylistItem = Shape<'PlaylistItem'>;
/** A track with its album's title and cover. */
export type TrackLine = Shape<'MusicTrackLine'>;

/** The album of a track that stands alone. */
export function albumOf(line: TrackLine): AlbumRef {
  return { id: line.album_id, title: line.album, cover: line.cover };
}

/** Whatever of a list is there to be heard, as the player takes it. */
export function entriesOf(items: readonly { track?: TrackLine | undefined; gone: boolean }[], from: From): QueueEntry[] {
  return items.flatMap(({ track, gone }) => (track === undefined || gone ? [] : [queued(track, albumOf(track), from)]));
}

/** One's playlists, the newest first; undefined until they were fetched. */
export const ownPlaylists = signal<readonly Playlist[] | undefined>(undefined);

const PAGE = 200;
/** An account has at most a thousand playlists, and a playlist ten thousand items. */
const LISTS_PAGES_MAX = 5;
const ITEMS_PAGES_MAX = 50;
/** So many items are added, moved or removed in one request. */
const AT_ONCE = 500;

/** Fetches one's playlists again. */
export async function refreshPlaylists(): Promise<void> {
  const { items } = await gather((after: string | undefined) => get('/api/v1/me/playlists', { query: { limit: PAGE, ...(after === undefined ? {} : { after }) } }), LISTS_PAGES_MAX);
  ownPlaylists.value = items;
}

/** All items of a playlist in their order; `whole` says whether these are all. */
export function itemsOf(id: string, signal?: AbortSignal): Promise<{ items: PlaylistItem[]; whole: boolean }> {
  return gather((after: string | undefined) => get('/api/v1/playlists/{id}/items', { path: { id }, query: { limit: PAGE, ...(after === undefined ? {} : { after }) }, ...(signal === undefined ? {} : { signal }) }), ITEMS_PAGES_MAX);
}

export async function makePlaylist(name: string, description = ''): Promise<Playlist> {
  const made = await post('/api/v1/playlists', { json: { name, description, public: false } });
  await refreshPlaylists();
  return made;
}

export async function changePlaylist(id: string, changes: Shape<'ChangePlaylistRequest'>): Promise<Playlist> {
  const changed = await patch('/api/v1/playlists/{id}', { path: { id }, json: changes });
  await refreshPlaylists();
  return changed;
}

export async function deletePlaylist(id: string): Promise<void> {
  await remove('/api/v1/playlists/{id}', { path: { id } });
  await refreshPlaylists();
}

/** Adds tracks at the end. Each item's id is chosen here: a request that is sent again adds nothing twice. */
export async function addTracks(id: string, trackIds: readonly string[]): Promise<void> {
  for (let from = 0; from < trackIds.length; from += AT_ONCE) {
    const items = trackIds.slice(from, from + AT_ONCE).map((track_id) => ({ track_id, item_id: crypto.randomUUID() }));
    await twice(() => post('/api/v1/playlists/{id}/items', { path: { id }, json: { items } }));
  }
  await refreshPlaylists();
}

export async function removeItems(id: string, itemIds: readonly string[]): Promise<void> {
  for (let from = 0; from < itemIds.length; from += AT_ONCE) {
    const item_ids = itemIds.slice(from, from + AT_ONCE);
    await twice(() => post('/api/v1/playlists/{id}/items/removal', { path: { id }, json: { item_ids } }));
  }
  await refreshPlaylists();
}

/** Puts an item before another, or at the end. */
export async function moveItem(id: string, itemId: string, before: string | null): Promise<void> {
  await twice(() => post('/api/v1/playlists/{id}/items/move', { path: { id }, json: { item_ids: [itemId], ...(before === null ? {} : { before }) } }));
}

/** Once more where no answer came: what is sent twice does nothing twice. */
async function twice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof TypeError) return work();
    throw thrown;
  }
}
