// Where the bytes come from: addresses that expire, places that die, a server that crashes. None of it is heard.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { once } from './playing-world.mjs';

/** A base that does nothing is left within a second; what is above is for a machine that has other things to do. */
const LEFT_MS = 900;
const LATE_MS = 600;

export const delivery = [
  {
    name: 'playing: an address that expires in mid-track is renewed unheard',
    async run(world) {
      await world.ready('Part 3');
      const window = await world.window(await world.listener('Expired'));
      const { page, until, hears, notes } = window;
      window.expect(/403/);
      let refused = 0;
      // From some time on the first addresses say that they have expired; the server itself refuses them.
      await page.route('**/audio/**', (route) => {
        const url = new URL(route.request().url());
        const [first] = notes.offers;
        // The answer may be heard of a moment after the page had it.
        if (first === undefined) return route.continue();
        const expires = new URL(first.offer.rungs[0].path, world.url).searchParams.get('e');
        const isOld = notes.asked.length > 8 && !notes.offers.some(({ renewed }) => renewed) && url.searchParams.get('p') === first.playId && url.searchParams.get('e') === expires;
        if (!isOld) return route.continue();
        refused += 1;
        return route.continue({ url: url.href.replace(/([?&])e=\d+/, '$1e=1000000000') });
      });
      await window.press(world.albums['One Piece']);
      await until(() => globalThis.ears.audio?.buffered.length === 1 && globalThis.ears.audio.buffered.end(0) > 40 && globalThis.ears.audio.currentTime > 2);
      assert.ok(refused >= 1, 'nothing was refused');
      const renewed = notes.offers.filter((offer) => offer.renewed);
      assert.equal(renewed.length, 1);
      assert.equal(renewed[0].playId, notes.offers[0].playId);
      assert.deepEqual(await waits(hears), []);
      window.sound(/^403 \/audio\//);
      await window.close();
    },
  },
  {
    name: 'playing: addresses that are about to expire are renewed before they do',
    async run(world) {
      await world.ready('Part 3');
      const window = await world.window(await world.listener('Soon'));
      const { page, until, hears, notes } = window;
      await page.route(/\/tracks\/[^/]+\/play(\?|$)/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), expires_at: new Date(Date.now() + 20_000).toISOString() } });
      });
      await window.press(world.albums['One Piece']);
      await until(() => globalThis.ears.audio?.currentTime > 1);
      assert.ok(notes.offers.some(({ renewed }) => renewed));
      assert.deepEqual(notes.failed, []);
      assert.deepEqual(await waits(hears), []);
      window.sound();
      await window.close();
    },
  },
  {
    name: 'playing: a crash of the server isn’t heard, and what was heard meanwhile counts once after a reload',
    async run(world) {
      await world.ready('Part 3');
      const window = await world.window(await world.listener('Crash'));
      window.expect(/ERR_|Failed to load resource/);
      const { page, until, hears, notes } = window;
      await window.press(world.albums['One Piece']);
      await until(() => globalThis.ears.audio?.buffered.length === 1 && globalThis.ears.audio.buffered.end(0) - globalThis.ears.audio.currentTime > 38);
      const [offer] = notes.offers;
      await world.crash();
      assert.ok((await hears(() => globalThis.ears.audio.currentTime)) < 29, 'it crashed too late');
      await until(() => globalThis.ears.audio.currentTime >= 31);
      assert.deepEqual(await waits(hears), []);
      await world.restart();
      await page.reload();
      const play = await once(async () => {
        const found = await world.play(offer);
        return found.status === 'counted' ? found : undefined;
      });
      assert.ok(play.listened_ms >= 30_000, `${play.listened_ms}`);
      assert.equal(await world.countedOf(offer.listener), 1);
      await window.close();
    },
  },
  {
    name: 'playing: a place that dies or hangs is left within a second, unheard',
    async run(world) {
      await world.ready('Part 3');
      const [first, second] = [await edge(world.url), await edge(world.url)];
      try {
        await world.restart(['--cdn', first.url, '--cdn', second.url]);
        const window = await world.window(await world.listener('Edges'), { also: [first.url, second.url] });
        window.expect(/ERR_|Failed to load resource/);
        const { until, hears, notes } = window;
        await window.press(world.albums['One Piece']);
        await until(() => globalThis.ears.audio?.currentTime > 1);
        const from = (base) => notes.asked.filter((one) => one.base === base).length;
        assert.ok(from(first.url) > 0 && from(second.url) + from(world.url) === 0, `${JSON.stringify(notes.asked)} ${first.url} ${second.url} ${window.faults}`);
        // It dies: its connections break, and nobody listens there any more.
        first.die();
        const before = from(second.url);
        await once(() => from(second.url) > before + 1);
        // The other one takes the request, and says nothing.
        second.hang();
        const served = from(world.url);
        await once(() => from(world.url) > served);
        const hung = notes.asked.filter(({ base }) => base === second.url).at(-1);
        const left = notes.asked.find(({ base, ms }) => base === world.url && ms > hung.ms);
        console.log(`        a place that hangs was left after ${Math.round(left.ms - hung.ms)} ms`);
        assert.ok(left.ms - hung.ms < LEFT_MS + LATE_MS, `${left.ms - hung.ms}`);
        assert.deepEqual(await waits(hears), []);
        assert.deepEqual(window.faults, []);
        await window.close();
      } finally {
        for (const one of [first, second]) one.die();
        await world.restart();
      }
    },
  },
];

/** When it waited since it first sounded. */
function waits(hears) {
  return hears(() => globalThis.ears.waits());
}

/** A node at the edge as far as a player sees it: it hands audio on from the server, until it dies or hangs. */
async function edge(origin) {
  let hangs = false;
  const server = createServer((asked, answer) => {
    if (hangs) return;
    const handed = request(`${origin}${asked.url}`, { method: asked.method, headers: { ...asked.headers, host: new URL(origin).host } }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    handed.on('error', () => answer.destroy());
    asked.pipe(handed);
  });
  await new Promise((good) => server.listen(0, '127.0.0.1', good));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    hang: () => (hangs = true),
    die() {
      server.close();
      server.closeAllConnections();
    },
  };
}
