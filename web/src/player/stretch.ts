// A stretch is what sounds without the element being given another source: tracks that are joined, or one file by itself.

import type { Refusal } from '../api/problem';
import type { Offer } from './offers';

/** A track with the permission to play it. */
export interface Next {
  readonly trackId: string;
  readonly offer: Offer;
}

/** A track on a stretch's time line. */
export interface Placed {
  readonly trackId: string;
  offer: Offer;
  /** Where its first sample sounds, and where the next track's does, in seconds. */
  readonly startS: number;
  endS: number;
}

/** What a stretch asks of whoever has it, and tells. */
export interface Surroundings {
  /** The track behind the last one that was given; nothing at the end. */
  next(signal: AbortSignal): Promise<Next | null>;
  /** The same play with addresses that open something. */
  renew(offer: Offer, signal: AbortSignal): Promise<Offer>;
  /** There is no more sound, and why. */
  failed(why: Error): void;
  nowMs(): number;
  /** No rung with more than this, in kbit/s. */
  mostKbps(): number;
}

export interface Stretch {
  readonly placed: readonly Placed[];
  /** What comes behind this stretch and can't be joined to it. */
  readonly behind: Next | null;
  /** Gives the element its source, `atS` seconds into the first track. */
  begin(atS: number): Promise<void>;
  /** Does what there is to do; called several times a second, and never waits. */
  look(): void;
  /** To a second of one of its tracks. */
  seek(track: Placed, atS: number): void;
  /** Keeps what is placed up to this track, and asks again what comes behind it. */
  keepUpTo(track: Placed): void;
  close(): void;
}

/** Whether asking again changes nothing: the server understood, and refuses. */
export function isFinal(thrown: unknown): thrown is Refusal {
  const status = (thrown as { status?: unknown }).status;
  return (thrown as { name?: unknown }).name === 'Refusal' && typeof status === 'number' && status >= 400 && status < 500 && status !== 408 && status !== 429;
}
