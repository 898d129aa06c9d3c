// How a rights holder goes: from a statement to a raw report and back, with the mouse and without; what is
// shown is what the API says, to the digit; what is another's isn't there.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { settled } from '../browser.mjs';
import { INJECTED, period } from '../folder.mjs';
import { tabTo } from './everybody.mjs';

const last = period(-1);

export const ways = [
  {
    name: 'from a statement’s line to a raw report in five clicks, and up again',
    async run(world) {
      await world.as('holder', {}, async ({ page, go }) => {
        await go('#/');
        const took = [];
        const click = async (locator, shows) => {
          const begun = performance.now();
          await locator.click();
          await shows.waitFor();
          took.push(Math.round(performance.now() - begun));
        };
        const nav = page.getByRole('navigation', { name: 'Screens' });
        await click(nav.getByRole('link', { name: 'Statements' }), page.getByRole('table', { name: 'Your statements' }));
        await click(page.getByRole('table', { name: 'Your statements' }).getByRole('link').first(), page.getByRole('heading', { level: 2, name: 'Lines' }));
        const lines = page.getByRole('table', { name: /^Lines of/ });
        await click(lines.getByRole('link', { name: /explain line 1$/ }), page.getByRole('table', { name: 'Plays behind the line' }));
        await click(page.getByRole('table', { name: 'Plays behind the line' }).getByRole('link').first(), page.getByRole('table', { name: 'Raw reports of the play' }));
        console.log(`          clicks took ${took.join(', ')} ms, with the browser’s own share`);
        assert.ok(took.length <= 5);
        assert.ok((await page.getByRole('table', { name: 'Raw reports of the play' }).getByRole('row').count()) >= 2);
        await page.getByRole('table', { name: 'Lines that the play has a part in' }).getByRole('link', { name: 'comet' }).click();
        await page.getByRole('heading', { level: 1, name: /^Line / }).waitFor();
        await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: /comet$/ }).click();
        await page.getByRole('heading', { level: 1, name: /^Statement of/ }).waitFor();
      });
    },
  },
  {
    name: 'the same by keyboard alone',
    async run(world) {
      await world.as('holder', {}, async ({ page, go }) => {
        await go('#/earnings');
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
        await page.keyboard.press('Enter');
        assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
        await page.reload();
        await settled(page);
        await tabTo(page, 'Statements');
        await page.keyboard.press('Enter');
        await page.getByRole('table', { name: 'Your statements' }).waitFor();
        assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'a new screen is arrived at by its heading');
        await tabUntil(page, 'table a');
        await page.keyboard.press('Enter');
        const lines = page.getByRole('table', { name: /^Lines of/ });
        await lines.waitFor();
        await settled(page);
        await tabUntil(page, 'table a[href*="/explain/"]');
        const first = await page.evaluate(() => document.activeElement.closest('tr').rowIndex);
        await page.keyboard.press('ArrowDown');
        assert.equal(await page.evaluate(() => document.activeElement.closest('tr').rowIndex), first + 1, 'arrows go from row to row');
        await page.keyboard.press('Home');
        assert.equal(await page.evaluate(() => document.activeElement.closest('tr').rowIndex), 1);
        await page.keyboard.press('Enter');
        await page.getByRole('table', { name: 'Plays behind the line' }).waitFor();
        await tabUntil(page, 'table a');
        const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
        assert.notEqual(ring, 'none', 'what is in focus has a ring');
        await page.keyboard.press('Enter');
        await page.getByRole('table', { name: 'Raw reports of the play' }).waitFor();
      });
    },
  },
  {
    name: 'figures on a statement are those of the API, to the digit',
    async run(world) {
      const statement = await world.api(`/royalty/closes/${last}/statements/comet`);
      const { items } = await world.api(`/royalty/closes/${last}/statements/comet/lines?limit=1000`);
      await world.as('holder', {}, async ({ page, go }) => {
        await go(`#/statements/${last}/comet`);
        const shown = await amounts(page.getByRole('table', { name: /^Lines of/ }));
        assert.deepEqual(shown.slice(0, -1), items.map((line) => line.amount));
        assert.equal(micros(shown.at(-1)), items.reduce((sum, line) => sum + micros(line.amount), 0n));
        const [paid] = await amounts(page.locator('.figure-large'));
        assert.equal(paid, statement.payout.amount);
        const balances = await amounts(page.getByRole('table', { name: 'Balances', exact: true }));
        const { opening, due, exchanged, paid: out, closing } = statement.balances[0];
        assert.deepEqual(balances, [opening, due, exchanged, out, closing]);
        assert.equal(micros(opening) + micros(due), micros(exchanged) + micros(out) + micros(closing));
        await sameDigits(page);
      });
    },
  },
  {
    name: 'figures on earnings, balances and a line are those of the API',
    async run(world) {
      const earned = await world.api(`/royalty/earnings?period=${last}&party=comet&by=territory`);
      const balances = await world.api('/ledger/balances?party=comet');
      const line = await world.api(`/royalty/closes/${last}/statements/comet/lines/1?plays=100`);
      await world.as('holder', {}, async ({ page, go }) => {
        await go(`#/earnings?period=${last}&by=territory`);
        assert.equal((await amounts(page.locator('.figure-large')))[0], earned.totals[0].amount);
        assert.deepEqual(await amounts(page.getByRole('table', { name: /by territory$/ })), earned.rows.map((row) => row.amount));
        await sameDigits(page);
        await go('#/balances');
        const payable = balances.items.find((it) => it.kind === 'payable');
        assert.equal((await amounts(page.locator('.figure-large')))[0], payable.balance);
        await sameDigits(page);
        await go(`#/explain/${last}/comet/1`);
        assert.equal((await amounts(page.locator('.figure-large')))[0], line.line.amount);
        assert.equal(await page.getByRole('table', { name: 'Plays behind the line' }).locator('tbody tr').count(), Math.min(10, line.plays.length));
        await sameDigits(page);
      });
    },
  },
  {
    name: 'what somebody put into a title or a name is seen, not run',
    async run(world) {
      await world.as('holder', {}, async ({ page, go }) => {
        for (const link of [`#/earnings?period=${last}`, `#/statements/${last}/comet`]) {
          await go(link);
          await page.getByText(INJECTED).first().waitFor();
          assert.equal(await page.locator('#page img, #page b').count(), 0);
          assert.notEqual(await page.title(), 'run');
        }
      });
    },
  },
  {
    name: 'the statement of another isn’t there',
    async run(world) {
      await world.as('holder', {}, async ({ page, go, expect }) => {
        expect(/40[34]/);
        await go(`#/statements/${last}/northern-lights`);
        await page.getByRole('alert').waitFor();
        assert.equal(await page.locator('[data-amount]').count(), 0);
        await go(`#/explain/${last}/northern-lights/1`);
        await page.getByRole('alert').waitFor();
        assert.equal(await page.locator('[data-amount]').count(), 0);
        await go('#/overview');
        await page.getByText('There is nothing here for you').waitFor();
      });
    },
  },
  {
    name: 'an appeal is opened by keyboard; Esc takes it back first',
    async run(world) {
      await world.as('holder', {}, async ({ page, go }) => {
        await go('#/held');
        await tabUntil(page, 'summary');
        await page.keyboard.press('Enter');
        await tabTo(page, 'Appeal');
        await page.keyboard.press('Enter');
        await page.getByRole('dialog', { name: 'Appeal' }).waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Appeal', 'the focus goes back to where it was');
        await page.keyboard.press('Enter');
        await tabTo(page, 'Why');
        await page.keyboard.type(`A shop plays the record all day. ${INJECTED}`);
        await tabTo(page, 'Open the appeal');
        await page.keyboard.press('Enter');
        await page.getByRole('table', { name: 'Appeals' }).getByText('No. 1').waitFor();
        await page.getByRole('table', { name: 'Appeals' }).getByRole('link', { name: 'No. 1' }).click();
        await page.getByText(INJECTED).waitFor();
        assert.equal(await page.locator('#page img').count(), 0);
      });
    },
  },
  {
    name: 'a statement is printed and downloaded, with the same figures',
    async run(world) {
      const { items } = await world.api(`/royalty/closes/${last}/statements/comet/lines?limit=1000`);
      await world.as('holder', {}, async ({ page, go }) => {
        await go(`#/statements/${last}/comet`);
        const coming = page.waitForEvent('download');
        await page.getByRole('link', { name: 'CSV' }).click();
        const sheet = await readFile(await (await coming).path(), 'utf8');
        for (const line of items) assert.ok(sheet.includes(line.amount), `the sheet lacks ${line.amount}`);
        await page.emulateMedia({ media: 'print' });
        assert.equal(await page.getByRole('navigation', { name: 'Screens' }).isVisible(), false);
        await page.pdf({ path: `${world.shots}/statement-printed.pdf`, format: 'A4' });
      });
    },
  },
];

/** The API's strings behind the amounts that are shown, in order. */
export async function amounts(within) {
  await within.first().waitFor();
  return within.first().locator('[data-amount]').evaluateAll((all) => all.map((it) => it.dataset.amount));
}

/** What is written has the digits of what the API said, whatever marks and zeros stand around them. */
export async function sameDigits(page) {
  const all = await page.locator('[data-amount]').evaluateAll((found) => found.map((it) => [it.dataset.amount, it.textContent]));
  assert.ok(all.length > 0);
  for (const [amount, text] of all) {
    const digits = (written) => written.replace(/[^0-9]/g, '').replace(/^0+/, '');
    assert.equal(digits(text), digits(amount), `“${text}” is shown for ${amount}`);
    assert.equal(/[-−]/.test(text), amount.startsWith('-') && /[1-9]/.test(amount), `the sign of “${text}”, ${amount}`);
  }
}

export function micros(amount) {
  return BigInt(amount.replace('.', ''));
}

/** Presses Tab until the focus is on what fits; a hundred times at most. */
export async function tabUntil(page, selector) {
  for (let press = 0; press < 100; press += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
  }
  throw new Error(`Tab never comes to ${selector}`);
}
