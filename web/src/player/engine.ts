// The sound itself: one element for the whole page, and the stretch of tracks that it sounds. Where a track can't be joined to
// the one before it, another stretch begins.

import { Bases } from './fetching';
import { Gain } from './gain';
import { Joined, remembersNothing, segmented } from './joined';
import { fadeFactor, factor, gainDb, type Loudness } from './loudness';
import type { Offer } from './offers';
import type { Next, Placed, Stretch, Surroundings } from './stretch';
import { WholeFile } from './whole-file';

export type { Next, Placed } from './stretch';

/** How often is looked whether there is something to do. */
const LOOK_MS = 200;
/** A jump doesn't go nearer to a track's end than this, in seconds. */
const END_S = 0.05;

/** What the engine asks of whoever has it, and tells. */
export interface Around {
  /** The track behind the last one that was given; nothing at the end. */
  next(signal: AbortSignal): Promise<Next | null>;
  renew(offer: Offer, signal: AbortSignal): Promise<Offer>;
  /** The place of the clock is another track's now. */
  entered(track: Placed, before: Placed | null): void;
  /** The clock was set to this second. */
  jumped(toS: number): void;
  /** The clock moved, or stands. */
  moved(): void;
  /** All has sounded. */
  ended(): void;
  /** There is no more sound, and why. */
  failed(why: Error): void;
  nowMs(): number;
}

export interface Options {
  loudness: boolean;
  inAlbumOrder: boolean;
  /** For so many seconds a track's end and the next one's beginning are faded. */
  fadeS: number;
  /** No rung with more than this, in kbit/s. */
  mostKbps: number;
}

export class Engine {
  readonly audio: HTMLAudioElement;
  private readonly bases: Bases;
  private readonly gain: Gain;
  private readonly remembered = remembersNothing();
  private stretch: Stretch | null = null;
  private current: Placed | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  /** A jump of ours whose event hasn't come yet. */
  private jumping = false;
  private over = false;

