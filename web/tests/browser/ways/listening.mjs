// What people do who listen: the queue, playlists, hearts, words, and all of it by keyboard; and every screen with music in it.
import assert from 'node:assert/strict';
import { join as path } from 'node:path';
import { axe, PHONE, settled, WIDE } from '../browser.mjs';
import { tabTo } from './everybody.mjs';
import { ALBUMS, listeningWorld } from './listening-world.mjs';

const [TIDES, LONG] = ALBUMS;

let begun;

/** One world for all of these, made when the first one is run. */
function together({ name, run }) {
  return {
    name,
    async run(world) {
      begun ??= listeningWorld(world).then((made) => {
        world.ending.push(() => made.end());
        return made;
      });
      await run(await begun, world);
    },
  };
}

const main = (page) => page.locator('main');
const player = (page) => page.getByRole('region', { name: 'Player' });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });

async function playAlbum({ page, go }, music, title = TIDES.title) {
  await go(`#/albums/${music.albums[title]}`);
  await main(page).getByRole('button', { name: 'Play', exact: true }).click();
  await main(page).getByRole('button', { name: 'Pause', exact: true }).waitFor();
}

/** Titles of a list in their order. */
const titles = (page, list) => page.getByRole('list', { name: list }).locator('.track-title').evaluateAll((found) => found.map((it) => it.textContent.trim()));

async function inOrder(page, list, wanted) {
  await page.waitForFunction(
    ([name, order]) => [...document.querySelectorAll(`[aria-label="${name}"] .track-title`)].map((it) => it.textContent.trim()).join('|') === order,
    [list, wanted.join('|')],
  ).catch(async () => assert.deepEqual(await titles(page, list), wanted));
}

