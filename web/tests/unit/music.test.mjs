// Words with their times, and an order by chance that doesn't clump.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { lineAt, plain, synced } = await load('music/lyrics.ts');
const { shuffled } = await load('music/shuffle.ts');

test('lines of LRC stand in the order of their times', () => {
  const cases = [
    ['[00:01.50]one\n[00:03]two', [[1500, 'one'], [3000, 'two']]],
    ['[00:10.00][00:02.00]chorus\n[00:05.5]verse', [[2000, 'chorus'], [5500, 'verse'], [10_000, 'chorus']]],
    ['[ar:Somebody]\n[offset:+500]\n[00:01.00]earlier\r\n[00:00.100]first', [[0, 'first'], [500, 'earlier']]],
    ['[00:01.00]<00:01.00>word <00:01.50>by word\n[00:04.00]', [[1000, 'word by word'], [4000, '']]],
    ['no times at all', []],
    [null, []],
  ];
  for (const [lrc, lines] of cases) assert.deepEqual(synced(lrc), lines.map(([atMs, text]) => ({ atMs, text })), lrc);
});

test('the line that is sung is the last one that began', () => {
  const lines = synced('[00:01.00]a\n[00:02.00]b\n[00:04.00]c');
  for (const [ms, line] of [[0, -1], [999, -1], [1000, 0], [1999, 0], [2000, 1], [3999, 1], [9000, 2]]) assert.equal(lineAt(lines, ms), line, `${ms} ms`);
  assert.equal(lineAt([], 5), -1);
});

test('words without times', () => {
  assert.equal(plain('[ti:T]\n[00:01.00]a <00:01.20>b\n[00:02.00]c'), 'a b\nc');
  assert.equal(plain('[00:01.00]'), null);
  assert.equal(plain(undefined), null);
});

/** Mulberry32: the same numbers in each run. */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const ARTIST = [(it) => it.artist, (it) => it.album];
const tracks = Array.from({ length: 60 }, (_, at) => ({ id: at, artist: at % 5, album: `${at % 5} ${at % 10}` }));

test('a shuffle has every track once, and the same seed gives the same order', () => {
  const order = shuffled(tracks, ARTIST, chance(7));
  assert.deepEqual(order.map((it) => it.id).sort((a, b) => a - b), tracks.map((it) => it.id));
  assert.deepEqual(shuffled(tracks, ARTIST, chance(7)), order);
  assert.deepEqual(shuffled([], ARTIST), []);
  assert.deepEqual(shuffled([tracks[3]], ARTIST), [tracks[3]]);
});

test('a shuffle keeps tracks of one artist apart, where chance alone wouldn’t', () => {
  const neighbours = (order) => order.filter((it, at) => at > 0 && order[at - 1].artist === it.artist).length;
  let [ours, even] = [0, 0];
  for (let seed = 1; seed <= 200; seed += 1) {
    ours += neighbours(shuffled(tracks, ARTIST, chance(seed)));
    even += neighbours(shuffled(tracks, [], chance(seed)));
  }
  // Of 59 pairs of neighbours, chance makes about 11 of one artist.
  assert.ok(even / 200 > 9 && even / 200 < 13, `${even / 200}`);
  assert.ok(ours * 2 < even, `${ours} against ${even}`);
});

test('each track is as likely to be the first', () => {
  const firsts = new Map();
  for (let seed = 1; seed <= 6_000; seed += 1) {
    const { id } = shuffled(tracks, ARTIST, chance(seed))[0];
    firsts.set(id, (firsts.get(id) ?? 0) + 1);
  }
  // A hundred each are expected; five standard deviations are fifty.
  assert.equal(firsts.size, 60);
  for (const [id, times] of firsts) assert.ok(times > 50 && times < 150, `${id}: ${times}`);
});
