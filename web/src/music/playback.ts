// What screens and the bar do with the player: begin a list, in order or shuffled, and change what comes next.

import { signal } from '@preact/signals';
import { address, type Shape } from '../api/client';
import { arrange, at, enqueue, nowPlaying, playNext as placeNext, playTracks, positionS, type QueuedTrack, queue, status, togglePlay } from '../player';
import { announce } from '../parts/announce';
import { shuffled } from './shuffle';

/** A track as the player has it. */
export type QueueEntry = QueuedTrack;
export type Track = Shape<'MusicTrackSummary'>;
export type AlbumRef = Pick<Shape<'MusicAlbumSummary'>, 'id' | 'title' | 'cover'>;
/** Where tracks are taken from. */
export type From = NonNullable<QueuedTrack['shown']>['from'];

/** Where these pages have what the API has another word for. */
export const PLACES: Readonly<Record<string, string>> = { album: 'albums', playlist: 'playlists', artist: 'artists' };

/** Where tracks are taken from, as the API says it. */
export function sourceOf(from: From): { type: string; id: string } | null {
  const found = /^#\/(albums|playlists|artists)\/([^/?]+)$/u.exec(from?.href ?? '');
  const kind = Object.keys(PLACES).find((name) => PLACES[name] === found?.[1]);
  return kind === undefined || found?.[2] === undefined ? null : { type: kind, id: decodeURIComponent(found[2]) };
}

/** Whether lists are played in an order by chance. */
export const shuffle = signal(localStorage.getItem('ledgerline-shuffle') === 'on');
/** The queue's own order, while it is shuffled. */
let ordered: readonly QueuedTrack[] | null = null;

/** A track as the player takes it. */
export function queued(track: Track, album: AlbumRef, from: From = { label: album.title, href: `#/albums/${encodeURIComponent(album.id)}` }): QueuedTrack {
  const artists = [...track.artists, ...track.featured];
  const picture = album.cover ?? null;
  const context = sourceOf(from);
  return {
    id: track.id,
    title: track.title,
    artist: artists.map((artist) => artist.name).join(', '),
    album: album.title,
    ...(picture === null ? {} : { cover: address('/api/v1/covers/{id}', { id: picture }, { size: 640 }) }),
    ...(context === null ? {} : { context }),
    shown: { picture, artists, albumId: album.id, durationMs: track.duration_ms, explicit: track.explicit, from },
  };
}

const KINDS = [(track: QueuedTrack) => track.shown?.artists[0]?.id ?? '', (track: QueuedTrack) => track.shown?.albumId ?? ''] as const;

/** Plays a list from one of its tracks on; shuffled, that one is the first. */
export function playList(list: readonly QueuedTrack[], from = 0): void {
  if (list.length === 0) return;
  if (!shuffle.value) {
    ordered = null;
    void playTracks(list, from);
    return;
  }
  const first = list[from] as QueuedTrack;
  ordered = list;
  void playTracks([first, ...shuffled(list.filter((track) => track !== first), KINDS)], 0);
}

/** Plays a list from any of its tracks on, by chance. */
export function playShuffled(list: readonly QueuedTrack[]): void {
  if (!shuffle.value) setShuffle(true);
  playList(list, Math.floor(Math.random() * list.length));
}

export function toggleShuffle(): void {
  setShuffle(!shuffle.value);
  announce(shuffle.value ? 'Shuffle is on.' : 'Shuffle is off.');
}

function setShuffle(on: boolean): void {
  shuffle.value = on;
  localStorage.setItem('ledgerline-shuffle', on ? 'on' : 'off');
  const list = queue.value;
  const current = list[at.value];
  if (current === undefined) return;
  if (on) {
    ordered = list;
    // What sounded stays where it was; what comes is mixed.
    arrange([...list.slice(0, at.value + 1), ...shuffled(list.slice(at.value + 1), KINDS)], at.value);
  } else if (ordered !== null) {
    const present = new Set(list);
    const known = new Set(ordered);
    const back = [...ordered.filter((track) => present.has(track)), ...list.filter((track) => !known.has(track))];
    arrange(back, Math.max(0, back.indexOf(current)));
    ordered = null;
  }
}

/** Play or pause: whichever a press on the one button means. */
export function toggle(): void {
  if (nowPlaying.value === null) return;
  // A queue that was left here another day has nothing that sounds yet.
  if (status.value === 'idle') void playTracks(queue.value, at.value, positionS.value);
  else togglePlay();
}

export function addToQueue(tracks: readonly QueuedTrack[]): void {
  if (queue.value.length === 0) {
    playList(tracks);
    return;
  }
  if (tracks.length === 1) enqueue(tracks[0] as QueuedTrack);
  else arrange([...queue.value, ...tracks], at.value);
  announce(tracks.length === 1 ? `${tracks[0]?.title ?? ''} is in the queue.` : `${tracks.length} tracks are in the queue.`);
}

export function playNext(tracks: readonly QueuedTrack[]): void {
  if (queue.value.length === 0) {
    playList(tracks);
    return;
  }
  if (tracks.length === 1) placeNext(tracks[0] as QueuedTrack);
  else arrange([...queue.value.slice(0, at.value + 1), ...tracks, ...queue.value.slice(at.value + 1)], at.value);
  announce(tracks.length === 1 ? `${tracks[0]?.title ?? ''} comes next.` : `${tracks.length} tracks come next.`);
}

/** Goes to a track of the queue. */
export function jumpTo(index: number): void {
  void playTracks(queue.value, index);
}

/** Takes what comes at one place of the queue to another; the track that sounds stays where it is. */
export function moveInQueue(from: number, to: number): void {
  const list = [...queue.value];
  const current = list[at.value];
  const [moved] = list.splice(from, 1);
  if (moved === undefined || current === undefined) return;
  list.splice(to, 0, moved);
  arrange(list, list.indexOf(current));
}

/** Takes a track out of the queue; the one that sounds can't be. */
export function removeFromQueue(index: number): void {
  if (index === at.value) return;
  arrange(queue.value.filter((_, place) => place !== index), index < at.value ? at.value - 1 : at.value);
}

/** Takes out all that comes. */
export function clearUpcoming(): void {
  arrange(queue.value.slice(0, at.value + 1), at.value);
}
