// Tracks that are joined: one MediaSource and one SourceBuffer for all of them. They are appended one behind the other, each
// cut to the sample, so that the browser's own clock runs through and there is nothing between them.

import { type Bases, Refused, TooSlow } from './fetching';
import { chooseRung, found, measured, unknownBandwidth, type Bandwidth } from './ladder';
import { expiresSoon, type Offer, type Rung } from './offers';
import { isFinal, type Next, type Placed, type Stretch, type Surroundings } from './stretch';
import { lengthS, placement, plainInit, segmentAt, segmentRange, segmentStartS, type Segments } from './timeline';

/** So much sound is fetched ahead, and so much of what has sounded stays, in seconds. */
const AHEAD_S = 45;
const BEHIND_S = 15;
/** A browser that has no room for that much gets less, but not less than this. */
const AHEAD_LEAST_S = 6;
/** After a failure it is tried again, later and later. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 8_000;
/** With nothing left that could sound, it is given up after this many failures in a row. */
const TRIES_MAX = 12;
/** A segment is let go for a lower rung where it would come later than this, or later than a good part of what is ahead. */
const LATE_MS = 1_000;
const LATE_SHARE = 0.7;
/** Below this nothing is known of how quickly a body comes. */
const PACE_AFTER_MS = 300;
/** A hole in what is buffered that is shorter than this is stepped over, in seconds. */
const HOLE_MAX_S = 0.5;
const HAVE_METADATA = 1;

/** A rung that can be joined to others. */
export interface Segmented extends Rung {
  segments: NonNullable<Rung['segments']>;
}

/** The rungs of an offer that can be joined here. */
export function segmented(offer: Offer): Segmented[] {
  if (typeof MediaSource === 'undefined') return [];
  return offer.rungs.filter((rung): rung is Segmented => rung.segments !== undefined && MediaSource.isTypeSupported(rung.mime));
}

/** What of the network a stretch found is good for the one behind it. */
export interface Remembered {
  bandwidth: Bandwidth;
}

export function remembersNothing(): Remembered {
  return { bandwidth: unknownBandwidth() };
}

export class Joined implements Stretch {
  readonly placed: Placed[] = [];
  behind: Next | null = null;
  private readonly source = new MediaSource();
  private buffer: SourceBuffer | null = null;
  private bufferMime = '';
  /** Which initialisation the buffer has seen last, and for which place. */
  private shownInit = '';
  private readonly inits = new Map<string, Uint8Array>();
  /** What is appended next. */
  private filling = 0;
  private segment = 0;
  private rung: number | null = null;
  private allPlaced = false;
  private aheadMostS = AHEAD_S;
  private closed = false;
  private stop = new AbortController();
  /** What is under way in the buffer: one thing at a time. */
  private turn: Promise<void> = Promise.resolve();
  private busy = false;
  private tries = 0;
  private waitUntilMs = 0;
  /** Where it begins, in seconds, until the element knows what it has: Chromium forgets a place that it is given earlier. */
  private beginsAtS = 0;

  constructor(
    private readonly audio: HTMLAudioElement,
    private readonly bases: Bases,
    private readonly around: Surroundings,
    private readonly remembered: Remembered,
    first: Next,
  ) {
    this.place(first);
  }

  async begin(atS: number): Promise<void> {
    const opened = new Promise((resolve) => this.source.addEventListener('sourceopen', resolve, { once: true }));
    const address = URL.createObjectURL(this.source);
    this.audio.src = address;
    const first = this.placed[0];
    if (first !== undefined && atS > 0) {
      this.segment = this.segmentOf(first, atS);
      this.beginsAtS = first.startS + atS;
    }
    this.audio.addEventListener('loadedmetadata', () => this.goToBegin(), { once: true });
    await opened;
    URL.revokeObjectURL(address);
    this.look();
  }

  private goToBegin(): void {
    if (!this.closed && this.beginsAtS > 0) this.audio.currentTime = this.beginsAtS;
  }

  close(): void {
    this.closed = true;
    this.stop.abort();
  }

