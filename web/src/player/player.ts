// The player: a queue, the engine that sounds it, and the reports that say what was heard. One for the whole page.

import { computed, effect, signal } from '@preact/signals';
import { refusalOf } from '../api/problem';
import { session } from '../session/session';
import { Engine, type Next, type Options, type Placed } from './engine';
import { heardFrom, heardUntil, isDue, jumped, TICK_MS, wholeMs, type Heard } from './heard';
import { askToPlay, deviceId, renew } from './offers';
import { openShelf, Outbox, type Report } from './reports';
import { isFinal } from './stretch';

/** What is played, and what the pages show of it. */
export interface QueuedTrack {
  id: string;
  title?: string;
  artist?: string;
  album?: string;
  /** The address of a picture that the system may show. */
  cover?: string;
  /** What it was started from, such as a playlist, as reports say it. */
  context?: { readonly type: string; readonly id: string };
  /** What pages show beside these: they alone read it. */
  shown?: {
    readonly picture: string | null;
    readonly artists: readonly { readonly id: string; readonly name: string }[];
    readonly albumId: string;
    readonly durationMs: number;
    readonly explicit: boolean;
    /** Where it was taken from: an album, a playlist. */
    readonly from: { readonly label: string; readonly href: string } | null;
  };
}

export type Status = 'idle' | 'loading' | 'playing' | 'paused' | 'waiting' | 'ended' | 'failed';

/** A play as it goes on. */
interface Going {
  readonly track: Placed;
  readonly startedAt: number;
  readonly context: QueuedTrack['context'];
  heard: Heard;
  /** What was heard when it was reported last; negative before the first report. */
  reportedMs: number;
  over: boolean;
}

const HAVE_FUTURE_DATA = 3;

export const queue = signal<readonly QueuedTrack[]>([]);
export const at = signal(0);
export const status = signal<Status>('idle');
/** Seconds of the track that sounds, and its length. */
export const positionS = signal(0);
export const durationS = signal(0);
/** How much of this play has sounded, in milliseconds. */
export const heardMs = signal(0);
/** Whether this play has sounded for long enough to count. */
export const counts = computed(() => heardMs.value > 0 && heardMs.value >= Math.min(TICK_MS, durationS.value * 1000) && !isPreview.value);
export const isPreview = signal(false);
/** Why there is no sound, as a sentence; empty where there is. */
export const trouble = signal('');
export const options = signal<Options>(storedOptions());
/** From 0 to 1, kept in this browser. */
export const volume = signal(storedVolume());
/** What comes behind the last track, or behind this one. */
export const repeat = signal<'off' | 'all' | 'one'>('off');
export const nowPlaying = computed<QueuedTrack | null>(() => queue.value[at.value] ?? null);

/** So many plays are asked for ahead at most. */
const PLACES_MAX = 1_000;
const ELSEWHERE = 'You are playing on another device. Press play to go on here.';

let engine: Engine | null = null;
let outbox: Promise<Outbox> | null = null;
let going: Going | null = null;
/** Which track of the queue is placed next. */
let nextAt = 0;
/** What asks for the track that was pressed last: what was pressed before it doesn't matter any more. */
let pressed = new AbortController();
/** Where in the queue each play is that was asked for ahead of time, by its id. */
const places = new Map<string, number>();
/** The play that is there can't go on: pressing play asks for another one. */
let isOver = false;

/** Plays a list from one of its tracks on, that one from a second on. */
export async function playTracks(list: readonly QueuedTrack[], from = 0, atS = 0): Promise<void> {
  finish('skip');
  queue.value = list;
  await playAt(from, atS);
}

export function togglePlay(): void {
  if (engine === null) return;
  if (status.value === 'ended') void playAt(at.value + 1 < queue.value.length ? at.value + 1 : 0);
  else if (isOver || status.value === 'failed') void playAt(at.value, positionS.value);
  else if (!engine.audio.paused) engine.pause();
  else {
    trouble.value = '';
    void engine.play().catch(fail);
  }
}

