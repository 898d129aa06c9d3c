// The pages as people use them: a real server with closed months, a real browser, no mocks. The last line
// says how many tests passed; `node tests/browser/run.mjs keyboard` runs those that have the word in
// their names.
import { mkdirSync } from 'node:fs';
import { join as path } from 'node:path';
import { axe, launch, open, PHONE, settled, WIDE } from './browser.mjs';
import { fill } from './folder.mjs';
import { SCREENS } from './screens.mjs';
import { asking, join, serve } from './server.mjs';
import { ways as accounts } from './ways/accounts.mjs';
import { ways as everybody } from './ways/everybody.mjs';
import { ways as figures } from './ways/figures.mjs';
import { ways as finance } from './ways/finance.mjs';
import { ways as holder } from './ways/holder.mjs';
import { ways as listening } from './ways/listening.mjs';
import { ways as money } from './ways/money.mjs';
import { ways as overview } from './ways/overview.mjs';
import { ways as playing } from './ways/playing.mjs';

const binary = process.env.LEDGERLINE_BINARY;
const shots = process.env.LEDGERLINE_SCREENSHOTS ?? path(import.meta.dirname, '../../../target/screenshots');
const LOOKS = [
  ['desktop-light', WIDE, 'light'],
  ['desktop-dark', WIDE, 'dark'],
  ['phone-light', PHONE, 'light'],
  ['phone-dark', PHONE, 'dark'],
];
/** All that a key of a program may have here. */
const SCOPES = 'counts:read,adjudication:write,fraud:write,appeals:write,ledger:read,royalty:read,royalty:write,privacy:write,access:write';
const PEOPLE = { admin: { role: 'admin' }, finance: { role: 'finance' }, second: { role: 'finance' }, holder: { role: 'rights_holder', parties: ['comet'] }, label: { role: 'label', parties: ['northern-lights'] } };
/** Those who have an account, by its name; the others came by their invitation alone. */
const ACCOUNTS = { chief: { role: 'admin' }, listener: { role: 'listener', plan: 'family' } };

if (binary === undefined) {
  console.error('LEDGERLINE_BINARY must say which program is tested; `cargo xtask test` does');
  process.exit(2);
}

const world = await begin();
let [passed, failed] = [0, 0];
for (const { name, run } of [...everybody, ...accounts, ...overview, ...holder, ...figures, ...money, ...finance, ...listening, ...playing, ...SCREENS.map(screenTest)]) {
  if (process.argv[2] !== undefined && !name.includes(process.argv[2])) continue;
  const begun = performance.now();
  try {
    await run(world);
    passed += 1;
    console.log(`ok      ${name} (${Math.round(performance.now() - begun)} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.stack ?? error}`);
  }
}
await world.end();
console.log(`screenshots: ${shots}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** The folder, as `fill` is given, the server, the browser, and everybody's cookies. */
async function begin(given = {}) {
  mkdirSync(shots, { recursive: true });
  const folder = fill(binary, given);
  const server = await serve(binary, folder.data);
  const browser = await launch();
  const api = asking(server.url, folder.key(SCOPES));
  const invite = async (as) => (await api('/invitations', { method: 'POST', body: JSON.stringify({ note: 'browser test', days: 1, ...as }) })).link;
  const cookies = {};
  for (const [name, as] of Object.entries({ ...PEOPLE, ...ACCOUNTS })) {
    const window = await open(browser, server.url);
    const once = ACCOUNTS[name] === undefined ? '/once' : '';
    await window.page.goto(`${server.url}${await invite(as)}${once}`);
    if (once === '') await join(window.page, name);
    await window.page.waitForSelector('.who');
    cookies[name] = await window.page.context().storageState();
    await window.close();
  }
  return {
    ...server,
    binary,
    folder,
    browser,
    api,
    invite,
    shots,
    /** A world of its own, for what must not change this one; whoever begins it ends it. */
    another: begin,
    /** What is still to be ended at the end. */
    ending: [],
    /** A window of one of `PEOPLE`, or of nobody; its faults fail the test. */
    async as(who, given, work) {
      const window = await open(browser, server.url, { ...given, who: cookies[who] });
      try {
        const result = await work(window);
        if (window.faults.length > 0) throw new Error(window.faults.join('\n'));
        return result;
      } catch (error) {
        await window.page.screenshot({ path: path(shots, `failed-${Date.now()}.png`) }).catch(() => {});
        throw error;
      } finally {
        await window.close();
      }
    },
    async end() {
      for (const one of this.ending) await one();
      await browser.close();
      await server.stop();
      folder.remove();
    },
  };
}

/** A screen in every look: it says what it must, axe finds nothing serious, and nothing sticks out. */
function screenTest({ name, who, link, shows, opens, presses, then, expects }) {
  const run = async (all) => {
    // All at once: a page mostly waits.
    const look = async ([look, size, colours]) => {
      await all.as(who, { size, colours }, async ({ page, go, expect }) => {
        if (who === 'nobody') expect(/401/);
        if (expects !== undefined) expect(expects);
        await go(link);
        await page.getByText(shows, { exact: false }).first().waitFor();
        if (opens !== undefined) await page.locator(opens).first().evaluate((element) => (element.open = true));
        if (presses !== undefined) {
          await page.getByRole('button', { name: presses, exact: true }).click();
          await page.getByText(then, { exact: false }).first().waitFor();
        }
        await settled(page);
        await page.screenshot({ path: path(shots, `${name}-${look}.png`), fullPage: true });
        const found = await axe(page);
        if (found.length > 0) throw new Error(`${look}: ${found.join('\n')}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) throw new Error(`${look}: the page is ${wide} px wider than the window`);
      });
    };
    const looked = await Promise.allSettled(LOOKS.map(look));
    const wrong = looked.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  };
  return { name: `screen ${name}: in every look, nothing serious for axe`, run };
}