  constructor(
    private readonly around: Around,
    private options: Options,
    fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {
    this.audio = document.createElement('audio');
    this.audio.preload = 'auto';
    this.audio.crossOrigin = 'anonymous';
    this.gain = new Gain(this.audio);
    this.bases = new Bases(fetcher, () => around.nowMs());
    for (const event of ['timeupdate', 'playing', 'pause', 'waiting', 'seeked', 'ended'] as const) this.audio.addEventListener(event, () => this.look());
    this.audio.addEventListener('seeking', () => {
      if (!this.jumping) this.around.jumped(this.audio.currentTime);
      this.jumping = false;
    });
    this.audio.addEventListener('error', () => {
      // A file is fetched by the element, and its stretch knows what to do; what is appended can't be mended.
      if (this.stretch instanceof Joined) this.around.failed(new Error('This browser can’t play the sound that came.'));
    });
  }

  /** The track that sounds, and how far it is, in seconds. */
  get playing(): { track: Placed; atS: number } | null {
    return this.current === null ? null : { track: this.current, atS: this.audio.currentTime - this.current.startS };
  }

  /** What comes behind the track that sounds, as far as it was asked for. */
  get ahead(): readonly { trackId: string; offer: Offer }[] {
    if (this.stretch === null || this.current === null) return [];
    const placed = this.stretch.placed.slice(this.stretch.placed.indexOf(this.current) + 1);
    return this.stretch.behind === null ? placed : [...placed, this.stretch.behind];
  }

  /** Readies what only a gesture of the user may begin, and is silent until there is something else. Called in the gesture. */
  ready(): void {
    this.gain.open();
    this.clear();
  }

  /** Begins with a track; what was before is gone. */
  async begin(first: Next, atS = 0): Promise<void> {
    this.clear();
    this.bases.set(first.offer.bases);
    const around: Surroundings = {
      next: (signal) => this.around.next(signal),
      renew: async (offer, signal) => {
        const renewed = await this.around.renew(offer, signal);
        this.bases.set(renewed.bases);
        return renewed;
      },
      failed: (why) => this.around.failed(why),
      nowMs: () => this.around.nowMs(),
      mostKbps: () => this.options.mostKbps,
    };
    const canJoin = segmented(first.offer).length > 0;
    const stretch = canJoin ? new Joined(this.audio, this.bases, around, this.remembered, first) : new WholeFile(this.audio, this.bases, around, first);
    this.stretch = stretch;
    this.timer = setInterval(() => this.look(), LOOK_MS);
    await stretch.begin(atS);
    if (this.stretch === stretch) this.look();
  }

  async play(): Promise<void> {
    this.gain.open();
    await this.audio.play();
  }

  pause(): void {
    this.audio.pause();
  }

  /** To a second of the track that sounds. */
  seek(atS: number): void {
    const track = this.current ?? this.stretch?.placed[0];
    if (track === undefined) return;
    this.jump(track, Math.min(Math.max(0, atS), Math.max(0, track.endS - track.startS - END_S)));
  }

  /** To the beginning of the next track, where it is there already. */
  skip(): boolean {
    const placed = this.stretch?.placed ?? [];
    const next = this.current === null ? undefined : placed[placed.indexOf(this.current) + 1];
    if (next === undefined) return false;
    this.jump(next, 0);
    return true;
  }

  /** Keeps so many of the tracks that come, and asks again for what comes behind them. */
  keepAhead(count: number): void {
    if (this.current === null || this.stretch === null) return;
    const { placed, behind } = this.stretch;
    if (behind !== null && placed.indexOf(this.current) + count >= placed.length) return;
    const last = placed[Math.min(placed.indexOf(this.current) + count, placed.length - 1)];
    if (last !== undefined) this.stretch.keepUpTo(last);
  }

  set(options: Options): void {
    this.options = options;
    this.draw();
  }

  clear(): void {
    clearInterval(this.timer);
    this.stretch?.close();
    [this.stretch, this.current, this.jumping, this.over] = [null, null, false, false];
    if (!this.audio.hasAttribute('src')) return;
    this.audio.removeAttribute('src');
    this.audio.load();
  }

  private jump(track: Placed, atS: number): void {
    this.jumping = true;
    this.around.moved();
    this.stretch?.seek(track, atS);
    this.around.jumped(track.startS + atS);
    this.look();
  }

  /** Follows the clock from track to track, and looks what there is to do. */
  private look(): void {
    const { audio, stretch } = this;
    if (stretch === null) return;
    const found = stretch.placed.findLast((track) => track.startS <= audio.currentTime + 1e-3);
    if (found !== undefined && found !== this.current) {
      const before = this.current;
      this.current = found;
      this.around.entered(found, before);
    }
    this.draw();
    this.around.moved();
    if (this.stretch !== stretch) return;
    if (audio.ended) this.end(stretch);
    else stretch.look();
  }

  private end(stretch: Stretch): void {
    if (stretch.behind !== null) {
      const { behind } = stretch;
      const before = this.current;
      void this.begin(behind)
        .then(() => this.audio.play())
        .catch((thrown: unknown) => this.around.failed(thrown as Error));
      this.current = this.first();
      if (this.current !== null) this.around.entered(this.current, before);
    } else if (!this.over) {
      this.over = true;
      this.around.ended();
    }
  }

  private first(): Placed | null {
    return this.stretch?.placed[0] ?? null;
  }

  private draw(): void {
    const placed = this.stretch?.placed ?? [];
    this.gain.draw((atS) => {
      const track = placed.findLast((one) => one.startS <= atS) ?? placed[0];
      return track === undefined ? 1 : this.factorAt(track, atS);
    });
  }

  private factorAt(track: Placed, atS: number): number {
    const { loudness, inAlbumOrder, fadeS } = this.options;
    const own = loudness ? factor(gainDb(track.offer.loudness as Loudness | undefined, inAlbumOrder)) : 1;
    return own * fadeFactor(atS - track.startS, track.endS - track.startS, fadeS);
  }
}
