// What is counted: thirty seconds of sound and nothing else, once, from whoever may. These take half a minute of real sound
// each, so all of them play at the same time, each in its own window.
import assert from 'node:assert/strict';
import { once } from './playing-world.mjs';

/** How many reports wait on the device, and the longest time that one of them says. */
const waiting = () =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('ledgerline-player');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const all = opening.result.transaction('kept').objectStore('kept').getAll();
      all.onsuccess = () => {
        opening.result.close();
        resolve({ count: all.result.length, ms: Math.max(0, ...all.result.map(({ report }) => report.duration_listened_ms)) });
      };
    };
  });

/** Plays that take long, begun together by the first test that wants one. */
const plays = {
  async twentyNine(world) {
    const window = await begun(world, 'Twenty-nine');
    const { page, act, until, hears, notes } = window;
    const at = (second) => until((wanted) => globalThis.ears.audio.currentTime >= wanted, second);
    await at(8);
    await act('pause');
    const pausedMs = await hears(() => performance.now());
    await until((since) => performance.now() - since > 3_000, pausedMs);
    await act('play');
    await at(12);
    // Back: what is heard again counts again. Then ahead: what is jumped over doesn't.
    await act('seekto', { seekTime: 2 });
    await until(() => globalThis.ears.audio.currentTime >= 7 && globalThis.ears.audio.currentTime < 9);
    await act('seekto', { seekTime: 20 });
    // 12 and 5 and 12.2 seconds have sounded; paused in the page itself, lest the way there takes a second.
    await until(() => {
      if (globalThis.ears.audio.currentTime < 32.2) return false;
      globalThis.ears.actions.pause({ action: 'pause' });
      return true;
    });
    await page.goto('about:blank');
    const [offer] = notes.offers;
    const play = await once(async () => {
      const found = await world.play(offer).catch(() => undefined);
      return found !== undefined && found.listened_ms > 28_000 ? found : undefined;
    });
    return { window, play };
  },
  async thirty(world) {
    const window = await begun(world, 'Thirty');
    const { act, until, hears, notes } = window;
    await hears(() => (globalThis.ears.audio.volume = 0));
    await until(() => globalThis.ears.audio.currentTime >= 15);
    await act('pause');
    const pausedMs = await hears(() => performance.now());
    await until((since) => performance.now() - since > 2_000, pausedMs);
    await act('play');
    await until(() => globalThis.ears.audio.currentTime >= 29);
    const [offer] = notes.offers;
    const before = await world.play(offer);
    await until(() => globalThis.ears.audio.currentTime >= 30);
    const play = await once(async () => {
      const found = await world.play(offer);
      return found.status === 'counted' ? found : undefined;
    });
    // What comes behind it would count too, before anybody looks.
    await act('pause');
    return { window, before, play, offer };
  },
  async offline(world) {
    const window = await begun(world, 'Offline');
    const { page, until, notes } = window;
    window.expect(/ERR_INTERNET_DISCONNECTED|Failed to load resource/);
    await until(() => globalThis.ears.audio.buffered.end(0) > 34);
    await page.context().setOffline(true);
    await until(() => globalThis.ears.audio.currentTime >= 30.5);
    const kept = await page.evaluate(waiting);
    const [offer] = notes.offers;
    const before = await world.play(offer);
    await page.context().setOffline(false);
    const play = await once(async () => {
      const found = await world.play(offer);
      return found.status === 'counted' ? found : undefined;
    });
    await once(async () => (await page.evaluate(waiting)).count === 0);
    return { window, kept, before, play, counted: await world.countedOf(offer.listener) };
  },
  async places(world) {
    const who = await world.listener('Free', 'free');
    const [first, second] = [await world.window(who), await world.window(who)];
    for (const window of [first, second]) window.expect(/409/);
    for (const window of [first, second]) await window.go(`#/albums/${world.albums['One Piece']}`);
    for (const window of [first, second]) {
      await window.pressHere();
      await window.until(() => globalThis.ears.audio?.currentTime > 0);
    }
    const apartMs = second.notes.offers[0].ms - first.notes.offers[0].ms;
    // It learns of the other one with its next report, or when it fetches the next track ahead.
    await first.until(() => globalThis.ears.audio.paused && globalThis.ears.audio.currentTime > 0, undefined, 90_000);
    const stopped = await first.hears(() => ({ at: globalThis.ears.audio.currentTime, state: navigator.mediaSession.playbackState }));
    const secondPlays = await second.hears(() => !globalThis.ears.audio.paused);
    const play = await world.play(first.notes.offers[0]);
    // On purpose here again: another play, where this one stopped.
    const offers = first.notes.offers.length;
    await first.act('play');
    await first.until((at) => !globalThis.ears.audio.paused && globalThis.ears.audio.currentTime > at + 0.3, stopped.at);
    return { first, second, apartMs, stopped, secondPlays, play, again: first.notes.offers.slice(offers).filter(({ renewed, follows }) => !renewed && !follows) };
  },
};

let all;

async function of(world, name) {
  await world.ready('Part 3');
  all ??= Object.fromEntries(Object.entries(plays).map(([each, play]) => [each, play(world)]));
  // Whoever waits for one hears of it; the others' failures are theirs.
  for (const each of Object.values(all)) each.catch(() => {});
  return all[name];
}

