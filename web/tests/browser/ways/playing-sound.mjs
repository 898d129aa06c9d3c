// What is heard: how soon, without a gap, at a rung that the network carries, as loud as asked for.
import assert from 'node:assert/strict';
import { APART_DB, PARTS, piece, quantised, RATE } from './playing-world.mjs';

/** From the press to sound, as it is aimed at; printed, not demanded: the machine of a test has other things to do. */
const AIM_MS = 200;
/** What a lossy codec may differ by, as a share of what sounds. */
const LOSSY = 0.15;

export const sound = [
  {
    name: 'playing: a press sounds, and the next track joins without a hole',
    async run(world) {
      await world.ready('Part 3');
      const window = await world.window(await world.listener('Sound'));
      const { page, act, until, hears } = window;
      await window.press(world.albums['One Piece']);
      await until(() => globalThis.ears.audio?.currentTime > 0.5);
      const ms = Math.round(await hears(() => globalThis.ears.soundedMs - globalThis.ears.pressedMs));
      console.log(`        from the press to sound: ${ms} ms; the aim is ${AIM_MS}`);
      assert.equal(await title(page), 'Part 1');
      const joinS = PARTS[0] / RATE;
      await until((at) => globalThis.ears.audio.buffered.length > 0 && globalThis.ears.audio.buffered.end(0) > at + 5, joinS);
      await act('seekto', { seekTime: joinS - 2 });
      await until((at) => globalThis.ears.audio.currentTime > at + 2, joinS);
      assert.equal(await hears(() => globalThis.ears.audio.buffered.length), 1);
      assert.equal(await title(page), 'Part 2');
      const waited = (await hears(() => globalThis.ears.waits())).filter(({ at }) => at > joinS - 1.5);
      assert.deepEqual(waited, [], 'it waited at the join');
      // Back: to its beginning, or from there to the track before.
      await act('previoustrack');
      await act('previoustrack');
      await until(() => globalThis.ears.audio.currentTime < 5 && globalThis.ears.audio.currentTime > 0.2 && navigator.mediaSession.metadata.title === 'Part 1');
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: what was appended for two tracks is the continuous piece, sample by sample',
    async run(world) {
      await world.ready('Part 3');
      const window = await world.window(await world.listener('Samples'));
      await window.press(world.albums['One Piece']);
      await window.until((at) => globalThis.ears.audio?.buffered.length === 1 && globalThis.ears.audio.buffered.end(0) > at + 6, PARTS[0] / RATE);
      const worst = await compare(window, [...Array(6).keys()].map((second) => 3 + second * 5), LOSSY);
      console.log(`        Opus: at the join ${percent(worst.join)} of the sound differs, elsewhere at most ${percent(worst.elsewhere)}`);
      assert.ok(worst.join < Math.max(LOSSY, worst.elsewhere * 2));
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: lossless, the join is exact to the bit',
    async run(world) {
      await world.ready('Part 3');
      const window = await world.window(await world.listener('Lossless'), { options: { mostKbps: 5_000, loudness: false } });
      await window.press(world.albums['One Piece']);
      await window.until((at) => globalThis.ears.audio?.buffered.length === 1 && globalThis.ears.audio.buffered.end(0) > at + 6, PARTS[0] / RATE);
      assert.ok(window.notes.asked.some(({ rung }) => rung === 'flac'), JSON.stringify(window.notes.asked.map(({ rung }) => rung)));
      // Elsewhere it may have been of another rung, where the machine was slow.
      const worst = await compare(window, [], 1e-6);
      assert.equal(worst.join, 0);
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: a network that breaks down costs quality, not a moment of sound',
    async run(world) {
      await world.ready('Part 3');
      const window = await world.window(await world.listener('Tunnel'));
      const { page, until, hears, notes } = window;
      const network = await page.context().newCDPSession(page);
      const at = (kbps) => network.send('Network.emulateNetworkConditions', { offline: false, latency: 40, downloadThroughput: (kbps * 1000) / 8, uploadThroughput: 100_000 });
      await network.send('Network.enable');
      await at(2_000);
      await window.press(world.albums['One Piece']);
      await until(() => globalThis.ears.audio?.buffered.length === 1 && globalThis.ears.audio.buffered.end(0) - globalThis.ears.audio.currentTime > 7);
      const before = { asked: notes.asked.length, ...(await hears(() => ({ ms: performance.now(), at: globalThis.ears.audio.currentTime, events: globalThis.ears.events.length }))) };
      assert.ok(notes.asked.some(({ rung }) => rung === 'opus-320'));
      await at(70);
      await until((from) => globalThis.ears.audio.currentTime > from + 16, before.at);
      const after = await hears((events) => ({ ms: performance.now(), at: globalThis.ears.audio.currentTime, waited: globalThis.ears.waits(events) }), before.events);
      const lagS = (after.ms - before.ms) / 1000 - (after.at - before.at);
      assert.deepEqual(after.waited, [], 'it waited for the network');
      assert.ok(Math.abs(lagS) < 0.3, `the clock of the sound stood for ${lagS} s`);
      assert.ok(notes.asked.slice(before.asked).some(({ rung }) => rung === 'opus-24'), JSON.stringify(notes.asked.slice(before.asked)));
      // And it comes back.
      const low = notes.asked.length;
      await at(8_000);
      await until(() => globalThis.ears.audio.buffered.end(0) - globalThis.ears.audio.currentTime > 30);
      assert.ok(notes.asked.slice(low).some(({ rung }) => rung === 'opus-320'), 'no better rung came back');
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: all tracks sound alike where that is wanted, and ends are faded',
    async run(world) {
      await world.ready('Soft');
      const who = await world.listener('Levels');
      const measure = async (options) => {
        const window = await world.window(who, { options });
        const { act, until, hears } = window;
        await window.press(world.albums.Levels);
        const level = async (fromS) => {
          await until((from) => globalThis.ears.audio?.currentTime > from + 0.6 && !globalThis.ears.audio.seeking, fromS);
          return hears(() => globalThis.ears.level());
        };
        const loud = await level(5);
        await act('nexttrack');
        const base = await hears(() => globalThis.ears.audio.currentTime);
        const soft = await level(base + 5);
        await act('seekto', { seekTime: 19 });
        const faded = await level(base + 19);
        window.sound();
        await window.close();
        return { loud, soft, faded };
      };
      const [alike, asTheyAre] = await Promise.all([measure({ loudness: true, fadeS: 4 }), measure({ loudness: false, fadeS: 0 })]);
      const said = JSON.stringify({ alike, asTheyAre });
      assert.ok(Math.abs(alike.loud - alike.soft) < 1, said);
      assert.ok(Math.abs(asTheyAre.loud - asTheyAre.soft - APART_DB) < 1, said);
      // 0.4 seconds before the end, a fade of two seconds has come down by more than 6 dB.
      assert.ok(alike.soft - alike.faded > 6, said);
      assert.ok(Math.abs(asTheyAre.soft - asTheyAre.faded) < 1, said);
    },
  },
  {
    name: 'playing: the system shows what plays, and its keys steer it',
    async run(world) {
      await world.ready('Part 3');
      const window = await world.window(await world.listener('Keys'));
      const { act, until, hears } = window;
      await window.press(world.albums['One Piece']);
      await until(() => globalThis.ears.audio?.currentTime > 0.5);
      assert.deepEqual(await hears(() => ({ title: navigator.mediaSession.metadata.title, artist: navigator.mediaSession.metadata.artist, album: navigator.mediaSession.metadata.album, state: navigator.mediaSession.playbackState })), { title: 'Part 1', artist: 'Comet', album: 'One Piece', state: 'playing' });
      await act('pause');
      await until(() => globalThis.ears.audio.paused && navigator.mediaSession.playbackState === 'paused');
      await act('play');
      await until(() => !globalThis.ears.audio.paused && navigator.mediaSession.playbackState === 'playing');
      await act('seekto', { seekTime: 20 });
      await until(() => globalThis.ears.audio.currentTime > 20.2);
      await act('seekbackward', { seekOffset: 15 });
      await until(() => globalThis.ears.audio.currentTime > 5.1 && globalThis.ears.audio.currentTime < 12);
      // What is there already sounds at once, without another source.
      await until((at) => globalThis.ears.audio.buffered.length === 1 && globalThis.ears.audio.buffered.end(0) > at + 3, PARTS[0] / RATE);
      await act('nexttrack');
      await until((at) => globalThis.ears.audio.currentTime > at + 0.2 && navigator.mediaSession.metadata.title === 'Part 2', PARTS[0] / RATE);
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: a track that has no renditions yet plays as the file that it is, and goes over into the next',
    async run(world) {
      await world.ready('Soft');
      const window = await world.window(await world.listener('Whole'));
      const { page, act, until, hears, notes } = window;
      // The first track comes as one whole file, as an original does.
      await page.route(/\/tracks\/[^/]+\/play(\?|$)/, async (route) => {
        const response = await route.fetch();
        const offer = await response.json();
        if (offer.track.track_id === world.tracks.Loud) {
          const { segments, ...whole } = offer.rungs.find(({ rung }) => rung === 'opus-160');
          Object.assign(offer, { rungs: [{ ...whole, container: 'mp4', mime: 'audio/mp4' }], first_rung: 0 });
        }
        await route.fulfill({ response, json: offer });
      });
      await window.press(world.albums.Levels);
      await until(() => globalThis.ears.audio?.currentTime > 1);
      assert.equal(await hears(() => globalThis.ears.appended.length), 0);
      assert.match(await hears(() => globalThis.ears.audio.currentSrc), /\/audio\//);
      await act('seekto', { seekTime: 18 });
      await until(() => globalThis.ears.appended.length > 0 && globalThis.ears.audio.currentTime > 0.5 && globalThis.ears.audio.currentTime < 10);
      assert.equal(await title(page), 'Soft');
      const of = (track) => notes.reports.filter(({ track_id: id }) => id === world.tracks[track]).map(({ event }) => event);
      await until(() => globalThis.ears.audio.currentTime > 1);
      assert.deepEqual(of('Loud'), ['play_start', 'play_complete']);
      assert.deepEqual(of('Soft'), ['play_start']);
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: each real file plays',
    async run(world) {
      if (world.real.length === 0) {
        console.log('        SKIPPED: shared/data/audio isn’t beside this repository, so no real files were played');
        return;
      }
      assert.equal(world.realTitles.length, world.real.length);
      const who = await world.listener('Real');
      for (const name of world.realTitles) {
        const id = await world.ready(name);
        const window = await world.window(who);
        await window.go(`#/tracks/${id}`);
        await window.pressHere();
        await window.until(() => globalThis.ears.audio?.currentTime > 1.5 || globalThis.ears.audio?.error).catch(async (late) => {
          throw new Error(`${name}: ${await window.hears(() => JSON.stringify([globalThis.ears.events, globalThis.ears.audio?.currentTime, globalThis.ears.audio?.readyState, globalThis.ears.appended.length]))} ${JSON.stringify(window.notes.failed)} ${late}`);
        });
        assert.equal(await window.hears(() => globalThis.ears.audio.error?.message ?? ''), '', name);
        window.sound();
        await window.close();
      }
    },
  },
];

function title(page) {
  return page.evaluate(() => navigator.mediaSession.metadata?.title);
}

function percent(share) {
  return `${(share * 100).toFixed(2)} %`;
}

/**
 * Decodes what was appended around the join of the first two parts and at other seconds, cut as the append windows say, and
 * holds it against the piece: what differs, as a share of what sounds.
 */
async function compare(window, seconds, most) {
  const [left] = piece();
  const joinAt = PARTS[0];
  const half = Math.round(0.02 * RATE);
  const places = [{ name: 'join', from: joinAt - half, to: joinAt + half }, ...seconds.map((second) => ({ name: `${second} s`, from: second * RATE, to: second * RATE + 2 * half }))];
  const heard = await window.hears(decodeAt, { places, rate: RATE });
  const worst = { join: 0, elsewhere: 0 };
  for (const [at, { name, from, to }] of places.entries()) {
    assert.ok(heard[at].every((sample) => sample !== null), `${name}: samples are missing`);
    // As whole numbers of 16 bits; a browser divides those above nothing by one less.
    const got = heard[at].map((sample) => Math.round(sample * (sample < 0 ? 32_768 : 32_767)));
    const wanted = [...left.subarray(from, to)].map(quantised);
    const differs = got.reduce((sum, sample, index) => sum + (sample - wanted[index]) ** 2, 0);
    const share = Math.sqrt(differs / wanted.reduce((sum, sample) => sum + sample ** 2, 0));
    assert.ok(share <= most, `${name}: ${percent(share)} differs`);
    assert.ok(longestSilence(got) < RATE / 1_000, `${name}: a run of silence`);
    if (name === 'join') worst.join = share;
    else worst.elsewhere = Math.max(worst.elsewhere, share);
  }
  return worst;
}

/** The most samples in a row that are nothing. */
function longestSilence(samples) {
  let [longest, run] = [0, 0];
  for (const sample of samples) {
    run = Math.abs(sample) < 1 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** Runs in the page: the left channel of what was appended, at these samples of the session's time line. */
async function decodeAt({ places, rate }) {
  const kind = (bytes) => String.fromCharCode(...bytes.subarray(4, 8));
  const runs = [];
  for (const one of globalThis.ears.appended) {
    if (kind(one.bytes) === 'ftyp') runs.push({ ...one, parts: [one.bytes], startsAt: null });
    else {
      const run = runs.at(-1);
      // moof → traf → tfdt: where the segment begins, in samples of the rung's own time line.
      if (run.startsAt === null) {
        const view = new DataView(one.bytes.buffer, one.bytes.byteOffset, one.bytes.byteLength);
        const find = (name, from, to) => {
          for (let at = from; at + 8 <= to; at += view.getUint32(at)) if (view.getUint32(at + 4) === name) return [at + 8, at + view.getUint32(at)];
          throw new Error('no such box');
        };
        const [tfdt] = find(0x74666474, ...find(0x74726166, ...find(0x6d6f6f66, 0, one.bytes.length)));
        run.startsAt = view.getUint8(tfdt) === 1 ? Number(view.getBigUint64(tfdt + 4)) : view.getUint32(tfdt + 4);
      }
      run.parts.push(one.bytes);
    }
  }
  const heard = places.map(({ from, to }) => Array(to - from).fill(null));
  for (const { offset, from, to, parts, startsAt } of runs.filter(({ startsAt: at }) => at !== null)) {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let filled = 0;
    for (const part of parts) {
      whole.set(part, filled);
      filled += part.length;
    }
    const decoded = await new OfflineAudioContext(2, 1, rate).decodeAudioData(whole.buffer);
    const samples = decoded.getChannelData(0);
    const [first, windowFrom, windowTo] = [Math.round(offset * rate) + startsAt, Math.round(from * rate), Math.round(to * rate)];
    for (const [at, place] of places.entries()) {
      for (let sample = Math.max(place.from, windowFrom, first); sample < Math.min(place.to, windowTo, first + samples.length); sample += 1) heard[at][sample - place.from] = samples[sample - first];
    }
  }
  return heard;
}
