// How much louder or softer a track is made, so that all sound alike: to −14 LUFS, and never so that it clips.

export const TARGET_LUFS = -14;
export const PEAK_MAX_DBTP = -1;

/** What is known of a track's loudness. */
export interface Loudness {
  integrated_lufs: number;
  peak_dbtp: number;
  album_integrated_lufs?: number;
  album_peak_dbtp?: number;
}

/** Decibels to add; in the order of an album, as much for all of its tracks. */
export function gainDb(of: Loudness | undefined, inAlbumOrder: boolean): number {
  if (of === undefined) return 0;
  const album = inAlbumOrder && of.album_integrated_lufs !== undefined;
  const loudness = album ? (of.album_integrated_lufs ?? of.integrated_lufs) : of.integrated_lufs;
  const peak = album ? (of.album_peak_dbtp ?? of.peak_dbtp) : of.peak_dbtp;
  const wanted = TARGET_LUFS - loudness;
  // Softer is always possible; louder as far as the peak lets it.
  return wanted <= 0 ? wanted : Math.max(0, Math.min(wanted, PEAK_MAX_DBTP - peak));
}

/** Decibels as a factor. */
export function factor(db: number): number {
  return 10 ** (db / 20);
}

/** The factor of a fade at a second of a track: up over its first half, down over its last. */
export function fadeFactor(atS: number, lengthS: number, fadeS: number): number {
  if (fadeS <= 0) return 1;
  const half = Math.min(fadeS / 2, lengthS / 2);
  const share = Math.min(atS / half, (lengthS - atS) / half, 1);
  return Math.sin((Math.max(0, share) * Math.PI) / 2);
}