/** A window in which the album has begun to sound. */
async function begun(world, who) {
  const window = await world.window(typeof who === 'string' ? await world.listener(who) : who);
  await window.press(world.albums['One Piece']);
  await window.until(() => globalThis.ears.audio?.currentTime > 0);
  return window;
}

/** Begins what takes long, so that it is done when it is asked for. */
export function beginPlays(world) {
  void of(world, 'thirty').catch(() => {});
}

export const counts = [
  {
    name: 'playing: counted at thirty seconds of sound; muted or not, and a pause isn’t sound',
    async run(world) {
      const { window, before, play, offer } = await of(world, 'thirty');
      assert.notEqual(before.status, 'counted', 'it counted at 29 seconds');
      assert.ok(play.listened_ms >= 30_000 && play.listened_ms < 31_500, `${play.listened_ms}`);
      assert.equal(await world.countedOf(offer.listener), 1);
      for (const { context } of window.notes.reports) assert.deepEqual(context, { type: 'album', id: world.albums['One Piece'] });
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: 29 seconds don’t count, however long they were paused and jumped',
    async run(world) {
      let { window, play } = await of(world, 'twentyNine');
      // Where the machine was too busy to press pause in time, thirty seconds did sound: that is another test.
      for (let late = 0; play.listened_ms >= 30_000 && late < 2; late += 1) ({ window, play } = await plays.twentyNine(world));
      assert.notEqual(play.status, 'counted');
      // 29.2 seconds, and at most as much as a busy machine is late for.
      assert.ok(play.listened_ms >= 29_000 && play.listened_ms < 30_000, `${play.listened_ms}`);
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: what was heard offline waits on the device, arrives later, and counts once',
    async run(world) {
      const { window, kept, before, play, counted } = await of(world, 'offline');
      assert.ok(kept.count > 0 && kept.ms >= 30_000, JSON.stringify(kept));
      assert.notEqual(before.status, 'counted');
      assert.ok(play.listened_ms >= 30_000, `${play.listened_ms}`);
      assert.equal(counted, 1);
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: on the free plan a second device stops the first, which can take over again',
    async run(world) {
      const { first, second, apartMs, stopped, secondPlays, play, again } = await of(world, 'places');
      assert.ok(stopped.at < 32, `${stopped.at}`);
      assert.equal(stopped.state, 'paused');
      assert.ok(secondPlays, 'the second device doesn’t play');
      // What had sounded before counts, and ten seconds are let pass.
      assert.notEqual(play.status, 'counted', `what sounded beside the other device counted; it began ${apartMs} ms later`);
      assert.equal(again.length, 1);
      assert.notEqual(again[0].playId, first.notes.offers[0].playId);
      for (const window of [first, second]) {
        window.sound(/^409 \/api\/v1\/(playback\/renew|tracks\/[^/]+\/play)$/);
        await window.close();
      }
    },
  },
  {
    name: 'playing: a short track counts when all of it has sounded',
    async run(world) {
      await world.ready('Soft');
      const window = await world.window(await world.listener('Short'));
      await window.press(world.albums.Levels);
      await window.until((at) => globalThis.ears.audio?.currentTime > at + 1, 20);
      const [offer] = window.notes.offers;
      const play = await once(async () => {
        const found = await world.play(offer);
        return window.notes.reports.some(({ event, play_id: id }) => event === 'play_complete' && id === offer.playId) && found.reports.length > 1 ? found : undefined;
      });
      assert.equal(play.status, 'counted', JSON.stringify({ listened_ms: play.listened_ms, threshold_ms: play.threshold_ms }));
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: somebody else’s play is refused, and worth nothing; who isn’t signed in gets half a minute',
    async run(world) {
      await world.ready('Part 1');
      const track = world.tracks['Part 1'];
      const [mine, other] = [await world.asking('Mine'), await world.asking('Other')];
      const offer = await mine(`/tracks/${track}/play`);
      const stolen = await other('/playback/renew', { grant: offer.grant });
      assert.deepEqual([stolen.status, stolen.code], [403, 'grant_refused']);
      const report = { play_id: offer.play_id, track_id: track, grant: offer.grant, duration_listened_ms: 31_000, started_at: Date.now() - 40_000, event: 'progress' };
      const sent = await other('/playback/report', [report]);
      assert.equal(sent.accepted, 1, JSON.stringify(sent));
      const { listener } = world.playOf(await other(`/tracks/${track}/play`));
      const judged = await world.play({ listener, playId: offer.play_id });
      assert.notEqual(judged.status, 'counted');
      assert.equal(await world.countedOf(listener), 0);
      const anybody = await fetch(`${world.url}/api/v1/tracks/${track}/play`, { method: 'POST' });
      const preview = await anybody.json();
      assert.equal(preview.preview, true);
      assert.ok(preview.duration_ms <= 30_000, `${preview.duration_ms}`);
      assert.deepEqual(preview.rungs.map(({ rung }) => rung), ['preview']);
      const late = await fetch(`${world.url}/api/v1/playback/report`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify([{ ...report, play_id: preview.play_id, grant: preview.grant }]) });
      assert.equal(late.status, 401);
    },
  },
];
