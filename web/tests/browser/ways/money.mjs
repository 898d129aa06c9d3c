// What rights holders do with what they are paid, and finance with what it pays.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { settled } from '../browser.mjs';
import { period } from '../folder.mjs';
import { tabTo } from './everybody.mjs';
import { amounts, micros, sameDigits, tabUntil } from './holder.mjs';

const last = period(-1);
const ACCOUNTS = `payee,name,iban,bic
comet,Comet,NO9386011117947,
low-tide,Low Tide,NO9386011117947,
northern-lights,Northern Lights,DE89370400440532013000,DEUTDEFF
southern-cross,Southern Cross,GB29NWBK60161331926819,
paper-moon,Paper Moon,GB29NWBK60161331926819,
`;

export const ways = [
  {
    name: 'a licensor downloads its sales reports, by keyboard, with the sums of its statement',
    async run(world) {
      await world.as('label', {}, async ({ page, go }) => {
        await go(`#/statements/${last}/northern-lights`);
        await tabTo(page, 'DSR');
        await page.keyboard.press('Enter');
        const table = page.getByRole('table', { name: /^Sales reports to/ });
        await table.waitFor();
        const { items } = await world.api(`/royalty/closes/${last}/dsr/northern-lights`);
        assert.equal(await table.locator('tbody tr').count(), items.length);
        let sum = 0n;
        for (const link of await table.getByRole('link', { name: 'TSV' }).all()) {
          const coming = page.waitForEvent('download');
          await link.focus();
          await page.keyboard.press('Enter');
          const report = await readFile(await (await coming).path(), 'utf8');
          for (const sale of report.split('\n').filter((line) => line.startsWith('SR08\t'))) {
            const [whole, part = ''] = sale.split('\t')[43].split('.');
            sum += micros(`${whole}.${part.padEnd(6, '0')}`);
          }
        }
        const { accounts } = await world.api(`/royalty/closes/${last}/statements/northern-lights`);
        assert.equal(sum, accounts.reduce((all, it) => all + micros(it.earned) + micros(it.adjusted), 0n));
      });
    },
  },
  {
    name: 'each figure of earnings leads to its lines, by keyboard, and these sum to it',
    async run(world) {
      await world.as('holder', {}, async ({ page, go }) => {
        for (const by of ['recording', 'release', 'territory', 'tier', 'right', 'model']) {
          const { rows } = await world.api(`/royalty/earnings?period=${last}&party=comet&by=${by}`);
          await go(`#/earnings?period=${last}&by=${by}`);
          const table = page.getByRole('table', { name: new RegExp(`^Earned in .* by `) });
          assert.equal(await table.getByRole('link', { name: /amount of .*: its lines$/ }).count(), rows.length);
          assert.equal(await table.getByRole('link', { name: /plays of .*: its lines$/ }).count(), rows.length);
          await tabUntil(page, 'table a.figure-link:has([data-amount])');
          await page.keyboard.press('Enter');
          await page.getByRole('heading', { name: /^Lines: / }).waitFor();
          await settled(page);
          const shown = await amounts(page.getByRole('table', { name: /^Lines of/ }));
          assert.equal(shown.at(-1), rows[0].amount, by);
          await page.getByRole('table', { name: /^Lines of/ }).getByRole('link', { name: /explain line/ }).first().press('Enter');
          await page.getByRole('table', { name: 'Plays behind the line' }).waitFor();
        }
      });
    },
  },
  {
    name: 'finance writes the bank’s file and books what was paid; the payee sees it',
    async run(world) {
      const other = await world.another({});
      try {
        await paid(other);
      } finally {
        await other.end();
      }
    },
  },
  {
    name: 'the histories of several listeners show how the models differ, by keyboard too',
    async run(world) {
      await world.as('nobody', {}, async ({ page, go, expect }) => {
        expect(/401/);
        await go('#/try');
        const choose = (name, plays) => page.locator('input[type=file][multiple]').setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(plays)) });
        await choose('StreamingHistory0.json', history('Comet', 90));
        await page.getByRole('table', { name: 'What each artist would have got' }).waitFor();
        assert.equal(await page.getByRole('columnheader', { name: 'Difference' }).count(), 0);
        await choose('StreamingHistory0.json', history('Low Tide', 10));
        const table = page.getByRole('table', { name: 'What each artist would have got' });
        await table.getByRole('columnheader', { name: 'Difference' }).waitFor();
        const shown = await amounts(table);
        // Two fees of 9.99, of which 70 %: one play in ten is all that the second one heard.
        assert.deepEqual(shown, ['12.587400', '6.993000', '-5.594400', '1.398600', '6.993000', '5.594400', '13.986000', '13.986000']);
        assert.equal(await page.getByRole('table', { name: 'Who listened, and how much' }).locator('tbody tr').count(), 2);
        await sameDigits(page);
        await page.screenshot({ path: `${world.shots}/try-several-desktop-light.png`, fullPage: true });
        await page.getByRole('button', { name: 'Leave out StreamingHistory0 2' }).focus();
        await page.keyboard.press('Enter');
        await page.getByRole('columnheader', { name: 'Difference' }).waitFor({ state: 'detached' });
      });
    },
  },
];