  look(): void {
    if (this.closed || this.busy || this.source.readyState === 'closed' || this.around.nowMs() < this.waitUntilMs) return;
    this.stepOverHole();
    // What ended may go on where there is more to come; what is complete is left alone.
    if (this.source.readyState === 'ended' && this.isComplete()) return;
    const { signal } = this.stop;
    this.busy = true;
    void this.inTurn(() => this.fill(signal))
      .then(
        () => {
          this.tries = 0;
        },
        (thrown: unknown) => this.failed(thrown, signal),
      )
      .finally(() => {
        if (this.stop.signal === signal) this.busy = false;
      });
  }

  seek(track: Placed, atS: number): void {
    const targetS = track.startS + atS;
    if (this.audio.readyState < HAVE_METADATA) this.beginsAtS = targetS;
    else this.audio.currentTime = targetS;
    const at = this.placed.indexOf(track);
    if (at < 0 || this.isBuffered(targetS)) return;
    this.goOnFrom(at, this.segmentOf(track, atS), 0);
  }

  keepUpTo(track: Placed): void {
    const at = this.placed.indexOf(track);
    if (at < 0) return;
    this.placed.length = at + 1;
    this.behind = null;
    this.allPlaced = false;
    if (this.filling > at) this.goOnFrom(at + 1, 0, track.endS);
    else this.interrupt();
  }

  private place(next: Next): void {
    const longest = segmented(next.offer)[0];
    const startS = this.placed[this.placed.length - 1]?.endS ?? 0;
    const length = longest === undefined ? next.offer.duration_ms / 1000 : lengthS(longest);
    this.placed.push({ ...next, startS, endS: startS + length });
  }

  /** Ends what is under way; the next look begins anew. */
  private interrupt(): void {
    this.stop.abort();
    this.stop = new AbortController();
    [this.busy, this.tries, this.waitUntilMs] = [false, 0, 0];
  }

