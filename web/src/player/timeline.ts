// Where the sound of a track lies on the time line of the session: one after another, to the sample.

/** What of a rung decides where its samples lie. */
export interface RungTiming {
  sample_rate_hz: number;
  samples: number;
  encoder_delay_samples: number;
}

/** What a `SourceBuffer` is told before a rung's segments are appended. */
export interface Placement {
  timestampOffset: number;
  appendWindowStart: number;
  appendWindowEnd: number;
}

/** How long a rung sounds, in seconds. */
export function lengthS(of: RungTiming): number {
  return of.samples / of.sample_rate_hz;
}

/**
 * Places a rung so that its first sample that sounds is at `startS`: what the encoder put before it is moved in front of
 * the window, what it put behind it lies after the end, and both are cut off.
 */
export function placement(of: RungTiming, startS: number, endS: number): Placement {
  return { timestampOffset: startS - of.encoder_delay_samples / of.sample_rate_hz, appendWindowStart: startS, appendWindowEnd: endS };
}

/** The segments of a rung. */
export interface Segments {
  init_bytes: number;
  offsets_bytes: readonly number[];
  starts_samples: readonly number[];
}

/** The first and the last byte of a segment. */
export function segmentRange(of: Segments, bytes: number, segment: number): readonly [first: number, last: number] {
  const first = of.offsets_bytes[segment] ?? bytes;
  return [first, (of.offsets_bytes[segment + 1] ?? bytes) - 1];
}

/** The segment that sounds at this second of the track. Segments of all rungs begin at the same seconds. */
export function segmentAt(of: Segments, timing: RungTiming, atS: number): number {
  const sample = Math.max(0, atS) * timing.sample_rate_hz + timing.encoder_delay_samples;
  let found = 0;
  for (const [index, start] of of.starts_samples.entries()) {
    if (start <= sample + 1) found = index;
  }
  return found;
}

/** When a segment begins to sound, in seconds of the track. */
export function segmentStartS(of: Segments, timing: RungTiming, segment: number): number {
  const start = of.starts_samples[segment];
  if (start === undefined) return lengthS(timing);
  return Math.max(0, (start - timing.encoder_delay_samples) / timing.sample_rate_hz);
}

const EDTS = 0x65647473;
const DOPS = 0x644f7073;
const OPUS_RATE_HZ = 48_000;
const FREE = 0x66726565;

/**
 * An initialisation segment as the session's time line wants it. Browsers differ in whether they obey an edit list, and some
 * drop an Opus stream's pre-skip by themselves after each seek; the append window cuts both, so here they say nothing. And some
 * refuse Opus whose source had another rate than its own clock, which is always 48 kHz.
 */
export function plainInit(init: Uint8Array): Uint8Array {
  const plain = init.slice();
  const view = new DataView(plain.buffer);
  const walk = (from: number, to: number) => {
    for (let at = from; at + 8 <= to; ) {
      const size = view.getUint32(at);
      const kind = view.getUint32(at + 4);
      const end = size >= 8 ? Math.min(at + size, to) : to;
      if (kind === EDTS) view.setUint32(at + 4, FREE);
      // Version, channels, the pre-skip in two bytes, the source's rate in four.
      else if (kind === DOPS && at + 16 <= end) {
        view.setUint16(at + 10, 0);
        view.setUint32(at + 12, OPUS_RATE_HZ);
      } else {
        const inner = INNER[kind];
        if (inner !== undefined) walk(at + 8 + inner, end);
      }
      at = end;
    }
  };
  walk(0, plain.length);
  return plain;
}

/** Boxes that hold boxes, and how many bytes stand before these. */
const INNER: Readonly<Record<number, number>> = {
  0x6d6f6f76: 0, // moov
  0x7472616b: 0, // trak
  0x6d646961: 0, // mdia
  0x6d696e66: 0, // minf
  0x7374626c: 0, // stbl
  0x73747364: 8, // stsd: version, flags, number of entries
  0x4f707573: 28, // Opus: an audio sample entry
};
