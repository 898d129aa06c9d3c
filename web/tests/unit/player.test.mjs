// What the player decides: rungs, places on the time line, what was heard, how loud, which base, and what is reported.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { believedKbps, chooseRung, found, measured, unknownBandwidth } = await load('player/ladder.ts');
const { placement, plainInit, segmentAt, segmentRange, segmentStartS } = await load('player/timeline.ts');
const { heardFrom, heardUntil, isDue, jumped, wholeMs } = await load('player/heard.ts');
const { fadeFactor, gainDb } = await load('player/loudness.ts');
const { Bases, Refused, TooSlow } = await load('player/fetching.ts');

const LADDER = [24, 96, 160, 320, 900];
const at = (kbps, given = {}) => {
  const bandwidth = kbps === null ? unknownBandwidth() : { quickKbps: kbps, slowKbps: kbps, samples: 3 };
  return LADDER[chooseRung(LADDER, { bandwidth, aheadS: 40, first: 2, current: null, mostKbps: 320, ...given })];
};

test('the rung follows the network', () => {
  const cases = [
    [null, {}, 160],
    [10_000, {}, 320],
    [501, {}, 320],
    [500, {}, 160],
    [201, {}, 160],
    [200, {}, 96],
    [101, {}, 96],
    [100, {}, 24],
    [1, {}, 24],
    // Lossless for who asks for it, where it comes in twice as fast as it sounds.
    [10_000, { mostKbps: 2_000 }, 900],
    [1_700, { mostKbps: 2_000 }, 320],
    [10_000, { mostKbps: 160 }, 160],
    // With little ahead, and a network that hardly keeps up, one lower than now.
    [210, { aheadS: 5, current: 2 }, 96],
    [10_000, { aheadS: 5, current: 2 }, 160],
    [10_000, { aheadS: 15, current: 2 }, 320],
  ];
  for (const [kbps, given, expected] of cases) assert.equal(at(kbps, given), expected, `${kbps} ${JSON.stringify(given)}`);
});

test('a drop is believed at once, a rise after a while', () => {
  let of = unknownBandwidth();
  assert.equal(believedKbps(of), null);
  of = measured(of, 100, 1);
  assert.equal(believedKbps(of), null, 'what is tiny says nothing');
  for (let time = 0; time < 20; time += 1) of = measured(of, 125_000, 1_000);
  assert.ok(Math.abs(believedKbps(of) - 1_000) < 1);
  for (let time = 0; time < 3; time += 1) of = measured(of, 12_500, 1_000);
  assert.ok(believedKbps(of) < 250, `${believedKbps(of)}`);
  of = measured(of, 125_000, 1_000);
  assert.ok(believedKbps(of) < 750, `${believedKbps(of)}`);
  // What was too slow to be waited for is all that matters.
  assert.equal(believedKbps(found(of, 1_000, 100)), 80);
});

const RUNG = { sample_rate_hz: 48_000, samples: 480_000, encoder_delay_samples: 312 };

test('tracks join to the sample', () => {
  const first = placement(RUNG, 0, 10);
  assert.deepEqual(first, { timestampOffset: -312 / 48_000, appendWindowStart: 0, appendWindowEnd: 10 });
  const second = placement(RUNG, first.appendWindowEnd, 20);
  assert.equal(second.appendWindowStart, first.appendWindowEnd);
  assert.equal(second.timestampOffset, 10 - 312 / 48_000);
});

test('a segment begins to sound when its first sample does', () => {
  const segments = { init_bytes: 0, offsets_bytes: [0, 1, 2], starts_samples: [0, 96_312, 192_312] };
  assert.deepEqual([0, 1, 2, 3].map((segment) => segmentStartS(segments, RUNG, segment)), [0, 2, 4, 10]);
});

test('segments are found by the second that sounds', () => {
  const segments = { init_bytes: 700, offsets_bytes: [700, 1_700, 2_800], starts_samples: [0, 96_000, 192_000] };
  for (const [second, expected] of [[-1, 0], [0, 0], [1.99, 0], [2, 1], [3.9, 1], [4, 2], [99, 2]]) {
    // Two seconds of the track are 312 samples later on the file's time line.
    assert.equal(segmentAt(segments, { ...RUNG, encoder_delay_samples: 0 }, second), expected, `${second}`);
  }
  assert.equal(segmentAt(segments, RUNG, 1.995), 1);
  assert.deepEqual(segmentRange(segments, 4_000, 0), [700, 1_699]);
  assert.deepEqual(segmentRange(segments, 4_000, 2), [2_800, 3_999]);
});