  /** What comes is fetched from another place on, and what was appended from `dropFromS` on is dropped. */
  private goOnFrom(filling: number, segment: number, dropFromS: number): void {
    this.interrupt();
    this.busy = true;
    const { signal } = this.stop;
    void this.inTurn(async () => {
      if (this.buffer !== null && !this.closed && bufferedEndS(this.buffer) > dropFromS + 1e-3) await remove(this.buffer, dropFromS, Infinity);
      // Set in its turn: whatever was under way has ended, and can't count on.
      [this.filling, this.segment, this.shownInit] = [filling, segment, ''];
    }).finally(() => {
      if (this.stop.signal !== signal) return;
      this.busy = false;
      this.look();
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private failed(thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted || this.closed) return;
    this.tries += 1;
    this.waitUntilMs = this.around.nowMs() + Math.min(RETRY_MIN_MS * 2 ** (this.tries - 1), RETRY_MAX_MS);
    const why = thrown instanceof Error ? thrown : new Error(String(thrown));
    // While there is sound ahead nobody needs to know.
    if (isFinal(thrown) || (this.tries >= TRIES_MAX && this.aheadS() < 0.5)) this.around.failed(why);
  }

  private async fill(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.filledS() < this.aheadMostS) {
      const track = this.placed[this.filling];
      if (track === undefined) {
        if (this.allPlaced || !(await this.placeNext(signal))) break;
      } else if (this.segment >= segmentsOf(track)) {
        [this.filling, this.segment] = [this.filling + 1, 0];
      } else {
        await this.appendNext(track, signal);
      }
    }
    if (signal.aborted) return;
    await this.evict();
    if (signal.aborted) return;
    this.forgetSounded();
    if (this.isComplete() && this.source.readyState === 'open' && this.buffer?.updating !== true) this.source.endOfStream();
  }

  private isComplete(): boolean {
    return this.allPlaced && this.filling >= this.placed.length;
  }

  private async placeNext(signal: AbortSignal): Promise<boolean> {
    const next = await this.around.next(signal);
    if (signal.aborted) return false;
    if (next === null || segmented(next.offer).length === 0) {
      this.behind = next;
      this.allPlaced = true;
      return false;
    }
    this.bases.set(next.offer.bases);
    this.place(next);
    return true;
  }

  private async appendNext(track: Placed, signal: AbortSignal): Promise<void> {
    if (expiresSoon(track.offer, this.around.nowMs())) track.offer = await this.around.renew(track.offer, signal);
    try {
      await this.appendAt(track, Infinity, signal);
    } catch (thrown) {
      // An address that opens nothing any more: a new one does.
      if (!(thrown instanceof Refused) || signal.aborted) throw thrown;
      track.offer = await this.around.renew(track.offer, signal);
      await this.appendAt(track, Infinity, signal);
    }
  }

  /** Appends the next segment of a track from a rung not higher than `most`. */
  private async appendAt(track: Placed, most: number, signal: AbortSignal): Promise<void> {
    const rungs = segmented(track.offer);
    const first = rungs.findIndex((rung) => rung.rung === track.offer.rungs[track.offer.first_rung]?.rung);
    const choice = { bandwidth: this.remembered.bandwidth, aheadS: this.aheadS(), first: Math.max(0, first), current: this.rung, mostKbps: this.around.mostKbps() };
    const at = Math.min(chooseRung(rungs.map((rung) => rung.bitrate_kbps), choice), most);
    const rung = rungs[at];
    if (rung === undefined) throw new Error('This track has nothing that this browser can play.');
    let parts;
    try {
      parts = await this.fetch(rung, this.segment, at > 0, signal);
    } catch (thrown) {
      if (!(thrown instanceof TooSlow) || at === 0 || signal.aborted) throw thrown;
      this.remembered.bandwidth = found(this.remembered.bandwidth, thrown.gotBytes, thrown.tookMs);
      return this.appendAt(track, at - 1, signal);
    }
    if (signal.aborted) return;
    if (!(await this.append(track, rung, parts))) return;
    if (signal.aborted) return;
    this.rung = at;
    this.segment += 1;
  }

  /** A segment, and what must be appended before it: with the first one it comes by one request. */
  private async fetch(rung: Segmented, segment: number, mayBeLeft: boolean, signal: AbortSignal): Promise<{ init: Uint8Array; media: Uint8Array }> {
    const key = rung.path.split('?')[0] ?? '';
    const [from, to] = segmentRange(rung.segments, rung.bytes, segment);
    const known = this.inits.get(key);
    const beginsAt = known === undefined && segment === 0 ? 0 : from;
    const init = known ?? (beginsAt === 0 ? null : plainInit((await this.bases.range(rung.path, 0, rung.segments.init_bytes - 1, signal)).bytes));
    const wanted = to - beginsAt + 1;
    const lateMs = Math.max(LATE_MS, this.aheadS() * 1000 * LATE_SHARE);
    const isQuickEnough = (gotBytes: number, tookMs: number) => !mayBeLeft || tookMs < PACE_AFTER_MS || gotBytes >= wanted || (tookMs / gotBytes) * (wanted - gotBytes) < lateMs;
    const got = await this.bases.range(rung.path, beginsAt, to, signal, isQuickEnough);
    this.remembered.bandwidth = measured(this.remembered.bandwidth, got.bytes.length, got.tookMs);
    const shown = init ?? plainInit(got.bytes.subarray(0, rung.segments.init_bytes));
    if (known === undefined) {
      if (this.inits.size > 64) this.inits.clear();
      this.inits.set(key, shown);
    }
    return { init: shown, media: got.bytes.subarray(from - beginsAt) };
  }

  /** False where the browser had no room for it: then it waits until some of what is there has sounded. */
  private async append(track: Placed, rung: Segmented, { init, media }: { init: Uint8Array; media: Uint8Array }): Promise<boolean> {
    if (this.closed) return false;
    const buffer = this.openBuffer(rung);
    const where = placement(rung, track.startS, track.endS);
    const shown = `${track.startS} ${rung.path.split('?')[0]}`;
    try {
      if (this.shownInit !== shown) {
        // A segment that was cut short must not be gone on with; and an end must not lie before a beginning on the way.
        if (this.source.readyState === 'open') buffer.abort();
        [buffer.appendWindowStart, buffer.appendWindowEnd] = [0, Infinity];
        buffer.appendWindowEnd = where.appendWindowEnd;
        buffer.appendWindowStart = where.appendWindowStart;
        buffer.timestampOffset = where.timestampOffset;
        await append(buffer, init);
        this.shownInit = shown;
      }
      await append(buffer, media);
      return true;
    } catch (thrown) {
      if ((thrown as { name?: unknown }).name !== 'QuotaExceededError') throw thrown;
      await this.evict(1);
      if (this.filledS() <= AHEAD_LEAST_S) throw thrown;
      this.aheadMostS = Math.max(AHEAD_LEAST_S, Math.min(this.aheadMostS, this.filledS()) * 0.75);
      return false;
    }
  }

  private openBuffer(rung: Segmented): SourceBuffer {
    if (this.buffer === null) {
      this.buffer = this.source.addSourceBuffer(rung.mime);
      this.buffer.mode = 'segments';
    } else if (this.bufferMime !== rung.mime) {
      this.buffer.changeType(rung.mime);
      this.shownInit = '';
    }
    this.bufferMime = rung.mime;
    return this.buffer;
  }

  private async evict(behindS = BEHIND_S): Promise<void> {
    const end = this.audio.currentTime - behindS;
    const { buffer } = this;
    if (buffer === null || this.closed || buffer.buffered.length === 0 || end <= buffer.buffered.start(0) + 1) return;
    await remove(buffer, 0, end);
  }

  /** What has sounded isn't gone back to: only the track before the one that sounds is remembered. */
  private forgetSounded(): void {
    const sounds = this.placed.findLastIndex((track) => track.startS <= this.audio.currentTime);
    if (sounds < 2) return;
    this.placed.splice(0, sounds - 1);
    this.filling -= sounds - 1;
  }

  private segmentOf(track: Placed, atS: number): number {
    const rung = segmented(track.offer)[0];
    return rung === undefined ? 0 : segmentAt(rung.segments, rung, atS);
  }

  /** How far ahead of the clock the next segment lies: whatever the browser made of those before it. */
  private filledS(): number {
    const track = this.placed[this.filling];
    const last = this.placed[this.placed.length - 1];
    const rung = track === undefined ? undefined : segmented(track.offer)[0];
    const endS = track === undefined || rung === undefined ? (last?.endS ?? 0) : track.startS + segmentStartS(rung.segments, rung, this.segment);
    return endS - this.audio.currentTime;
  }

  /** How long it would sound without anything more. */
  private aheadS(): number {
    const now = this.audio.currentTime;
    const ranges = this.buffer?.buffered;
    for (let at = 0; ranges !== undefined && at < ranges.length; at += 1) {
      if (ranges.start(at) <= now + 0.1 && ranges.end(at) > now) return ranges.end(at) - now;
    }
    return 0;
  }

  private isBuffered(atS: number): boolean {
    const ranges = this.buffer?.buffered;
    for (let at = 0; ranges !== undefined && at < ranges.length; at += 1) {
      if (ranges.start(at) <= atS && ranges.end(at) > atS + 0.1) return true;
    }
    return false;
  }

  /** A damaged segment leaves a hole that the browser would wait at for ever. */
  private stepOverHole(): void {
    const { audio, buffer } = this;
    if (buffer === null || audio.paused || audio.seeking || audio.readyState > 2) return;
    const now = audio.currentTime;
    for (let at = 0; at < buffer.buffered.length; at += 1) {
      const start = buffer.buffered.start(at);
      if (start > now && start - now < HOLE_MAX_S && buffer.buffered.end(at) > start + 1) audio.currentTime = start;
    }
  }
}

function segmentsOf(track: Placed): number {
  const segments: Segments | undefined = segmented(track.offer)[0]?.segments;
  return segments?.offsets_bytes.length ?? 0;
}

function bufferedEndS(buffer: SourceBuffer): number {
  return buffer.buffered.length === 0 ? 0 : buffer.buffered.end(buffer.buffered.length - 1);
}

function append(buffer: SourceBuffer, bytes: Uint8Array): Promise<void> {
  return updated(buffer, () => buffer.appendBuffer(bytes as BufferSource));
}

function remove(buffer: SourceBuffer, from: number, to: number): Promise<void> {
  return updated(buffer, () => buffer.remove(from, to));
}

function updated(buffer: SourceBuffer, act: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      buffer.removeEventListener('error', failed);
      resolve();
    };
    const failed = () => {
      buffer.removeEventListener('updateend', done);
      reject(new Error('This browser can’t read the sound that came.'));
    };
    buffer.addEventListener('updateend', done, { once: true });
    buffer.addEventListener('error', failed, { once: true });
    try {
      act();
    } catch (thrown) {
      buffer.removeEventListener('updateend', done);
      buffer.removeEventListener('error', failed);
      reject(thrown as Error);
    }
  });
}