export function pause(): void {
  engine?.pause();
}

export function skipNext(): void {
  const next = at.value + 1 < queue.value.length ? at.value + 1 : repeat.value === 'off' ? null : 0;
  if (next === null) return;
  finish('skip');
  const [ahead] = engine?.ahead ?? [];
  // What is there already sounds at once; everything else is asked for.
  if (!isOver && ahead !== undefined && places.get(ahead.offer.play_id) === next && engine?.skip() === true) {
    void engine.play().catch(fail);
    return;
  }
  void playAt(next);
}

/** The track before; within its first seconds, else the beginning of this one. */
export function skipPrevious(): void {
  if (positionS.value > 3 || at.value === 0) {
    seek(0);
    return;
  }
  finish('skip');
  void playAt(at.value - 1);
}

export function seek(toS: number): void {
  engine?.seek(toS);
}

/** Puts a track behind the one that sounds. */
export function playNext(track: QueuedTrack): void {
  const list = [...queue.value];
  list.splice(at.value + 1, 0, track);
  changeQueue(list);
}

export function enqueue(track: QueuedTrack): void {
  changeQueue([...queue.value, track]);
}

/** Puts the queue in another order; `index` is where the track that sounds is now, and it goes on. */
export function arrange(list: readonly QueuedTrack[], index: number): void {
  at.value = index;
  changeQueue(list);
}

export function setRepeat(mode: 'off' | 'all' | 'one'): void {
  repeat.value = mode;
  // What was fetched ahead may not be what comes.
  changeQueue(queue.value);
}

export function setVolume(wanted: number): void {
  volume.value = Math.min(1, Math.max(0, wanted));
  keep('ledgerline-player-volume', String(volume.value));
  if (engine !== null) engine.audio.volume = volume.value;
}

export function setOptions(changed: Partial<Options>): void {
  options.value = { ...options.value, ...changed };
  keep('ledgerline-player-options', JSON.stringify(options.value));
  engine?.set(options.value);
}

function changeQueue(list: readonly QueuedTrack[]): void {
  queue.value = list;
  nextAt = following(at.value);
  places.clear();
  if (engine === null) return;
  // What was fetched ahead and still comes is kept.
  let kept = 0;
  for (const { trackId, offer } of engine.ahead) {
    if (list[nextAt]?.id !== trackId) break;
    places.set(offer.play_id, nextAt);
    nextAt = following(nextAt);
    kept += 1;
  }
  engine.keepAhead(kept);
}

/** What is placed behind a track of the queue. */
function following(index: number): number {
  if (repeat.value === 'one') return index;
  return repeat.value === 'all' && index + 1 >= queue.value.length ? 0 : index + 1;
}

async function playAt(index: number, atS = 0): Promise<void> {
  const track = queue.value[index];
  if (track === undefined) return;
  pressed.abort();
  pressed = new AbortController();
  const { signal } = pressed;
  going = null;
  isOver = false;
  status.value = 'loading';
  trouble.value = '';
  at.value = index;
  nextAt = following(index);
  places.clear();
  const ours = ready();
  ours.ready();
  void reports();
  try {
    const offer = await askToPlay(track.id, signal);
    // Somebody went on meanwhile: what was pressed last is what sounds.
    if (signal.aborted) return;
    await ours.begin({ trackId: track.id, offer }, atS);
    if (!signal.aborted) await ours.play();
  } catch (thrown) {
    if (!signal.aborted) fail(thrown);
  }
}

function ready(): Engine {
  if (engine !== null) return engine;
  engine = new Engine({ next, renew, entered, jumped: (toS) => hear((heard) => jumped(heard, toS)), moved, ended, failed: fail, nowMs: () => Date.now() }, options.value);
  engine.audio.volume = volume.value;
  withMediaSession();
  addEventListener('pagehide', () => leave());
  return engine;
}