const box = (kind, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(kind, 4, 'latin1');
  return Buffer.concat([head, body]);
};

test('an initialisation segment says nothing of delays, nor of the source’s rate', () => {
  const dops = box('dOps', [0, 2, 1, 56, 0, 0, 0xbb, 0x80, 0, 0, 0]);
  const make = (edit, skip, rateHz) => {
    const changed = Buffer.from(dops);
    changed.writeUInt16BE(skip, 10);
    changed.writeUInt32BE(rateHz, 12);
    const entry = box('Opus', Buffer.alloc(28), changed);
    return box('moov', box('trak', box(edit, [1, 2, 3, 4]), box('mdia', box('minf', box('stbl', box('stsd', Buffer.alloc(8), entry))))));
  };
  const plain = plainInit(new Uint8Array(make('edts', 312, 44_100)));
  assert.deepEqual(Buffer.from(plain), make('free', 0, 48_000));
  // Whatever is no box is left as it is.
  for (const bytes of [[], [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 200, 0x6d, 0x6f, 0x6f, 0x76, 9]]) {
    assert.deepEqual([...plainInit(new Uint8Array(bytes))], bytes);
  }
});

test('only what sounds is heard', () => {
  // Five looks a second, each with the element's clock and ours; a jump is told by itself.
  const heard = (list) => {
    let [now, of] = [0, heardFrom(0, 0)];
    for (const step of list) {
      if (step.jump !== undefined) of = jumped(of, step.jump);
      else {
        now += step.afterMs ?? 200;
        of = heardUntil(of, step.at, now);
      }
    }
    return wholeMs(of);
  };
  const looks = (from, to) => Array.from({ length: (to - from) * 5 }, (_, step) => ({ at: from + (step + 1) / 5 }));
  const cases = [
    ['half a minute', looks(0, 30), 30_000],
    ['one less', looks(0, 29), 29_000],
    ['a pause adds nothing', [...looks(0, 10), { at: 10, afterMs: 60_000 }, { at: 10 }, ...looks(10, 20)], 20_000],
    ['a jump adds nothing', [...looks(0, 10), { jump: 90 }, ...looks(90, 100)], 20_000],
    ['backwards, heard again', [...looks(0, 10), { jump: 0 }, ...looks(0, 10)], 20_000],
    ['a clock that goes back a little isn’t heard twice', [...looks(0, 1), { at: 0.9 }, { at: 1 }, { at: 1.2 }], 1_200],
    ['nobody looked for a minute', [...looks(0, 1), { at: 61, afterMs: 60_000 }], 61_000],
    ['a clock that runs away is believed for as long as it took', [{ at: 500, afterMs: 750 }], 1_000],
  ];
  for (const [what, list, expected] of cases) assert.ok(Math.abs(heard(list) - expected) <= 1, `${what}: ${heard(list)}`);
  for (const [now, before, due] of [[29_999, 0, false], [30_000, 0, true], [30_200, 30_000, false], [60_001, 30_200, true]]) assert.equal(isDue(now, before), due);
});

test('all tracks sound alike, and none clips', () => {
  const cases = [
    [undefined, false, 0],
    [{ integrated_lufs: -8, peak_dbtp: 0.4 }, false, -6],
    [{ integrated_lufs: -20, peak_dbtp: -9 }, false, 6],
    [{ integrated_lufs: -20, peak_dbtp: -3 }, false, 2],
    [{ integrated_lufs: -20, peak_dbtp: 0 }, false, 0],
    [{ integrated_lufs: -20, peak_dbtp: -9, album_integrated_lufs: -10, album_peak_dbtp: 0 }, true, -4],
    [{ integrated_lufs: -20, peak_dbtp: -9, album_integrated_lufs: -10, album_peak_dbtp: 0 }, false, 6],
  ];
  for (const [of, album, expected] of cases) assert.ok(Math.abs(gainDb(of, album) - expected) < 1e-9, JSON.stringify(of));
  assert.equal(fadeFactor(5, 10, 0), 1);
  assert.equal(fadeFactor(0, 10, 4), 0);
  assert.equal(fadeFactor(5, 10, 4), 1);
  assert.ok(Math.abs(fadeFactor(9, 10, 4) - Math.SQRT1_2) < 1e-9);
});

