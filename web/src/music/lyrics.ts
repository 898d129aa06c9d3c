// Words of a song, with their times where somebody has written them down (LRC).

/** A line, and when it is sung; an empty one is a pause. */
export interface LyricLine {
  readonly atMs: number;
  readonly text: string;
}

const TIME = /\[(\d{1,3}):(\d{2})(?:[.:](\d{1,3}))?\]/gu;
/** No song has more lines than this; what is longer is no song. */
const LINES_MAX = 5_000;

/** LRC's lines in the order of their times. A line that is sung several times has several; times of words are left out. */
export function synced(lrc: string | null | undefined): LyricLine[] {
  if (lrc === null || lrc === undefined) return [];
  const offsetMs = Number.parseInt(/^\[offset:\s*([+-]?\d+)\s*\]/imu.exec(lrc)?.[1] ?? '0', 10);
  const lines: LyricLine[] = [];
  for (const line of lrc.split(/\r?\n/u)) {
    const times = [...line.matchAll(TIME)];
    const text = line.replace(TIME, '').replace(/<[\d:.]+>/gu, '').trim();
    for (const [, minutes = '0', seconds = '0', fraction = ''] of times) {
      // A positive offset shows lines earlier.
      const atMs = (Number(minutes) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0')) - offsetMs;
      if (lines.length < LINES_MAX) lines.push({ atMs: Math.max(0, atMs), text });
    }
  }
  return lines.sort((one, other) => one.atMs - other.atMs);
}

/** Which line is sung; -1 before the first. */
export function lineAt(lines: readonly LyricLine[], ms: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.atMs ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Words without their times; null where there are none. */
export function plain(lrc: string | null | undefined): string | null {
  if (lrc === null || lrc === undefined) return null;
  const lines = lrc.split(/\r?\n/u).map((line) => line.replace(/\[[^\]]*\]|<[^>]*>/gu, '').trim());
  return lines.join('\n').trim() || null;
}
