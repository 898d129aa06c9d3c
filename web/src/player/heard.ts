// How much of a play has sounded: what the clock of the element moved by, for it moves only while there is sound, and nothing
// else. A pause adds nothing, a jump adds nothing, a passage that is heard again counts again.

/** By so much the element's clock may be ahead of ours between two looks, in seconds: it moves in steps of its own. */
const SLACK_S = 0.25;

/** From this on a play may count; the tick. */
export const TICK_MS = 30_000;

/** What was heard of a play, and where the clocks stood when it was last looked at. */
export interface Heard {
  readonly ms: number;
  /** The element's clock. */
  readonly lastS: number;
  /** A clock that only goes forward. */
  readonly lastMs: number;
}

/** Nothing yet: what sounds from here on is heard. */
export function heardFrom(nowS: number, nowMs: number): Heard {
  return { ms: 0, lastS: nowS, lastMs: nowMs };
}

/** Adds what the element's clock moved by since the last look; however long ago that was, no more than the time that passed. */
export function heardUntil(before: Heard, nowS: number, nowMs: number): Heard {
  const passedS = Math.max(0, nowMs - before.lastMs) / 1000 + SLACK_S;
  const stepS = Math.min(nowS - before.lastS, passedS);
  // A clock that was guessed a little too far goes back a little: that isn't heard twice.
  if (stepS <= 0) return { ...before, lastMs: nowMs };
  return { ms: before.ms + stepS * 1000, lastS: nowS, lastMs: nowMs };
}

/** Somebody jumps to this second: what sounds from there on is heard. */
export function jumped(before: Heard, toS: number): Heard {
  return { ...before, lastS: toS };
}

/** Whole milliseconds, as a report says them: never more than sounded. */
export function wholeMs(of: Heard): number {
  return Math.floor(of.ms + 1e-6);
}

/** Whether a progress report is due: each half minute of sound. */
export function isDue(heardMs: number, reportedMs: number): boolean {
  return Math.floor(heardMs / TICK_MS) > Math.floor(reportedMs / TICK_MS);
}