const answers = (places) => async (url, init) => {
  const base = Object.keys(places).find((place) => url.startsWith(place)) ?? '';
  return places[base](url, init);
};
const good = async (_, init) => {
  const [first, last] = init.headers.Range.slice(6).split('-').map(Number);
  return new Response(new Uint8Array(last - first + 1), { status: 206 });
};
const dead = () => Promise.reject(new TypeError('no connection'));

test('a base that is dead is left, and tried again later', async () => {
  let now = 0;
  const bases = new Bases(answers({ 'https://a': dead, 'https://b': good, '': good }), () => now);
  bases.set(['https://a', 'https://b', '']);
  const got = () => bases.range('/audio/t/r', 5, 9, new AbortController().signal);
  const first = await got();
  assert.equal(first.base, 'https://b');
  assert.equal(first.bytes.length, 5);
  assert.deepEqual(bases.inOrder(), ['https://b', '', 'https://a']);
  now = 31_000;
  assert.deepEqual(bases.inOrder(), ['https://a', 'https://b', '']);
});

const hangs = (_, init) => new Promise((_resolve, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)));
/** Sends a byte, and nothing more. */
const stops = async (_, { signal }) =>
  new Response(
    new ReadableStream({
      start(into) {
        into.enqueue(new Uint8Array(1));
        signal.addEventListener('abort', () => into.error(signal.reason));
      },
    }),
    { status: 206 },
  );

test('a base that hangs, before its answer or in it, is left within a second; the only one isn’t', async () => {
  for (const first of [hangs, stops]) {
    const bases = new Bases(answers({ 'https://a': first, '': good }), () => 0, 20, 60_000);
    bases.set(['https://a', '']);
    assert.equal((await bases.range('/audio/t/r', 0, 4, new AbortController().signal)).base, '');
    assert.deepEqual(bases.inOrder(), ['', 'https://a']);
  }
  const slow = async (url, init) => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return good(url, init);
  };
  const alone = new Bases(answers({ '': slow }), () => 0, 20, 60_000);
  assert.equal((await alone.range('/audio/t/r', 0, 4, new AbortController().signal)).bytes.length, 5);
});

test('what comes too slowly is let go, and its base is not blamed', async () => {
  const bases = new Bases(answers({ '': stops }), () => 0);
  await assert.rejects(bases.range('/audio/t/r', 0, 4, new AbortController().signal, (got) => got > 3), TooSlow);
  assert.deepEqual(bases.inOrder(), ['']);
});

test('a refused address is told from one that nobody answers', async () => {
  const refused = async () => new Response('', { status: 403 });
  const bases = new Bases(answers({ 'https://a': refused, '': refused }), () => 0);
  bases.set(['https://a', '']);
  await assert.rejects(bases.range('/audio/t/r', 0, 0, new AbortController().signal), Refused);
  // What a node at the edge refuses, the server itself may know better.
  const other = new Bases(answers({ 'https://a': refused, '': good }), () => 0);
  other.set(['https://a', '']);
  assert.equal((await other.range('/audio/t/r', 0, 0, new AbortController().signal)).base, '');
});

test('an answer that lacks bytes is none', async () => {
  const short = async () => new Response(new Uint8Array(2), { status: 206 });
  const whole = async () => new Response(new Uint8Array([0, 1, 2, 3, 4, 5]), { status: 200 });
  const bases = new Bases(answers({ 'https://a': short, 'https://b': whole }), () => 0);
  bases.set(['https://a', 'https://b']);
  const { bytes, base } = await bases.range('/audio/t/r', 2, 4, new AbortController().signal);
  assert.deepEqual([[...bytes], base], [[2, 3, 4], 'https://b']);
});
