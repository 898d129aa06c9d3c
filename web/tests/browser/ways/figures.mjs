// Every amount on every screen: it is one that the API said to this page, or the sum of its column, or the
// difference of two of its row.
import assert from 'node:assert/strict';
import { SCREENS } from '../screens.mjs';
import { micros, sameDigits } from './holder.mjs';

/** Screens on which there is no amount: a new one is either here, or its amounts are looked at. */
const WITHOUT = ['sign-in', 'try', 'set-up', 'invited', 'sign-up', 'home', 'home-admin', 'listen', 'artists', 'charts', 'library', 'library-tracks', 'library-new', 'queue', 'now-playing', 'account', 'account-whole', 'people', 'person', 'overview', 'play', 'held', 'access', 'close-prepared', 'revenue-import', 'contracts', 'contract', 'contract-changed', 'contract-template', 'proposal', 'queue-held', 'queue-late', 'queue-appeals', 'audit', 'music-folder', 'ledger-proof', 'advances-import', 'rates', 'rates-import', 'contract-sheet'];
/** Screens whose amounts are reckoned by the page, and compared with the API's on a way of their own. */
const OWN_WAY = ['comparison'];
/** What a column takes from the two before it. */
const DIFFERENCES = { 'Stays with the service': ['Net revenue', 'In pools'] };

const AMOUNT = /"(-?\d+\.\d{6})"/g;

export const ways = [
  {
    name: 'every amount on every screen is one that the API said',
    async run(world) {
      let looked = 0;
      for (const { name, who, link, shows } of SCREENS.filter((it) => !WITHOUT.includes(it.name) && !OWN_WAY.includes(it.name))) {
        await world.as(who, {}, async ({ page, go }) => {
          const said = new Set();
          const answers = [];
          page.on('response', (response) => {
            if (response.url().includes('/api/')) answers.push(response.text().catch(() => ''));
          });
          await go(link);
          await page.getByText(shows, { exact: false }).first().waitFor();
          await page.locator('[data-amount]').first().waitFor().catch((error) => assert.fail(`${name} shows no amount: ${error}`));
          for (const text of await Promise.all(answers)) for (const [, amount] of text.matchAll(AMOUNT)) said.add(amount);
          const amounts = await page.evaluate(shown);
          assert.ok(amounts.length > 0, `${name} shows no amount`);
          for (const { amount, column, sums, row } of amounts) {
            if (sums !== null) assert.equal(micros(amount), sums.reduce((all, one) => all + micros(one), 0n), `${name}: the sum of ${column}`);
            else if (DIFFERENCES[column] === undefined) assert.ok(said.has(amount), `${name}: nobody said ${amount} (${column})`);
            else {
              const [from, less] = DIFFERENCES[column].map((head) => micros(row[head]));
              assert.equal(micros(amount), from - less, `${name}: ${column}`);
            }
          }
          await sameDigits(page);
          looked += amounts.length;
        });
      }
      console.log(`          ${looked} amounts on ${SCREENS.length - WITHOUT.length - OWN_WAY.length} screens`);
      const none = [...WITHOUT, ...OWN_WAY].filter((name) => !SCREENS.some((screen) => screen.name === name));
      assert.deepEqual(none, [], 'screens that there are no more');
    },
  },
];

/** Amounts as they are drawn: with their column, the others of their row, and of a foot what it sums. */
function shown() {
  const of = (cell) => cell?.querySelector('[data-amount]')?.dataset.amount;
  return [...document.querySelectorAll('#main [data-amount]')].map((element) => {
    const cell = element.closest('td');
    const tr = cell?.closest('tr');
    const row = tr === undefined || tr === null ? {} : Object.fromEntries([...tr.cells].map((one) => [one.dataset.label, of(one)]));
    const foot = cell?.closest('tfoot');
    if (foot === null || foot === undefined) return { amount: element.dataset.amount, column: cell?.dataset.label ?? '', row, sums: null };
    const rows = [...cell.closest('table').tBodies[0].rows].flatMap((one) => [...one.cells[cell.cellIndex].querySelectorAll('[data-amount]')]);
    const sums = rows.filter((one) => one.dataset.currency === element.dataset.currency).map((one) => one.dataset.amount);
    return { amount: element.dataset.amount, column: cell.dataset.label, row, sums };
  });
}
