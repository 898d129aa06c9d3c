// What holds for whoever comes: the door, the page's weight, what it refuses, and trying without a session.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { open, settled } from '../browser.mjs';

const FIRST_LOAD_MAX = 150 * 1024;
/** What the server must say of every page: nothing inline, and no other host. */
const POLICY = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"];

export const ways = [
  {
    name: 'the first load is small, and nothing inline could run',
    async run(world) {
      await world.as('nobody', {}, async ({ page, go, expect }) => {
        expect(/401/);
        const loaded = new Map();
        page.on('response', (response) => loaded.set(response.url(), response));
        await go('#/');
        let bytes = 0;
        for (const [url, response] of loaded) {
          if (/\.(js|css)$/.test(new URL(url).pathname)) bytes += gzipSync(await response.body(), { level: 9 }).length;
        }
        assert.ok(bytes > 1024 && bytes <= FIRST_LOAD_MAX, `${bytes} bytes packed`);
        const policy = loaded.get(`${world.url}/`)?.headers()['content-security-policy'] ?? '';
        for (const part of POLICY) assert.ok(policy.includes(part), `the policy lacks ${part}: ${policy}`);
        const ready = await page.evaluate(() => Math.round(performance.now()));
        console.log(`          first load: ${bytes} bytes packed; there to be used ${ready} ms after it was asked for`);
      });
    },
  },
  {
    name: 'a watcher that sees nothing is no watcher',
    async run(world) {
      const window = await open(world.browser, world.url);
      await window.page.goto(`${world.url}/`);
      await window.page.evaluate(async () => {
        await fetch('http://127.0.0.2:9/').catch(() => {});
        const script = document.createElement('script');
        script.textContent = 'globalThis.ran = true';
        document.head.append(script);
      });
      assert.ok(window.faults.some((fault) => /Content Security Policy/.test(fault)), window.faults.join('\n'));
      assert.equal(await window.page.evaluate(() => globalThis.ran), undefined);
      await window.close();
    },
  },
  {
    name: 'a key signs in by keyboard alone, and out again',
    async run(world) {
      const key = world.folder.key('counts:read,royalty:read,ledger:read');
      await world.as('nobody', {}, async ({ page, go, expect }) => {
        expect(/401/);
        await go('#/');
        await tabTo(page, 'Sign in with a key or an invitation');
        await page.keyboard.press('Enter');
        await tabTo(page, 'Key or invitation link');
        await page.keyboard.type('ll_not-a-key');
        await page.keyboard.press('Enter');
        await page.getByRole('alert').getByText('Nothing opens by that').waitFor();
        await page.keyboard.press('ControlOrMeta+a');
        await page.keyboard.type(key);
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
        await tabTo(page, 'Sign out');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
        await page.goto(`${world.url}/#/statements`);
        await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
      });
    },
  },
  {
    name: 'an invitation opens one session, and its secret stays nowhere',
    async run(world) {
      const link = await world.invite({ role: 'rights_holder', parties: ['comet'] });
      const secret = link.split('/').at(-1);
      await world.as('nobody', {}, async ({ page, expect }) => {
        expect(/401/);
        await page.goto(`${world.url}${link}`);
        await page.getByRole('button', { name: 'Only this once' }).click();
        await page.getByRole('heading', { level: 1, name: 'Earnings' }).waitFor();
        assert.ok(!page.url().includes(secret));
        await page.goBack().catch(() => {});
        assert.ok(!page.url().includes(secret));
      });
      await world.as('nobody', {}, async ({ page, expect }) => {
        expect(/401/);
        await page.goto(`${world.url}${link}/once`);
        await page.getByText('This invitation opens nothing').waitFor();
      });
    },
  },
  {
    name: 'what doesn’t answer says so, and can be asked again',
    async run(world) {
      await world.as('holder', {}, async ({ page, go, expect }) => {
        expect(/ERR_FAILED/);
        await page.route('**/api/v1/royalty/closes', (route) => route.abort());
        await go('#/statements');
        await page.getByRole('alert').getByText('No answer').waitFor();
        await page.unroute('**/api/v1/royalty/closes');
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByRole('heading', { level: 2, name: 'Your statements' }).waitFor();
        await page.goto(`${world.url}/#/no/such/screen`);
        await page.getByText('There is nothing here for you').waitFor();
      });
    },
  },
  {
    name: 'light and dark: as the system says, until somebody says otherwise',
    async run(world) {
      await world.as('holder', { colours: 'dark' }, async ({ page, go }) => {
        const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        await go('#/earnings');
        const dark = await ground();
        await page.getByRole('button', { name: 'Colours: system' }).click();
        const light = await ground();
        assert.notEqual(light, dark);
        await page.reload();
        await settled(page);
        assert.equal(await ground(), light);
        await page.getByRole('button', { name: 'Colours: light' }).click();
        assert.equal(await ground(), dark);
      });
    },
  },
  {
    name: 'somebody without a session tries a history, and opens a cent',
    async run(world) {
      await world.as('nobody', {}, async ({ page, go, expect }) => {
        expect(/401/);
        await go('#/try');
        const begun = performance.now();
        await page.locator('input[type=file][multiple]').setInputFiles({ name: 'StreamingHistory0.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(history())) });
        const cent = page.getByRole('button', { name: /A cent of/ });
        await cent.waitFor();
        await cent.press('Enter');
        await page.getByText('Together they are worth').waitFor();
        console.log(`          from the file to the plays of a cent: ${Math.round(performance.now() - begun)} ms`);
        const sums = await page.evaluate(() => {
          const of = (row) => [...row.querySelectorAll('[data-amount]')].map((it) => it.dataset.amount);
          const table = [...document.querySelectorAll('table')].find((it) => it.caption.textContent === 'What each artist would have got');
          return { rows: [...table.tBodies[0].rows].map(of), foot: of(table.tFoot.rows[0]) };
        });
        const micros = (amount) => BigInt(amount.replace('.', ''));
        for (const column of [0, 1]) {
          const total = sums.rows.reduce((all, row) => all + micros(row[column]), 0n);
          assert.equal(total, micros(sums.foot[column]));
        }
        await page.screenshot({ path: `${world.shots}/try-result-desktop-light.png`, fullPage: true });
      });
    },
  },
];

/** Presses Tab until what has this name is in focus; a hundred times at most. */
export async function tabTo(page, name) {
  for (let press = 0; press < 100; press += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.labels?.[0]?.textContent ?? element?.textContent ?? '';
    });
    if (focused.trim().startsWith(name)) return;
  }
  throw new Error(`Tab never comes to “${name}”`);
}

/** A month of plays as Spotify's account export tells them; made up. */
function history() {
  const artists = ['Comet', 'Low Tide', 'The Second Hand', 'Paper Boats'];
  return Array.from({ length: 240 }, (_, at) => ({
    endTime: `2026-10-${String((at % 28) + 1).padStart(2, '0')} ${String(at % 24).padStart(2, '0')}:15`,
    artistName: artists[(at * at) % artists.length],
    trackName: `Track ${at % 17}`,
    msPlayed: at % 11 === 0 ? 8_000 : 150_000 + at * 13,
  }));
}
