// From a server on an empty folder to somebody who listens: the link that it prints, an administrator, a
// listener, and what each of them may.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { open } from '../browser.mjs';
import { PASSWORD, join, serve } from '../server.mjs';
import { tabTo } from './everybody.mjs';

export const ways = [
  {
    name: 'from the set-up link to a listener',
    async run(world) {
      const folder = mkdtempSync(path(tmpdir(), 'ledgerline-set-up-'));
      const server = await serve(world.binary, path(folder, 'data'));
      try {
        await setUp(world.browser, server, folder);
        await listen(world.browser, server);
      } finally {
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: 'a password signs in by keyboard alone',
    async run(world) {
      await world.as('nobody', {}, async ({ page, go, expect }) => {
        expect(/401/);
        await go('#/');
        await tabTo(page, 'Name');
        await page.keyboard.type('LISTENER');
        await page.keyboard.press('Tab');
        await page.keyboard.type('not the password');
        await page.keyboard.press('Enter');
        await page.getByRole('alert').getByText('don’t belong together').waitFor();
        await page.keyboard.press('ControlOrMeta+a');
        await page.keyboard.type(PASSWORD);
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
      });
    },
  },
];

/** The administrator, by the link; it works once. */
async function setUp(browser, server, folder) {
  const link = server.printed.map((line) => /http\S+#\/set-up\/\S+/.exec(line)?.[0]).find((found) => found !== undefined);
  assert.ok(link !== undefined, `no link in ${server.printed.join('\n')}`);
  const secret = link.split('/').at(-1);
  const window = await open(browser, server.url);
  const { page } = window;
  await page.goto(link);
  await page.getByRole('heading', { level: 1, name: 'Set up Ledgerline' }).waitFor();
  assert.ok(!page.url().includes(secret));
  await page.getByLabel('Music folder').fill('/nowhere/at/all');
  await page.getByLabel('Anybody may make an account').check();
  await join(page, 'Ada', 'Set up');
  await page.getByRole('alert').getByText('is no folder that this server can read').waitFor();
  await page.getByLabel('Music folder').fill(folder);
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.goto(`${server.url}/#/people`);
  await page.getByRole('button', { name: 'Ada' }).waitFor();
  assert.equal(await page.getByLabel('Music folder').inputValue(), folder);
  await window.close();
  const late = await open(browser, server.url);
  await late.page.goto(link);
  await join(late.page, 'Eve', 'Set up');
  await late.page.getByText('This link opens nothing').waitFor();
  await late.close();
}

/** A listener, because sign-up is open: signs up, makes an app password, changes the password. */
async function listen(browser, server) {
  const window = await open(browser, server.url);
  const { page } = window;
  await page.goto(`${server.url}/`);
  await page.getByRole('link', { name: 'Make an account' }).click();
  await join(page, 'ada');
  await page.getByText('Somebody has this name already').waitFor();
  await join(page, 'Bo');
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'People' }).count(), 0);
  await page.getByRole('link', { name: 'Account' }).click();
  await page.getByLabel('Device or app').fill('Kitchen radio');
  await page.getByRole('button', { name: 'Make an app password' }).click();
  const shown = page.locator('code.code[title^="lla_"]');
  const secret = await shown.getAttribute('title');
  const me = await fetch(`${server.url}/api/v1/me`, { headers: { Authorization: `Bearer ${secret}` } });
  assert.equal((await me.json()).name, 'Bo');
  await page.getByRole('row', { name: /Kitchen radio/ }).getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No device has a password of its own yet').waitFor();
  const gone = await fetch(`${server.url}/api/v1/me`, { headers: { Authorization: `Bearer ${secret}` } });
  assert.equal(gone.status, 401);
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByLabel('New password').fill('another long one');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Your password is changed').waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await window.close();
}
