// How finance goes: a month from its revenue to a statement without a mouse, a contract by two people, what
// waits for a decision, and figures that are the API's.
import assert from 'node:assert/strict';
import { axe, settled } from '../browser.mjs';
import { INJECTED, monthStart, period, revenueSheet } from '../folder.mjs';
import { tabTo } from './everybody.mjs';
import { amounts, micros, sameDigits, tabUntil } from './holder.mjs';

const last = period(-1);
const called = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(monthStart(-1));

/** Each is run on a page of its own; what it changes, others may see. */
export const ways = [
  {
    name: 'finance by keyboard alone: revenue looked at and stored, dry run, close, pools, a statement',
    async run(world) {
      const own = await world.another({ open: true });
      try {
        await own.as('finance', {}, (window) => wholeMonth(own, window));
      } finally {
        await own.end();
      }
    },
  },
  {
    name: 'a contract is changed by form, and comes into force by a second person',
    async run(world) {
      let link = '';
      await world.as('finance', {}, async ({ page, go }) => {
        await go('#/contracts/comet-deal');
        await page.getByRole('link', { name: 'Propose a change' }).click();
        await page.getByLabel('Pass on 1, share').fill('25%');
        await page.getByRole('button', { name: 'Work it out' }).click();
        const table = page.getByRole('table', { name: `What ${called} pays, and would pay` });
        await table.waitFor();
        const rows = await table.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.querySelectorAll('[data-amount]')].map((it) => it.dataset.amount)));
        for (const [now, then, change] of rows) assert.equal(micros(then) - micros(now), micros(change));
        assert.ok(rows.some(([, , change]) => micros(change) > 0n), 'somebody gets more');
        await sameDigits(page);
        await page.screenshot({ path: `${world.shots}/contract-previewed-desktop-light.png`, fullPage: true });
        await page.getByRole('button', { name: 'Only check' }).click();
        await page.getByText('Changed: comet-deal.').waitFor();
        assert.match((await world.api('/royalty/terms/comet-deal')).text, /22%/, 'a check stores nothing');
        await page.getByLabel('Why').fill(`A better share ${INJECTED}`);
        await page.getByRole('button', { name: 'Propose', exact: true }).click();
        await page.getByRole('heading', { level: 1, name: /^Proposal No\./ }).waitFor();
        await settled(page);
        await page.getByText('You proposed this').waitFor();
        assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0, 'nobody approves what is their own');
        assert.equal(await page.locator('#page img').count(), 0);
        link = new URL(page.url()).hash;
      });
      await world.as('second', {}, async ({ page, go }) => {
        await go(link);
        const sides = page.getByRole('table', { name: 'comet-deal: before and after' });
        await sides.locator('.sides-removed', { hasText: '22%' }).waitFor();
        await sides.locator('.sides-added', { hasText: '25%' }).waitFor();
        await page.getByRole('button', { name: 'Approve' }).click();
        await page.getByText('Approved', { exact: true }).first().waitFor();
        await go('#/contracts/comet-deal');
        await settled(page);
        await page.screenshot({ path: `${world.shots}/contract-versions-desktop-light.png`, fullPage: true });
        await page.getByRole('table', { name: /^Revision \d+ beside revision \d+$/ }).waitFor();
        assert.match((await world.api('/royalty/terms/comet-deal')).text, /25%/);
      });
    },
  },
  {
    name: 'a contract is begun from a template by keyboard: terms, payees and lines, with faults at their fields',
    async run(world) {
      await world.as('finance', {}, async ({ page, go, expect }) => {
        expect(/422/);
        await go('#/contracts/proposals/new');
        await page.getByLabel('Template', { exact: true }).selectOption('percentage-with-advance');
        await page.getByLabel('Id of the contract').fill('low-tide-deal');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'low-tide-deal.toml' }).waitFor();
        const faults = page.locator('.contract-part [aria-invalid]');
        await page.getByText('New: low-tide-deal.').waitFor();
        // A term more, whose first field has the focus; its payee has no name yet.
        await tabTo(page, 'Add a term');
        await page.keyboard.press('Enter');
        const term = page.getByRole('group', { name: 'Term term-3', exact: true });
        await term.waitFor();
        await page.waitForFunction(() => document.activeElement?.value === 'term-3');
        await faults.first().waitFor();
        assert.equal(await faults.count(), 1);
        assert.match(await described(page, faults.first()), /must not be empty/);
        await page.screenshot({ path: `${world.shots}/contract-faults-desktop-light.png`, fullPage: true });
        await term.getByLabel('Pass on 1, payee').fill(INJECTED);
        await faults.first().waitFor();
        assert.equal(await page.locator('#page img').count(), 0);
        await term.getByLabel('Pass on 1, payee').fill('low-tide');
        await page.getByText('New: low-tide-deal.').waitFor();
        assert.equal(await faults.count(), 0);
        // Narrowed down to a country, with a commission; and a term that isn't wanted goes.
        await term.getByLabel('A line more for term term-3').selectOption('territories');
        await term.getByRole('button', { name: 'Add the line to term term-3' }).focus();
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => document.activeElement?.closest('.contract-entry')?.textContent.startsWith('Territories'));
        await page.keyboard.type('SE, NO');
        await term.getByRole('button', { name: 'Add a commission to payee 1 of term term-3' }).click();
        await term.getByLabel('Pass on 1, commissions 1, payee').fill('manager');
        await term.getByRole('button', { name: 'Add a payee to term term-3' }).click();
        await term.getByLabel('Pass on 2, payee').fill('producer');
        await page.getByRole('button', { name: 'Remove term single' }).click();
        await page.waitForFunction(() => document.activeElement?.textContent === 'Add a term');
        await page.getByRole('textbox', { name: 'Artists' }).fill('low-tide');
        await page.getByRole('group', { name: 'Term all-recordings', exact: true }).getByLabel('Pass on 1, payee').fill('low-tide');
        await page.getByRole('group', { name: 'After the pools' }).getByRole('button', { name: 'Remove reserve from account' }).click();
        await page.getByText('New: low-tide-deal.').waitFor();
        await page.screenshot({ path: `${world.shots}/contract-begun-desktop-light.png`, fullPage: true });
        assert.deepEqual(await axe(page), []);
        await page.getByRole('button', { name: 'Propose', exact: true }).click();
        await page.getByRole('heading', { level: 1, name: /^Proposal No\./ }).waitFor();
        await settled(page);
      });
      const { items } = await world.api('/royalty/terms/proposals?limit=1');
      const { text } = (await world.api(`/royalty/terms/proposals/${items[0].number}`)).changes.map(({ after }) => ({ text: after }))[0];
      for (const line of ['id = "low-tide-deal"', 'territories = ["SE", "NO"]', 'pass_on = [{ payee = "low-tide", share = "50%", commissions = [{ payee = "manager", share = "10%" }] }, { payee = "producer", share = "10%" }]', '# All that is earned pays off the advance first.']) assert.ok(text.includes(line), `${line} in ${text}`);
      for (const gone of ['"single"', 'reserve =']) assert.ok(!text.includes(gone), `${gone} in ${text}`);
    },
  },
  {
    name: 'a sheet of deals becomes contracts: faults by line, a look, a proposal, a second person',
    async run(world) {
      const sheet = (share) => `Label;Act;Their part;Start\nnorthern-lights;Low Tide;${share};2026-01-01\nsouthern-cross;${INJECTED.replaceAll('"', "'")};30%;2026-01-01\n`;
      let link = '';
      await world.as('finance', {}, async ({ page, go, expect }) => {
        expect(/422/);
        await go('#/contracts');
        await page.getByRole('link', { name: 'From a spreadsheet' }).click();
        await page.getByText('Drop a CSV here').waitFor();
        const drop = (text) => page.locator('input[type=file]').setInputFiles({ name: 'deals.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
        const map = async () => {
          await page.getByLabel('Label (needed)').waitFor();
          assert.equal(await page.getByLabel('Label (needed)').inputValue(), 'Label');
          await page.getByLabel('Artist', { exact: true }).selectOption('Act');
          await page.getByLabel('Share (needed)').selectOption('Their part');
          await page.getByLabel('From (needed)').selectOption('Start');
          await page.getByText('Still to be said: currency.').waitFor();
          await page.getByLabel('Currency (needed)').selectOption('The same in every row…');
          await page.getByLabel('Currency of every row').fill('EUR');
          await page.getByRole('button', { name: 'Make contracts of it' }).click();
        };
        await drop(sheet('half'));
        await map();
        await page.getByRole('alert').getByText('Line 2, column 3: Their part').waitFor();
        await page.screenshot({ path: `${world.shots}/contract-sheet-faults-desktop-light.png`, fullPage: true });
        await drop(sheet('50%'));
        await map();
        await page.getByRole('table', { name: 'Contracts out of the sheet' }).getByText('New').nth(1).waitFor();
        assert.equal(await page.locator('#page img').count(), 0);
        await page.getByRole('table', { name: 'Names that became ids' }).getByText('<img').waitFor();
        await page.getByRole('button', { name: 'Read northern-lights-low-tide' }).click();
        await page.getByText('share = "0.5"').waitFor();
        await page.screenshot({ path: `${world.shots}/contract-sheet-read-desktop-light.png`, fullPage: true });
        assert.deepEqual(await axe(page), []);
        await page.getByLabel('Why').fill('The spring’s deals');
        await page.getByRole('button', { name: 'Propose', exact: true }).click();
        await page.getByRole('heading', { level: 1, name: /^Proposal No\./ }).waitFor();
        await settled(page);
        link = new URL(page.url()).hash;
      });
      await world.as('second', {}, async ({ page, go }) => {
        await go(link);
        await page.getByRole('table', { name: 'northern-lights-low-tide: before and after' }).waitFor();
        await page.getByRole('button', { name: 'Reject' }).click();
        await page.getByText('Rejected', { exact: true }).first().waitFor();
      });
    },
  },
  {
    name: 'advances and rates from sheets: faults by line, a look that stores nothing, then stored',
    async run(world) {
      const paste = async (page, text) => {
        await page.getByLabel('Rows, with the heads in the first line').fill(text);
        await page.getByRole('button', { name: 'Look at what would change' }).click();
      };
      await world.as('finance', {}, async ({ page, go, expect }) => {
        expect(/422/);
        await go('#/advances');
        const before = await world.api('/royalty/advances');
        assert.deepEqual(await amounts(page.getByRole('table', { name: 'Advances and costs' })), before.items.map((it) => it.amount));
        await page.getByRole('link', { name: 'Import a sheet' }).click();
        await page.getByText('Or paste it').click();
        const heads = 'contract,payee,kind,amount,currency,on,name,note\n';
        await paste(page, `${heads}comet-deal,comet,advance,many,EUR,2026-02-01,second,\n\nnone,comet,cost,5,EUR,soon,third,\n`);
        await page.getByRole('alert').getByText('Line 2, column “amount”: “many”').waitFor();
        await page.getByRole('alert').getByText('Line 4, column “on”').waitFor();
        await page.screenshot({ path: `${world.shots}/advances-faults-desktop-light.png`, fullPage: true });
        await paste(page, `${heads}none,comet,cost,5,EUR,2026-02-01,third,\n`);
        await page.getByRole('alert').getByText('there is no such contract').waitFor();
        await paste(page, `${heads}comet-deal,comet,advance,150.00,EUR,2025-12-05,signing,"On signing ${INJECTED.replaceAll('"', '""')}"\ncomet-deal,comet,advance,7.5,EUR,2026-02-01,second,${INJECTED.replaceAll('"', "'")}\n`);
        const table = page.getByRole('table', { name: 'What would become of each row' });
        await table.getByText('As before', { exact: true }).waitFor();
        await table.getByText('Added', { exact: true }).waitFor();
        assert.equal(await page.locator('#page img').count(), 0);
        assert.equal((await world.api('/royalty/advances')).total, before.total, 'a look books nothing');
        await page.screenshot({ path: `${world.shots}/advances-looked-at-desktop-light.png`, fullPage: true });
        await page.getByRole('button', { name: 'Store 1 entry' }).click();
        await page.getByText('They are booked', { exact: true }).waitFor();
        const after = await world.api('/royalty/advances');
        assert.deepEqual([after.total, after.items[0].amount], [before.total + 1, '7.500000']);
        await page.getByRole('link', { name: 'See them' }).click();
        await page.getByText(INJECTED.replaceAll('"', "'")).waitFor();

        await go('#/rates');
        await page.getByText(INJECTED).first().waitFor();
        assert.equal(await page.locator('#page img').count(), 0);
        await page.getByLabel('Currency').selectOption('SEK');
        await page.waitForFunction(() => document.querySelectorAll('table')[1]?.querySelectorAll('tbody tr').length === 2);
        await page.getByRole('link', { name: 'Import a sheet' }).click();
        await page.getByText('Or paste it').click();
        await paste(page, 'base,quote,day,rate\nNOK,EUR,2026-01-31,0\n');
        await page.getByRole('alert').getByText('Line 2, column “rate”').waitFor();
        await paste(page, 'base,quote,day,rate\nNOK,EUR,2026-01-31,0.0881\n');
        await page.getByRole('button', { name: 'Store 1 rate' }).click();
        await page.getByText('The rates are stored', { exact: true }).waitFor();
        await page.getByRole('link', { name: 'See the rates' }).click();
        await page.getByText('0.0881').waitFor();
      });
      const { items } = await world.api('/audit?limit=20');
      const noted = items.map((it) => `${it.who === 'operator' ? 'operator' : 'somebody'} ${it.path} ${it.object}`);
      for (const wanted of ['somebody /api/v1/royalty/advances pasted.csv', 'somebody /api/v1/royalty/rates pasted.csv']) assert.ok(noted.includes(wanted), `${wanted} in ${noted}`);
    },
  },
  {
    name: 'any two versions of a contract stand beside each other',
    async run(world) {
      const { text, revisions } = await world.api('/royalty/terms/comet-deal');
      const shares = ['41%', '42%'];
      for (const share of shares) await world.api('/royalty/terms', { method: 'POST', body: JSON.stringify({ files: [{ name: 'comet.toml', text: text.replace(/share = "\d+%"/, `share = "${share}"`) }] }) });
      const known = (await world.api('/royalty/terms/comet-deal')).revisions;
      assert.equal(known.length, revisions.length + 2);
      await world.as('finance', {}, async ({ page, go }) => {
        await go('#/contracts/comet-deal');
        await page.getByLabel('Before').selectOption(String(known.at(-1).revision));
        await page.getByLabel('After').selectOption(String(known[1].revision));
        const sides = page.getByRole('table', { name: `Revision ${known.at(-1).revision} beside revision ${known[1].revision}` });
        await sides.locator('.sides-added', { hasText: '41%' }).waitFor();
        await sides.locator('.sides-removed', { hasText: '22%' }).waitFor();
      });
    },
  },
  {
    name: 'a decision that meets another is told kindly',
    async run(world) {
      const deal = (await world.api('/royalty/terms/comet-deal')).text;
      const propose = async (share) => (await world.api('/royalty/terms/proposals', { method: 'POST', body: JSON.stringify({ note: '', files: [{ name: 'comet.toml', text: deal.replace(/share = "\d+%"/, `share = "${share}%"`) }] }) })).number;
      const [first, second] = [await propose(30), await propose(31)];
      await world.as('finance', {}, async ({ page, go, expect }) => {
        expect(/409/);
        await go(`#/contracts/proposals/${second}`);
        await world.as('second', {}, async (other) => {
          await other.go(`#/contracts/proposals/${first}`);
          await other.page.getByRole('button', { name: 'Approve' }).click();
          await other.page.getByText('Approved', { exact: true }).first().waitFor();
        });
        await page.getByRole('button', { name: 'Approve' }).click();
        await page.getByRole('alert').getByText('Contracts changed in the meantime').waitFor();
        await page.getByRole('button', { name: 'Look again' }).click();
        await page.locator('.sides-removed', { hasText: '30%' }).waitFor();
        await page.getByRole('button', { name: 'Reject' }).click();
        await page.getByText('Rejected', { exact: true }).first().waitFor();
      });
    },
  },
  {
    name: 'who is paid for a recording: the terms that decide, those that don’t, and the parts',
    async run(world) {
      const found = await world.api('/royalty/terms/explain?track=harbour&right=master&territory=SE');
      await world.as('finance', {}, async ({ page, go }) => {
        await go('#/contracts');
        await page.getByRole('textbox', { name: 'Recording' }).fill('harbour');
        await page.getByRole('textbox', { name: 'Territory' }).fill('SE');
        await page.keyboard.press('Enter');
        const table = page.getByRole('table', { name: /^Who is paid of/ });
        await table.waitFor();
        assert.deepEqual(await table.locator('tbody tr td:first-child').allTextContents(), found.parts[0].leaves.map((leaf) => leaf.payee));
        const parts = (await table.locator('tbody tr td:nth-child(2)').allTextContents()).map((text) => Number.parseFloat(text));
        assert.deepEqual(parts, found.parts[0].leaves.map((leaf) => Math.round(Number.parseFloat(leaf.share) * 10_000) / 100));
        await page.getByText(/^Why \d+ other term/).click();
        await page.getByRole('table', { name: 'Terms that don’t decide' }).getByText(found.parts[0].lost[0].why.slice(1)).first().waitFor();
        await page.screenshot({ path: `${world.shots}/who-is-paid-desktop-light.png`, fullPage: true });
      });
    },
  },
  {
    name: 'plays are ruled on with a reason, by keyboard; one too late is accepted',
    async run(world) {
      const before = (await everyCase(world)).filter((it) => it.play.track_id === 'meridian');
      assert.ok(before.length > 1);
      await world.as('finance', {}, async ({ page, go }) => {
        await go('#/queues');
        // Which plays come first lies in the folder's hash key: all of them are wanted here.
        const more = page.getByRole('button', { name: 'Load more' });
        while ((await more.count()) > 0) {
          const shown = await page.locator('.case-when').allTextContents();
          await more.click();
          await page.waitForFunction((before) => [...document.querySelectorAll('.case-when')].map((it) => it.textContent).join() !== before, shown.join());
        }
        await page.locator('h1').focus();
        await tabTo(page, 'meridian');
        await page.keyboard.press('Enter');
        await tabTo(page, 'Rule on all');
        const wanted = Number.parseInt((await page.evaluate(() => document.activeElement.textContent)).replace(/\D/g, ''), 10);
        await page.keyboard.press('Enter');
        const dialog = page.getByRole('dialog', { name: 'Rule on plays' });
        await dialog.waitFor();
        await tabUntil(page, 'input[type=radio]');
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowRight');
        await tabTo(page, 'Why');
        await page.keyboard.type(`A kiosk that is known ${INJECTED}`);
        await tabTo(page, `Decide ${wanted} plays`);
        await page.keyboard.press('Enter');
        await dialog.waitFor({ state: 'detached' });
        await settled(page);
        const after = (await everyCase(world)).filter((it) => it.play.track_id === 'meridian');
        assert.equal(wanted, before.length);
        assert.equal(after.length, 0, 'reinstated plays aren’t kept back any more');
        await go('#/queues?queue=adjudication');
        await page.getByRole('button', { name: 'Decide forgotten-1' }).click();
        await page.getByRole('dialog').getByLabel('Why').fill('The phone was lost for a month.');
        await page.getByRole('dialog').getByRole('button', { name: 'Decide', exact: true }).click();
        await page.getByText('Nothing waits').waitFor();
        assert.deepEqual((await world.api('/adjudication')).items, []);
      });
    },
  },
  {
    name: 'the ledger is searched and verified; what it shows is the API’s',
    async run(world) {
      const { items } = await world.api('/ledger/entries?party=comet&limit=1000');
      const balances = await world.api('/ledger/balances?limit=100');
      await world.as('finance', {}, async ({ page, go }) => {
        await go('#/ledger');
        await page.getByRole('textbox', { name: 'Party' }).fill('comet');
        await page.keyboard.press('Enter');
        await page.waitForFunction((wanted) => document.querySelectorAll('table tbody tr').length === wanted, items.length);
        const shown = await amounts(page.getByRole('table', { name: 'Ledger entries' }));
        assert.deepEqual(shown, items.flatMap((entry) => entry.postings.map((posting) => posting.amount)));
        for (const entry of items) assert.equal(entry.postings.reduce((sum, posting) => sum + micros(posting.amount), 0n), 0n);
        await sameDigits(page);
        await go('#/ledger?view=balances');
        assert.deepEqual(await amounts(page.getByRole('table', { name: 'Balances of accounts' })), balances.items.map((it) => it.balance));
        await go('#/ledger?view=proof');
        await page.getByRole('button', { name: 'Verify the ledger' }).click();
        await page.getByText('The ledger is sound', { exact: true }).waitFor();
      });
    },
  },
  {
    name: 'models are compared: gains and losses are the API’s, and come to nothing together',
    async run(world) {
      const found = await world.api(`/royalty/comparisons?period=${last}&models=as-agreed,user-centric`);
      const gains = new Map(found.payees.map(({ name, amounts: [agreed, other] }) => [name, micros(other) - micros(agreed)]));
      await world.as('finance', {}, async ({ page, go }) => {
        await go(`#/comparison?period=${last}&models=as-agreed,user-centric`);
        const bars = await page.locator('.gains li').evaluateAll((all) => all.map((it) => [it.querySelector('.gains-name').textContent, it.querySelector('[data-amount]').dataset.amount]));
        assert.equal(bars.length, gains.size);
        for (const [name, amount] of bars) assert.equal(micros(amount), gains.get(name), name);
        assert.equal(bars.reduce((sum, [, amount]) => sum + micros(amount), 0n), 0n);
        const coming = page.waitForEvent('download');
        await page.getByRole('button', { name: 'CSV' }).click();
        assert.equal((await coming).suggestedFilename(), `comparison-${last}-payees.csv`);
        await sameDigits(page);
      });
    },
  },
  {
    name: 'the audit log says who did what; a rights holder has none of the books',
    async run(world) {
      await world.as('finance', {}, async ({ page, go }) => {
        await go('#/audit');
        await page.getByRole('table', { name: 'Audit log' }).getByText('Close a month').first().waitFor();
        await page.getByRole('table', { name: 'Audit log' }).getByText('Sign in').first().waitFor();
      });
      await world.as('holder', {}, async ({ page, go }) => {
        for (const link of ['#/closes', '#/revenue', '#/contracts', '#/comparison', '#/ledger', '#/queues', '#/audit']) {
          await page.goto('about:blank');
          await page.goto(`${world.url}/${link}`);
          await page.getByText('There is nothing here for you').waitFor();
        }
        await go('#/earnings');
        assert.equal(await page.getByRole('link', { name: 'Closes' }).count(), 0);
      });
    },
  },
];

/** From a month without revenue to a statement of it; no mouse. */
async function wholeMonth(world, { page, go, expect }) {
  expect(/4(09|22)/);
  const rowsStored = async () => (await world.api(`/royalty/revenue?period=${last}`)).rows.length;
  const main = (name) => page.getByRole('main').getByRole('heading', { name });
  await go('#/closes');
  await press(page, `Prepare ${called}`);
  await press(page, 'Try the close');
  await page.getByRole('alert').waitFor();
  await press(page, `revenue of ${called}`);
  await main('Revenue').waitFor();
  await settled(page);
  await press(page, 'Import a sheet');
  await main('Import revenue').waitFor();
  await press(page, 'Or paste it');
  await tabTo(page, 'Rows, with the heads');
  const good = revenueSheet(-1);
  await page.keyboard.insertText(good.replace(/\.\d\d,/, ',x,'));
  await press(page, 'Look at what would change');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Rows, with the heads in the first line').focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(good.replace('719.10', 'many'));
  await press(page, 'Look at what would change');
  await page.getByRole('alert').getByText('Line 4, column “gross”').waitFor();
  await page.getByLabel('Rows, with the heads in the first line').focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(good);
  await press(page, 'Look at what would change');
  const table = page.getByRole('table', { name: 'What would become of each row' });
  await table.waitFor();
  assert.equal(await table.getByText('Added', { exact: true }).count(), 3);
  assert.equal(await rowsStored(), 0, 'a look stores nothing');
  await page.screenshot({ path: `${world.shots}/revenue-looked-at-desktop-light.png`, fullPage: true });
  await press(page, 'Store 3 rows');
  await page.getByText('The revenue is stored', { exact: true }).waitFor();
  assert.equal(await rowsStored(), 3);
  await press(page, `Go to the close of ${called}`);
  await main(called).waitFor();
  await settled(page);
  await press(page, 'Try the close');
  await page.getByRole('table', { name: /by payee$/ }).waitFor();
  const [would] = await amounts(page.locator('.figure-large'));
  const changes = await page.getByRole('table', { name: /by payee$/ }).locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('[data-amount]')].map((it) => it.dataset.amount)));
  for (const [before, now, change] of changes) assert.equal(micros(now) - micros(before), micros(change));
  await page.screenshot({ path: `${world.shots}/dry-run-desktop-light.png`, fullPage: true });
  await tabBack(page, `Close ${called}`);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: `Close ${called}` }).waitFor();
  await tabTo(page, 'I have looked at');
  await page.keyboard.press('Space');
  await page.screenshot({ path: `${world.shots}/close-confirmed-desktop-light.png` });
  await press(page, 'Close the month');
  await page.getByRole('table', { name: `Pools of ${called}` }).waitFor();
  const close = await world.api(`/royalty/closes/${last}`);
  assert.equal(close.state, 'closed');
  assert.equal(close.summary.money[0].paid, would, 'the close pays what its dry run said');
  const pools = await world.api(`/royalty/closes/${last}/pools?limit=500`);
  const shown = await amounts(page.getByRole('table', { name: `Pools of ${called}` }));
  assert.deepEqual(shown.slice(0, -4), pools.items.flatMap((pool) => [pool.money, pool.allocated, pool.remainder, pool.unmatched]));
  const [money, allocated, remainder] = shown.slice(-4).map(micros);
  assert.equal(allocated + remainder, money);
  await sameDigits(page);
  await press(page, 'Verify this close');
  await page.getByText('Everything agrees', { exact: true }).waitFor();
  await page.evaluate(() => document.querySelector('h1').focus());
  await tabUntil(page, `a[href="#/statements?period=${last}"]`);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Statements' }).waitFor();
  await settled(page);
  await tabUntil(page, 'table a');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /^Statement of/ }).waitFor();
}

/** What a screen reader says of a field besides its name. */
function described(page, field) {
  return field.evaluate((element) => (element.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' '));
}

/** Goes on by Tab to what has this name, and presses Enter on it. */
async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** The other way round. */
async function tabBack(page, name) {
  for (let step = 0; step < 100; step += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.textContent?.trim().startsWith(wanted) ?? false, name)) return;
    await page.keyboard.press('Shift+Tab');
  }
  throw new Error(`Shift and Tab never come to “${name}”`);
}

/** All plays that are kept back. */
async function everyCase(world) {
  const found = [];
  let after = '';
  do {
    const page = await world.api(`/fraud?limit=200${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`);
    found.push(...page.items);
    after = page.next ?? '';
  } while (after !== '');
  return found;
}