/** What keeps reports until they have arrived; it begins with what is left from another day. */
function reports(): Promise<Outbox> {
  outbox ??= openShelf().then((shelf) => {
    const opened = new Outbox(shelf, () => Date.now(), (playIds) => {
      // Older plays may have ended so: what sounds now is asked about by itself.
      if (playIds.size === 1 && going !== null && playIds.has(going.track.offer.play_id)) playsElsewhere();
    });
    addEventListener('online', () => void opened.flush());
    return opened;
  });
  return outbox;
}

// Reports are sent as who listened: those of somebody else wait until that one is back.
effect(() => {
  const who = session.value?.account?.account_id ?? null;
  if (who !== null || outbox !== null) void reports().then((opened) => opened.isNow(who));
});

function playsElsewhere(): void {
  if (isOver || going === null) return;
  finish('play_end');
  isOver = true;
  pause();
  trouble.value = ELSEWHERE;
}

async function next(signal: AbortSignal): Promise<Next | null> {
  // Each track is tried once at most: one that is refused is left out, and what comes behind it isn't.
  for (let tried = 0; tried <= queue.value.length; tried += 1) {
    const index = nextAt;
    const track = queue.value[index];
    if (track === undefined) return null;
    try {
      const offer = await askToPlay(track.id, signal, true);
      // Somebody changed the queue meanwhile: what comes is looked for again.
      if (signal.aborted || nextAt !== index || queue.value[index]?.id !== track.id) continue;
      nextAt = following(index);
      if (places.size > PLACES_MAX) places.clear();
      places.set(offer.play_id, index);
      return { trackId: track.id, offer };
    } catch (thrown) {
      if (signal.aborted || !isFinal(thrown) || thrown.status === 401 || thrown.code === 'plays_elsewhere') throw thrown;
      trouble.value = `${track.title ?? 'A track'} is left out: ${thrown.message}.`;
      if (nextAt === index) nextAt = repeat.value === 'one' ? queue.value.length : following(index);
    }
  }
  return null;
}

function entered(track: Placed, before: Placed | null): void {
  if (before !== null) {
    finish('play_complete', before);
    at.value = places.get(track.offer.play_id) ?? Math.min(at.value + 1, queue.value.length - 1);
    places.delete(track.offer.play_id);
  }
  durationS.value = track.endS - track.startS;
  isPreview.value = track.offer.preview;
  // A track that is gone over to sounds since its beginning, however late it is looked at.
  const fromS = before !== null ? track.startS : (engine?.audio.currentTime ?? track.startS);
  going = { track, startedAt: Date.now(), context: nowPlaying.value?.context, heard: heardFrom(fromS, performance.now()), reportedMs: -1, over: false };
  heardMs.value = 0;
}

function hear(change: (heard: Heard) => Heard): void {
  if (going !== null) going.heard = change(going.heard);
}

function moved(): void {
  const now = engine?.playing ?? null;
  const audio = engine?.audio;
  if (now === null || audio === undefined) return;
  positionS.value = Math.max(0, now.atS);
  durationS.value = now.track.endS - now.track.startS;
  const sounds = !audio.paused && !audio.seeking && audio.readyState >= HAVE_FUTURE_DATA && !audio.ended;
  if (!audio.ended && status.peek() !== 'failed') status.value = audio.paused ? (status.peek() === 'loading' ? 'loading' : 'paused') : sounds ? 'playing' : 'waiting';
  if (going === null || going.track !== now.track || audio.seeking) return;
  hear((heard) => heardUntil(heard, audio.currentTime, performance.now()));
  heardMs.value = wholeMs(going.heard);
  if (going.reportedMs < 0 && sounds) {
    going.reportedMs = 0;
    report('play_start');
  } else if (going.reportedMs >= 0 && isDue(heardMs.value, going.reportedMs)) {
    going.reportedMs = heardMs.value;
    report('progress');
  }
}

function ended(): void {
  finish('play_complete');
  status.value = 'ended';
}

