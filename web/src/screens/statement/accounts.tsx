// How what was earned becomes what is credited, account by account: every step is one line, and both
// halves come to the same.

import type { JSX } from 'preact';
import type { Shape } from '../../api/client';
import { sign, sum } from '../../figures/decimal';
import { Card } from '../../parts/card';
import { Money } from '../../parts/money';
import { Table } from '../../parts/table';

type Account = Shape<'StatementAccount'>;

interface Step {
  label: string;
  amount: string;
  note?: string;
}

export function Accounts({ of }: { of: Shape<'Statement'> }): JSX.Element {
  return (
    <>
      {of.accounts.map((account) => (
        <Card key={`${account.contract} ${account.currency}`} title={`From earned to credited: ${account.contract}`} note={`In ${account.currency}. What is added and what is taken come to what is left.`} flush>
          <Table
            dense
            caption={`Account ${account.contract} in ${account.currency}`}
            rows={steps(account)}
            rowKey={(step) => step.label}
            columns={[
              { key: 'label', head: 'Step', cell: (step) => step.label },
              { key: 'note', head: 'Note', kind: 'wide', cell: (step) => step.note ?? '' },
              { key: 'amount', head: account.currency, kind: 'figure', cell: (step) => <Money bare amount={step.amount} currency={account.currency} /> },
            ]}
            foot={['Credited', account.credited === account.due ? null : dueNote(account), <Money key="c" bare amount={account.credited} currency={account.currency} />]}
          />
        </Card>
      ))}
    </>
  );
}

function dueNote(account: Account): JSX.Element {
  return (
    <span class="soft">
      due now: <Money bare amount={account.due} currency={account.currency} />, waiting for the accounting period’s end: <Money bare amount={account.pending} currency={account.currency} />
    </span>
  );
}

/** Zero steps are left out, but for what was earned. */
function steps(account: Account): Step[] {
  const withheld = Object.entries(account.withheld);
  const all: Step[] = [
    { label: 'Earned', amount: account.earned, note: 'the month’s own lines' },
    { label: 'Adjusted', amount: account.adjusted, note: 'lines of earlier months' },
    { label: 'Topped up', amount: account.topped_up, note: 'to a guaranteed minimum' },
    { label: 'Released from the reserve', amount: account.released },
    { label: 'Drawn from the reserve', amount: account.drawn, note: 'for a correction' },
    { label: 'Costs recouped', amount: below(account.costs), note: open(account.costs_open, 'still to be recouped') },
    { label: 'Advance recouped', amount: below(account.advance), note: open(account.advance_open, 'still to be recouped') },
    { label: 'Tax withheld', amount: below(sum(withheld.map(([, amount]) => amount))), note: withheld.map(([territory, amount]) => `${territory} ${amount}`).join(', ') },
    { label: 'Held in reserve', amount: below(account.held), note: open(account.reserve, 'in the reserve now') },
  ];
  return all.filter((step, at) => at === 0 || sign(step.amount) !== 0);
}

/** The same, taken away. */
function below(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : sign(amount) === 0 ? amount : `-${amount}`;
}

function open(amount: string, what: string): string {
  return sign(amount) === 0 ? '' : `${amount} ${what}`;
}