async function paid(world) {
  const before = await world.api(`/royalty/closes/${last}/payouts`);
  assert.ok(before.items.length > 1);
  await world.as('finance', {}, async ({ page, go, expect }) => {
    expect(/422/);
    await go(`#/payouts?period=${last}`);
    const table = page.getByRole('table', { name: /^Payouts of/ });
    assert.deepEqual(await amounts(table), before.items.map((it) => it.amount));
    assert.equal((await amounts(page.locator('.figure-large')))[0], before.totals[0].open);
    // What the ledger owes is what the page says that it owes.
    const { items } = await world.api('/ledger/balances?limit=1000');
    const owed = items.filter((it) => it.kind === 'payable' && it.account.startsWith('party:'));
    assert.equal(micros(before.totals[0].payable), owed.reduce((sum, it) => sum + micros(it.balance), 0n));
    await page.getByRole('button', { name: 'File for the bank' }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[type=file]').setInputFiles({ name: 'accounts.csv', mimeType: 'text/csv', buffer: Buffer.from(ACCOUNTS) });
    await dialog.getByLabel('Who pays').fill('A Service');
    await dialog.getByLabel('IBAN that is debited').fill('DE89370400440532013001');
    await dialog.getByLabel('BIC of its bank').fill('DEUTDEFF');
    await dialog.getByRole('button', { name: 'Write the file' }).click();
    await dialog.getByRole('alert').getByText('check digits').waitFor();
    await dialog.getByLabel('IBAN that is debited').fill('DE89370400440532013000');
    const coming = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Write the file' }).click();
    const transfer = await readFile(await (await coming).path(), 'utf8');
    assert.equal(transfer.match(/<CdtTrfTxInf>/g).length, before.items.length);
    await dialog.waitFor({ state: 'detached' });

    // All but one, by keyboard.
    await page.locator('h1').focus();
    await tabUntil(page, '.payouts-all input');
    await page.keyboard.press('Space');
    await tabUntil(page, '.payouts-choose');
    await page.keyboard.press('Space');
    const some = before.items.length - 1;
    await page.getByRole('button', { name: `Book ${some} as paid` }).press('Enter');
    await dialog.getByText(`${some} payout`).waitFor();
    await page.screenshot({ path: `${world.shots}/payouts-paid-desktop-light.png`, fullPage: true });
    await dialog.getByRole('button', { name: 'Book as paid' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.waitForFunction((some) => document.querySelectorAll('.badge-good').length === some, some);
    await sameDigits(page);
  });
  const after = await world.api(`/royalty/closes/${last}/payouts`);
  assert.deepEqual(after.items.map((it) => it.state), ['payable', ...before.items.slice(1).map(() => 'paid')]);
  const { items: deeds } = await world.api('/audit?limit=10');
  assert.ok(deeds.some((it) => it.path === '/api/v1/royalty/payouts/paid' && it.object === last && it.outcome === 'done'));
  assert.ok(deeds.some((it) => it.path.endsWith('/payouts/file')));
  await world.as('label', {}, async ({ page, go }) => {
    await go('#/balances');
    const row = page.getByRole('table', { name: 'Payouts to northern-lights' }).locator('tbody tr').first();
    await row.getByText('Paid', { exact: true }).waitFor();
    assert.deepEqual((await amounts(row)).slice(0, 1), [after.items.find((it) => it.payee === 'northern-lights').amount]);
  });
}

/** So many plays of one artist, as Spotify's account export tells them; made up. */
function history(artist, plays) {
  return Array.from({ length: plays }, (_, at) => ({ endTime: `2026-10-03 ${String(at % 24).padStart(2, '0')}:15`, artistName: artist, trackName: 'A song', msPlayed: 150_000 + at }));
}