function finish(event: Report['event'], track = going?.track): void {
  if (going === null || going.over || going.track !== track) return;
  // The clock is looked at a few times a second: what is left of the track when the next one begins has sounded.
  if (event === 'play_complete') hear((heard) => heardUntil(heard, going?.track.endS ?? 0, performance.now()));
  else moved();
  going.over = true;
  const leftS = going.track.endS - (engine?.audio.currentTime ?? 0);
  if (going.reportedMs >= 0) report(event, event === 'play_complete' || leftS < 0.5);
}

/** The page may come back as it is: then the same play goes on. */
function leave(): void {
  if (going === null || going.over || going.reportedMs < 0) return;
  moved();
  const said = saying('play_end');
  if (said !== null) void reports().then((opened) => opened.leave(said));
}

function report(event: Report['event'], completed = false): void {
  const said = saying(event);
  if (said !== null) void reports().then((opened) => opened.add(completed ? { ...said, completed } : said));
}

function saying(event: Report['event']): Report | null {
  // Who isn't signed in has nothing that could count.
  if (going === null || going.track.offer.preview) return null;
  const { track, heard, startedAt, context } = going;
  return {
    play_id: track.offer.play_id,
    track_id: track.trackId,
    grant: track.offer.grant,
    duration_listened_ms: wholeMs(heard),
    started_at: startedAt,
    event,
    device_id: deviceId(),
    ...(context === undefined ? {} : { context }),
  };
}

function fail(thrown: unknown): void {
  const { name, code } = thrown as { name?: string; code?: string };
  if (name === 'AbortError') return;
  if (name === 'NotAllowedError') {
    status.value = 'paused';
    trouble.value = 'Press play to begin.';
    return;
  }
  if (code === 'plays_elsewhere') {
    playsElsewhere();
    return;
  }
  if (code === 'play_ended') {
    // It stood still for a day: the track goes on as another play.
    finish('play_end');
    void playAt(at.value, positionS.value);
    return;
  }
  finish('play_end');
  engine?.pause();
  status.value = 'failed';
  trouble.value = refusalOf(thrown).message;
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds for as long as the page is open.
  }
}

function storedOptions(): Options {
  const usual: Options = { loudness: true, inAlbumOrder: false, fadeS: 0, mostKbps: 320 };
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem('ledgerline-player-options') ?? '{}') as Partial<Options>) };
  } catch {
    return usual;
  }
}

function storedVolume(): number {
  const kept = Number.parseFloat(localStorage.getItem('ledgerline-player-volume') ?? '1');
  return kept >= 0 && kept <= 1 ? kept : 1;
}

let withSystem = false;

/** What the system shows of what plays, and its keys. Once is enough; the first track does it by itself. */
export function withMediaSession(): void {
  const media = (navigator as { mediaSession?: MediaSession }).mediaSession;
  if (media === undefined || withSystem) return;
  withSystem = true;
  const actions: readonly (readonly [MediaSessionAction, MediaSessionActionHandler])[] = [
    ['play', () => togglePlay()],
    ['pause', () => pause()],
    ['nexttrack', () => skipNext()],
    ['previoustrack', () => skipPrevious()],
    ['seekto', (details) => seek(details.seekTime ?? 0)],
    ['seekforward', (details) => seek(positionS.peek() + (details.seekOffset ?? 10))],
    ['seekbackward', (details) => seek(positionS.peek() - (details.seekOffset ?? 10))],
  ];
  for (const [action, handler] of actions) {
    try {
      media.setActionHandler(action, handler);
    } catch {
      // One that this browser doesn't know.
    }
  }
  effect(() => {
    const track = nowPlaying.value;
    media.metadata = track === null ? null : new MediaMetadata({ title: track.title ?? '', artist: track.artist ?? '', album: track.album ?? '', artwork: track.cover === undefined ? [] : [{ src: track.cover }] });
  });
  effect(() => {
    media.playbackState = status.value === 'playing' || status.value === 'waiting' ? 'playing' : status.value === 'idle' ? 'none' : 'paused';
    const duration = durationS.value;
    if (duration > 0) media.setPositionState({ duration, position: Math.min(Math.max(0, positionS.value), duration), playbackRate: 1 });
  });
}
