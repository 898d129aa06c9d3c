// A track as a file of its own, for what can't be joined: originals that have no renditions yet, and browsers without
// MediaSource. The browser fetches it by itself; there is one rung, and a moment of silence before the next track.

import type { Bases } from './fetching';
import { expiresSoon, type Rung } from './offers';
import { isFinal, type Next, type Placed, type Stretch, type Surroundings } from './stretch';

/** The next track is asked for so long before this one ends, in seconds. */
const ASK_BEFORE_S = 20;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 8_000;
const TRIES_MAX = 8;
/** A base that gives nothing for so long is left, where there is another one. */
const SILENT_MS = 900;
const HAVE_METADATA = 1;
const HAVE_FUTURE_DATA = 3;

export class WholeFile implements Stretch {
  readonly placed: Placed[];
  behind: Next | null = null;
  private readonly track: Placed;
  private readonly stop = new AbortController();
  private asking = new AbortController();
  private asked = false;
  private base = '';
  private tries = 0;
  private waitUntilMs = 0;
  private repairing = false;
  private silentSinceMs: number | null = null;
  private loaded = 0;
  /** Where it goes on, in seconds, until the element knows what it has: Chromium forgets a place that it is given earlier. */
  private goesOnAtS = 0;

  constructor(
    private readonly audio: HTMLAudioElement,
    private readonly bases: Bases,
    private readonly around: Surroundings,
    first: Next,
  ) {
    this.track = { ...first, startS: 0, endS: first.offer.duration_ms / 1000 };
    this.placed = [this.track];
    audio.addEventListener('error', () => this.repair(), { signal: this.stop.signal });
    audio.addEventListener('loadedmetadata', () => this.goOn(), { signal: this.stop.signal });
    // How long it really is, the browser knows best.
    audio.addEventListener('durationchange', () => (this.track.endS = Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : this.track.endS), { signal: this.stop.signal });
    audio.addEventListener('progress', () => (this.silentSinceMs = null), { signal: this.stop.signal });
  }

  async begin(atS: number): Promise<void> {
    this.load(atS);
  }

  close(): void {
    this.stop.abort();
    this.asking.abort();
  }

  look(): void {
    const { audio } = this;
    if (audio.readyState >= HAVE_FUTURE_DATA && !audio.paused) this.tries = 0;
    this.leaveSilentBase();
    const now = this.around.nowMs();
    if (this.asked || now < this.waitUntilMs || this.track.endS - audio.currentTime > ASK_BEFORE_S) return;
    this.asked = true;
    const { signal } = this.asking;
    this.around.next(signal).then(
      (next) => {
        if (!signal.aborted) this.behind = next;
      },
      (thrown: unknown) => {
        if (signal.aborted) return;
        if (isFinal(thrown) && thrown.code === 'plays_elsewhere') return this.around.failed(thrown);
        this.asked = false;
        this.waitUntilMs = this.around.nowMs() + RETRY_MAX_MS;
      },
    );
  }

  seek(track: Placed, atS: number): void {
    if (this.audio.readyState < HAVE_METADATA) this.goesOnAtS = track.startS + atS;
    else this.audio.currentTime = track.startS + atS;
  }

  keepUpTo(): void {
    this.asking.abort();
    this.asking = new AbortController();
    [this.asked, this.behind] = [false, null];
  }

  private get rung(): Rung | undefined {
    const { rungs, first_rung: first } = this.track.offer;
    return rungs[Math.min(first, rungs.length - 1)];
  }

  private goOn(): void {
    if (this.goesOnAtS > 0) this.audio.currentTime = this.goesOnAtS;
  }

  private load(atS: number): void {
    const plays = !this.audio.paused;
    this.base = this.bases.inOrder()[0] ?? '';
    this.silentSinceMs = null;
    this.loaded += 1;
    this.audio.src = `${this.base}${this.rung?.path ?? ''}`;
    this.goesOnAtS = atS;
    if (plays) this.audio.play().catch(() => undefined);
  }

  /** Another base, or new addresses: which of them the element doesn't say, so both. */
  private repair(): void {
    if (this.repairing || this.stop.signal.aborted) return;
    const rung = this.rung;
    if (rung !== undefined && this.audio.error?.code === MediaError.MEDIA_ERR_DECODE) {
      this.around.failed(new Error('This browser can’t play the file of this track.'));
      return;
    }
    this.repairing = true;
    this.tries += 1;
    const [atS, tries] = [this.audio.currentTime, this.tries];
    const waitMs = tries === 1 ? 0 : Math.min(RETRY_MIN_MS * 2 ** (tries - 2), RETRY_MAX_MS);
    this.bases.leave(this.base);
    setTimeout(() => void this.again(atS), waitMs);
  }

  private async again(atS: number): Promise<void> {
    const { signal } = this.stop;
    try {
      if (this.tries > 1 || expiresSoon(this.track.offer, this.around.nowMs())) this.track.offer = await this.around.renew(this.track.offer, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      if (isFinal(thrown)) return this.around.failed(thrown);
    }
    this.repairing = false;
    if (signal.aborted) return;
    if (this.tries > TRIES_MAX) this.around.failed(new Error('The file of this track can’t be fetched, or this browser can’t play it.'));
    else this.load(atS);
  }

  private leaveSilentBase(): void {
    const { audio } = this;
    const waits = !audio.paused && !audio.ended && audio.error === null && audio.readyState < HAVE_FUTURE_DATA;
    if (!waits) {
      this.silentSinceMs = null;
      return;
    }
    const now = this.around.nowMs();
    this.silentSinceMs ??= now;
    if (now - this.silentSinceMs < SILENT_MS || this.bases.inOrder().length < 2 || this.repairing) return;
    // Only as often as there are other places: a network that is slow isn't helped by beginning anew.
    if (this.loaded > this.bases.inOrder().length) return;
    this.repair();
  }
}
