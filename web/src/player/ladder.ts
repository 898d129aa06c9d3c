// Which rung of the ladder is fetched next: by what the network gives, and by how much is ahead.

/** The table: at least so many kbit/s for a rung of at most so many. */
const TABLE: readonly (readonly [abovekbps: number, rungKbps: number])[] = [
  [500, 320],
  [200, 160],
  [100, 96],
  [0, 24],
];

/** Below this many seconds of sound ahead, one rung lower. */
export const LOW_BUFFER_S = 10;

/** What is faster than this is as good as this: a drop must not be hidden behind what was once very fast. */
const MATTERS_KBPS = 4_000;

/** How a network has been so far: a quick mean and a slow one, of which the lower one is believed. */
export interface Bandwidth {
  quickKbps: number;
  slowKbps: number;
  samples: number;
}

export function unknownBandwidth(): Bandwidth {
  return { quickKbps: 0, slowKbps: 0, samples: 0 };
}

/** Takes what one fetch showed: bytes, and how long their body took. */
export function measured(before: Bandwidth, bytes: number, tookMs: number): Bandwidth {
  // What is tiny or came from a cache says little of the network.
  if (bytes < 2_000 || tookMs <= 0) return before;
  const kbps = Math.min((bytes * 8) / tookMs, MATTERS_KBPS);
  if (before.samples === 0) return { quickKbps: kbps, slowKbps: kbps, samples: 1 };
  const towards = (from: number, share: number) => from + (kbps - from) * share;
  return { quickKbps: towards(before.quickKbps, 0.8), slowKbps: towards(before.slowKbps, 0.15), samples: before.samples + 1 };
}

/** Takes what a fetch showed that was too slow to be waited for: what was before doesn't matter any more. */
export function found(before: Bandwidth, gotBytes: number, tookMs: number): Bandwidth {
  const kbps = Math.min((gotBytes * 8) / Math.max(1, tookMs), MATTERS_KBPS);
  return { quickKbps: kbps, slowKbps: kbps, samples: before.samples + 1 };
}

/** What a network is believed to give; nothing where it wasn't measured yet. */
export function believedKbps(of: Bandwidth): number | null {
  return of.samples === 0 ? null : Math.min(of.quickKbps, of.slowKbps);
}

/**
 * The rung of these bitrates, which rise, to fetch next. Before anything was measured it is the one that the server
 * chose. Lossless rungs are for those who ask for them (`mostKbps`).
 */
export function chooseRung(bitratesKbps: readonly number[], given: { bandwidth: Bandwidth; aheadS: number; first: number; current: number | null; mostKbps: number }): number {
  const { bandwidth, aheadS, first, current, mostKbps } = given;
  const kbps = believedKbps(bandwidth);
  let most = bitratesKbps.length - 1;
  while (most > 0 && (bitratesKbps[most] ?? 0) > mostKbps) most -= 1;
  if (kbps === null) return Math.min(first, most);
  const entry = TABLE.find(([above]) => kbps > above) ?? TABLE[TABLE.length - 1]!;
  // Whoever wants lossless gets it where it comes in twice as fast as it sounds.
  let rung = 0;
  for (let at = 0; at <= most; at += 1) {
    const wants = bitratesKbps[at] ?? 0;
    if (wants <= entry[1] || (wants > 320 && kbps > wants * 2)) rung = at;
  }
  if (current !== null && aheadS < LOW_BUFFER_S && rung >= current) rung = Math.max(0, current - (kbps < (bitratesKbps[current] ?? 0) * 1.5 ? 1 : 0));
  return rung;
}