export const ways = [
  {
    name: 'the queue is put in order by keyboard, shortened and cleared, and is there again another time',
    async run(music) {
      const who = await music.listener('Quinn');
      await music.as(who, {}, async (window) => {
        const { page, go } = window;
        await playAlbum(window, music);
        await main(page).getByRole('button', { name: 'More for Neap' }).click();
        await page.getByRole('menuitem', { name: 'Add to queue' }).click();
        await player(page).getByRole('button', { name: 'Queue' }).click();
        await heading(page, 'Queue').waitFor();
        const list = 'Next in the queue';
        await inOrder(page, list, ['Slack Water', 'Neap', 'Neap']);
        await tabTo(page, 'Move Slack Water');
        await page.keyboard.press('ArrowDown');
        await inOrder(page, list, ['Neap', 'Slack Water', 'Neap']);
        assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^Move Slack Water: place 2 of 3/);
        await page.keyboard.press('End');
        await inOrder(page, list, ['Neap', 'Neap', 'Slack Water']);
        await page.keyboard.press('Home');
        await inOrder(page, list, ['Slack Water', 'Neap', 'Neap']);
        const kept = page.waitForResponse((answer) => answer.url().endsWith('/me/queue') && answer.request().method() === 'PUT' && JSON.parse(answer.request().postData()).items.length === 3);
        await page.getByRole('button', { name: 'Remove Neap from the queue' }).first().click();
        await inOrder(page, list, ['Slack Water', 'Neap']);
        assert.ok((await kept).ok());
      });
      // Another day, or another device.
      await music.as(who, {}, async ({ page, go }) => {
        await go('#/queue');
        await player(page).getByText('First Light').waitFor();
        await inOrder(page, 'Next in the queue', ['Slack Water', 'Neap']);
        await page.getByRole('button', { name: 'Clear what comes' }).click();
        await page.getByText('Nothing comes next', { exact: true }).waitFor();
      });
    },
  },
  {
    name: 'a track is dragged to another place of the queue',
    async run(music) {
      const who = await music.listener('Dora');
      await music.as(who, {}, async (window) => {
        const { page, go } = window;
        await playAlbum(window, music);
        await go('#/queue');
        await inOrder(page, 'Next in the queue', ['Slack Water', 'Neap']);
        const grip = await page.getByRole('button', { name: /^Move Neap/ }).boundingBox();
        const other = await page.getByRole('button', { name: /^Move Slack Water/ }).boundingBox();
        await page.mouse.move(grip.x + 10, grip.y + 10);
        await page.mouse.down();
        await page.mouse.move(other.x + 10, other.y - 4, { steps: 5 });
        await page.mouse.up();
        await inOrder(page, 'Next in the queue', ['Neap', 'Slack Water']);
      });
    },
  },
  {
    name: 'a playlist is made of a track, filled with several, put in order, renamed, emptied in part and deleted',
    async run(music) {
      const who = await music.listener('Pia');
      await music.as(who, {}, async ({ page, go }) => {
        await go(`#/albums/${music.albums[TIDES.title]}`);
        await main(page).getByRole('button', { name: 'More for First Light' }).click();
        await page.getByRole('menuitem', { name: 'Add to playlist…' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByText('You have no playlists yet').waitFor();
        await dialog.getByLabel('New playlist').fill('Before noon');
        await dialog.getByRole('button', { name: 'Make it' }).click();
        await page.getByRole('link', { name: 'Open it' }).click();
        await heading(page, 'Before noon').waitFor();
        await inOrder(page, 'Tracks of Before noon', ['First Light']);
        const playlist = page.url();
        await go(`#/albums/${music.albums[LONG.title]}`);
        await main(page).getByRole('button', { name: 'More for Tail' }).click();
        await page.getByRole('menuitem', { name: 'Choose several…' }).click();
        await page.getByLabel('Choose Return').check();
        await page.getByRole('toolbar', { name: 'Chosen tracks' }).getByRole('button', { name: 'Add to playlist…' }).click();
        await page.getByRole('dialog').getByRole('button', { name: /Before noon/ }).click();
        await page.getByText('2 tracks are in Before noon.').first().waitFor();
        await page.goto(playlist);
        const list = 'Tracks of Before noon';
        await inOrder(page, list, ['First Light', 'Tail', 'Return']);
        await page.getByRole('button', { name: /^Move Return/ }).focus();
        const moved = page.waitForResponse((answer) => answer.url().endsWith('/items/move'));
        await page.keyboard.press('ArrowUp');
        await inOrder(page, list, ['First Light', 'Return', 'Tail']);
        assert.ok((await moved).ok());
        await page.reload();
        await inOrder(page, list, ['First Light', 'Return', 'Tail']);
        await main(page).getByRole('button', { name: 'Edit', exact: true }).click();
        await page.getByRole('dialog').getByLabel('Name').fill('After noon');
        await page.getByRole('dialog').getByLabel('Description').fill('For the second half.');
        await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
        await heading(page, 'After noon').waitFor();
        await page.getByText('For the second half.').waitFor();
        await main(page).getByRole('button', { name: 'More for Tail' }).click();
        await page.getByRole('menuitem', { name: 'Remove from this playlist' }).click();
        await inOrder(page, 'Tracks of After noon', ['First Light', 'Return']);
        await go('#/library');
        await page.getByRole('list', { name: 'Your playlists' }).getByText('2 tracks').waitFor();
        const side = page.getByRole('navigation', { name: 'Your playlists' });
        await side.getByRole('link', { name: 'After noon' }).click();
        await side.locator('[aria-current=page]').getByText('After noon').waitFor();
        await page.getByRole('button', { name: 'More for After noon' }).click();
        await page.getByRole('menuitem', { name: 'Delete the playlist…' }).click();
        await page.getByRole('button', { name: 'Delete it' }).click();
        await page.getByText('You have no playlists yet').waitFor();
        assert.equal(await side.count(), 0);
      });
    },
  },
  {
    name: 'a heart likes a track everywhere; albums are saved and artists followed',
    async run(music) {
      const who = await music.listener('Liv');
      await music.as(who, {}, async (window) => {
        const { page, go } = window;
        await playAlbum(window, music);
        const inBar = player(page).getByRole('button', { name: 'Like First Light' }).first();
        assert.equal(await inBar.getAttribute('aria-pressed'), 'false');
        const answered = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.url().includes('/me/saved/tracks/'));
        await page.keyboard.press('l');
        assert.ok((await answered).ok());
        for (const heart of await page.getByRole('button', { name: 'Like First Light' }).all()) assert.equal(await heart.getAttribute('aria-pressed'), 'true');
        await main(page).getByRole('button', { name: 'Save', exact: true }).click();
        await main(page).getByRole('button', { name: 'Saved', exact: true }).waitFor();
        await go(`#/artists/${music.artists[TIDES.artist]}`);
        await main(page).getByRole('button', { name: 'Follow', exact: true }).click();
        await main(page).getByRole('button', { name: 'Following', exact: true }).waitFor();
        await go('#/library?view=tracks');
        await inOrder(page, 'Liked tracks', ['First Light']);
        await go('#/library?view=albums');
        await page.getByRole('list', { name: 'Saved albums' }).getByRole('link', { name: TIDES.title }).waitFor();
        await go('#/library?view=artists');
        await page.getByRole('list', { name: 'Artists whom you follow' }).getByRole('link', { name: TIDES.artist }).waitFor();
        await go('#/library?view=tracks');
        await main(page).getByRole('button', { name: 'Like First Light' }).click();
        await page.getByText('You like no tracks yet').waitFor();
      });
    },
  },
  {
    name: 'the player by keyboard alone: play, seek, louder, next, help, and letters that can be switched off',
    async run(music) {
      const who = await music.listener('Kim');
      await music.as(who, {}, async (window) => {
        const { page } = window;
        await playAlbum(window, music);
        const bar = player(page);
        const now = () => bar.getByRole('slider', { name: 'Position in the track' }).evaluate((slider) => slider.valueAsNumber);
        await page.waitForFunction(() => document.querySelector('.player .slider').valueAsNumber > 0);
        // The button that was clicked has the focus: the key means the player all the same.
        await page.keyboard.press('Space');
        await bar.getByRole('button', { name: 'Play', exact: true }).first().waitFor();
        const before = await now();
        await page.keyboard.press('Shift+ArrowRight');
        await page.waitForFunction((least) => document.querySelector('.player .slider').valueAsNumber >= least, before + 9.5);
        await page.keyboard.press('Control+ArrowDown');
        await page.keyboard.press('Control+ArrowDown');
        assert.equal(await bar.getByRole('slider', { name: 'Volume' }).getAttribute('aria-valuetext'), '90 percent');
        await page.keyboard.press('m');
        await bar.getByRole('button', { name: 'Unmute' }).waitFor();
        await page.keyboard.press('m');
        await bar.getByRole('button', { name: 'Mute', exact: true }).waitFor();
        await page.keyboard.press('Control+ArrowRight');
        await bar.getByText('Slack Water').waitFor();
        await page.keyboard.press('q');
        await heading(page, 'Queue').waitFor();
        await page.keyboard.press('?');
        const help = page.getByRole('dialog', { name: 'Keyboard' });
        await help.getByLabel('Single letters do something').uncheck();
        await page.keyboard.press('Escape');
        await help.waitFor({ state: 'detached' });
        await page.keyboard.press('s');
        assert.equal(await bar.getByRole('button', { name: /^Shuffle/ }).getAttribute('aria-pressed'), 'false');
        // In a slider the arrows are the slider's.
        await bar.getByRole('slider', { name: 'Position in the track' }).focus();
        await page.keyboard.press('Home');
        await page.waitForFunction(() => document.querySelector('.player .slider').valueAsNumber < 3);
      });
    },
  },
  {
    name: 'words follow the sound, and a press on a line goes there',
    async run(music) {
      const who = await music.listener('Lyra');
      await music.as(who, {}, async (window) => {
        const { page } = window;
        await playAlbum(window, music);
        await player(page).getByRole('button', { name: 'Now playing, with lyrics' }).click();
        const lyrics = page.getByRole('group', { name: 'Lyrics' });
        await lyrics.locator('[aria-current]').getByText('The first line').waitFor();
        await lyrics.getByRole('button', { name: 'the line to press' }).click();
        await lyrics.locator('[aria-current]').getByText('the line to press').waitFor();
        await page.getByRole('button', { name: 'Credits' }).click();
        await page.getByRole('region', { name: 'Credits' }).getByRole('link', { name: TIDES.artist }).waitFor();
      });
    },
  },
  {
    name: 'what can’t be played is said, and tried again',
    async run(music) {
      const who = await music.listener('Tess');
      await music.as(who, {}, async (window) => {
        const { page, go, expect } = window;
        expect(/503/);
        await page.route(/\/play(\?|$)/, (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Not now', detail: 'The store doesn’t answer.', code: 'store_unavailable' }) }));
        await go(`#/albums/${music.albums[TIDES.title]}`);
        await main(page).getByRole('button', { name: 'Play', exact: true }).click();
        await page.getByRole('alert').getByText('The store doesn’t answer.').waitFor();
        await page.unroute(/\/play(\?|$)/);
        await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
        await main(page).getByRole('button', { name: 'Pause', exact: true }).waitFor();
        assert.equal(await page.getByRole('alert').count(), 0);
      });
    },
  },
  {
    name: 'a phone has the player above its navigation, and the large one on a tap',
    async run(music) {
      const who = await music.listener('Finn');
      await music.as(who, { size: PHONE }, async (window) => {
        const { page, go } = window;
        await go(`#/albums/${music.albums[TIDES.title]}`);
        await main(page).getByText('First Light').tap();
        await player(page).getByRole('button', { name: 'Pause' }).waitFor();
        const [strip, tabs] = await Promise.all(['.player', '.tabs'].map((part) => page.locator(part).boundingBox()));
        assert.ok(strip.y + strip.height <= tabs.y + 1, 'the player stands above the navigation');
        assert.ok(Math.abs(tabs.y + tabs.height - PHONE.height) < 1, 'the navigation stands at the bottom');
        await page.locator('.player-open').tap({ position: { x: 120, y: 20 } });
        await main(page).getByRole('button', { name: 'Pause' }).waitFor();
        assert.equal(await page.getByRole('navigation', { name: 'Music' }).isVisible(), false);
        await main(page).getByRole('button', { name: 'Close' }).tap();
        await page.getByRole('navigation', { name: 'Music' }).getByRole('link', { name: 'Library' }).tap();
        await heading(page, 'Your library').waitFor();
      });
    },
  },
  {
    name: 'every screen of music in every look: nothing serious for axe, nothing sticks out',
    async run(music, { shots }) {
      const who = await music.listener('Vera');
      const track = music.tracks['First Light'];
      let playlist = '';
      await music.as(who, {}, async ({ page, go }) => {
        await go('#/library');
        playlist = await page.evaluate(async (ids) => {
          const { csrf_token: token } = await (await fetch('/api/v1/session')).json();
          const post = async (at, body) => (await fetch(`/api/v1${at}`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token }, body: JSON.stringify(body) })).json();
          const { id } = await post('/playlists', { name: 'All of it', description: 'Each track once.' });
          await post(`/playlists/${id}/items`, { items: ids.map((track_id) => ({ track_id })) });
          return id;
        }, Object.values(music.tracks));
      });
      const screens = {
        home: ['#/home', 'New releases'],
        listen: ['#/listen', TIDES.title],
        album: [`#/albums/${music.albums[TIDES.title]}`, 'First Light'],
        'album-long': [`#/albums/${music.albums[LONG.title]}`, 'Return'],
        artist: [`#/artists/${music.artists[TIDES.artist]}`, 'Neap'],
        track: [`#/tracks/${track}`, 'the last one'],
        genre: ['#/genres/ambient', TIDES.title],
        charts: ['#/charts', 'What was heard most'],
        library: ['#/library', 'All of it'],
        playlist: [`#/playlists/${playlist}`, 'Each track once.'],
        queue: ['#/queue', 'Next'],
        'now-playing': ['#/now-playing', 'the last one'],
      };
      const looks = [WIDE, PHONE].flatMap((size) => ['light', 'dark'].map((colours) => ({ size, colours })));
      const wrong = [];
      for (const { size, colours } of looks) {
        const look = `${size === PHONE ? 'phone' : 'desktop'}-${colours}`;
        await music.as(who, { size, colours }, async (window) => {
          const { page, go } = window;
          await playAlbum(window, music);
          await page.keyboard.press('Space');
          for (const [name, [link, shows]] of Object.entries(screens)) {
            await go(link);
            await main(page).getByText(shows, { exact: false }).first().waitFor();
            await settled(page);
            await page.screenshot({ path: path(shots, `music-${name}-${look}.png`) });
            wrong.push(...(await axe(page)).map((found) => `${name}, ${look}: ${found}`));
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            if (wide > 0) wrong.push(`${name}, ${look}: the page is ${wide} px wider than the window`);
          }
        });
      }
      assert.deepEqual(wrong, []);
    },
  },
].map(together);
