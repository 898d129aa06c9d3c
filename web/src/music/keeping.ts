// The queue is kept on the server: who opens these pages again, here or elsewhere, finds it as it was left.

import { effect } from '@preact/signals';
import { get, patch, put } from '../api/client';
import { arrange, at, durationS, pause, positionS, queue, repeat, setRepeat, status } from '../player';
import { session } from '../session/session';
import { type From, PLACES, type QueueEntry, queued, shuffle, sourceOf } from './playback';
import { albumOf } from './playlists';

/** So many items the server keeps. */
const ITEMS_MAX = 1_000;
/** A change is sent once nothing has changed for so long, and the position this often while it sounds. */
const REST_MS = 1_500;
const POSITION_MS = 20_000;

const ids = new WeakMap<QueueEntry, string>();

/** An entry's own id: the same entry has the same one wherever it is moved. */
export function idOf(entry: QueueEntry): string {
  let id = ids.get(entry);
  if (id === undefined) {
    id = crypto.randomUUID();
    ids.set(entry, id);
  }
  return id;
}

let begun: string | null = null;
let keeps = false;

/** Fetches the queue as it was left, and keeps what becomes of it. Once for each account. */
export async function keepQueue(): Promise<void> {
  const account = session.peek()?.account?.account_id ?? null;
  if (account === null || begun === account) return;
  begun = account;
  await restore().catch(() => {
    // What was left can't be had: one begins with nothing, and a press on play says what is wrong.
  });
  if (!keeps) keep();
}

/** Nobody is signed in any more: it is quiet, and nothing is in the queue. */
export function leaveQueue(): void {
  begun = null;
  pause();
  arrange([], 0);
}

async function restore(): Promise<void> {
  const kept = await get('/api/v1/me/queue');
  // Somebody pressed play meanwhile.
  if (queue.peek().length > 0 || status.peek() !== 'idle') return;
  const from = fromOf(kept.source ?? null);
  const entries = kept.items.map((item) => {
    if (item.track === undefined || item.gone) return null;
    const entry = from === null ? queued(item.track, albumOf(item.track)) : queued(item.track, albumOf(item.track), from);
    ids.set(entry, item.item_id);
    return entry;
  });
  const current = entries[kept.index] ?? null;
  const there = entries.filter((entry) => entry !== null);
  if (there.length === 0) return;
  setRepeat(kept.repeat);
  shuffle.value = kept.shuffle;
  arrange(there, Math.max(0, current === null ? 0 : there.indexOf(current)));
  if (current === null) return;
  positionS.value = kept.position_ms / 1000;
  durationS.value = (current.shown?.durationMs ?? 0) / 1000;
}

function keep(): void {
  keeps = true;
  let sent: readonly QueueEntry[] = queue.peek();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sentAt = performance.now();
  const send = async (): Promise<void> => {
    sentAt = performance.now();
    const list = queue.peek();
    // A queue that was left behind by who signed out is nobody's.
    if (begun === null || session.peek()?.account?.account_id !== begun) {
      sent = list;
      return;
    }
    const step = { index: at.peek(), position_ms: Math.max(0, Math.round(positionS.peek() * 1000)), shuffle: shuffle.peek(), repeat: repeat.peek() };
    if (list === sent) {
      if (list.length > 0) await patch('/api/v1/me/queue', { json: step });
      return;
    }
    // Of a longer one, what sounds and what comes.
    const start = Math.min(Math.max(0, list.length - ITEMS_MAX), step.index);
    const items = list.slice(start, start + ITEMS_MAX).map((entry) => ({ item_id: idOf(entry), track_id: entry.id }));
    const source = sourceOf(list[step.index]?.shown?.from ?? null);
    await put('/api/v1/me/queue', { json: { ...step, items, index: items.length === 0 ? 0 : step.index - start, ...(source === null ? {} : { source }) } });
    sent = list;
  };
  const soon = (inMs: number): void => {
    clearTimeout(timer);
    // Not kept this time: the next change is.
    timer = setTimeout(() => void send().catch(() => {}), inMs);
  };
  let before: unknown[] = [queue.peek(), at.peek(), shuffle.peek(), repeat.peek(), status.peek() === 'playing'];
  effect(() => {
    const now = [queue.value, at.value, shuffle.value, repeat.value, status.value === 'playing'];
    if (now.every((value, place) => value === before[place])) return;
    before = now;
    soon(REST_MS);
  });
  effect(() => {
    if (positionS.value > 0 && status.peek() === 'playing' && performance.now() - sentAt > POSITION_MS) {
      sentAt = performance.now();
      soon(0);
    }
  });
}

/** What a queue was started from as a place of these pages; an album is named by its tracks. */
function fromOf(source: { type: string; id: string } | null): From {
  const place = source === null ? undefined : PLACES[source.type];
  if (source === null || place === undefined || source.type === 'album') return null;
  return { label: source.type === 'playlist' ? 'a playlist' : 'an artist', href: `#/${place}/${encodeURIComponent(source.id)}` };
}
