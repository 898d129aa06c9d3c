// What a closed month pays, and to whom; a file for the bank; and that the bank has paid.

import './payouts.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { compare } from '../../figures/decimal';
import { count, counted, month } from '../../figures/format';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Standing } from '../../parts/badge';
import { Button, Buttons } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField } from '../../parts/field';
import { Figure, Figures } from '../../parts/figure';
import { Money, Monies } from '../../parts/money';
import { Notice } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Day } from '../../parts/time';
import { requery, to } from '../../router';
import { session } from '../../session/session';
import type { ScreenProps } from '../routes';
import { BankFileDialog } from './bank-file';
import { PaidDialog } from './paid';

type Row = Shape<'PaidPayout'>;
type Month = Omit<Shape<'MonthPayouts'>, 'next'> & { whole: boolean };

const PAGE = 1000;
/** At most so many pages are read; more payouts are booked by the command. */
const PAGES_MAX = 10;

export default function PayoutsScreen({ query }: ScreenProps): JSX.Element {
  const closes = useAnswer((signal) => get('/api/v1/royalty/closes', { signal }), []);
  const closed = (closes.value?.items ?? []).filter((close) => close.state === 'closed').map((close) => close.period).sort().reverse();
  const period = query.get('period') ?? closed[0] ?? null;
  return (
    <Screen
      title="Payouts"
      note="What each close pays. It stays owed until you book that the bank has paid it."
      actions={period === null ? undefined : <SelectField label="Month" value={period} options={[...new Set([...closed, period])].map((one) => ({ value: one, label: month(one) }))} onChange={(chosen) => requery({ period: chosen })} />}
    >
      <Answered of={closes} skeleton={<Skeleton figures={3} rows={6} />}>
        {() => (period === null ? <Empty title="No month is closed yet">Once one is, what it pays stands here.</Empty> : <MonthsPayouts key={period} period={period} />)}
      </Answered>
    </Screen>
  );
}

async function all(period: string, signal: AbortSignal): Promise<Month> {
  const path = { period };
  let page = await get('/api/v1/royalty/closes/{period}/payouts', { path, query: { limit: PAGE }, signal });
  const items = [...page.items];
  for (let number = 1; number < PAGES_MAX && page.next !== null; number += 1) {
    page = await get('/api/v1/royalty/closes/{period}/payouts', { path, query: { limit: PAGE, after: page.next }, signal });
    items.push(...page.items);
  }
  return { period, totals: page.totals, items, whole: page.next === null };
}

function MonthsPayouts({ period }: { period: string }): JSX.Element {
  const payouts = useAnswer((signal) => all(period, signal), [period]);
  return (
    <Answered of={payouts} skeleton={<Skeleton figures={3} rows={6} />}>
      {(found) => (
        <>
          <Sums of={found} />
          {found.whole ? null : <Notice tone="wait">{`Shown are the first ${count(found.items.length)} payees; the command “ledgerline royalty payouts” takes all of them.`}</Notice>}
          <Payees of={found} onPaid={payouts.again} />
        </>
      )}
    </Answered>
  );
}

function Sums({ of }: { of: Month }): JSX.Element {
  const open = of.totals.reduce((sum, total) => sum + total.payouts_open, 0);
  const every = of.totals.reduce((sum, total) => sum + total.payouts, 0);
  return (
    <Figures>
      <Figure large label={`To be paid for ${month(of.period)}`} note={open === 0 ? 'everything is paid' : `to ${counted(open, 'payee')}`}>
        {of.totals.length === 0 ? <span class="faint">nothing</span> : <Monies of={of.totals.map((it) => ({ amount: it.open, currency: it.currency }))} />}
      </Figure>
      <Figure label="All payouts of the month" note={`${counted(every, 'payee')}, paid or not`}>
        <Monies of={of.totals.map((it) => ({ amount: it.amount, currency: it.currency }))} />
      </Figure>
      <Figure label="Owed by the ledger now" note="payouts of all months, and what is carried">
        <a class="figure-link" href={to(['ledger'], { view: 'balances' })}>
          <Monies of={of.totals.map((it) => ({ amount: it.payable, currency: it.currency }))} />
        </a>
      </Figure>
    </Figures>
  );
}

const keyOf = (row: Row): string => `${row.payee} ${row.currency}`;

function Payees({ of, onPaid }: { of: Month; onPaid: () => void }): JSX.Element {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asks, setAsks] = useState<'file' | 'paid' | null>(null);
  const open = of.items.filter((row) => row.state === 'payable');
  // What was paid meanwhile can't be chosen any more.
  const picked = open.filter((row) => chosen.has(keyOf(row)));
  const writes = session.value?.scopes.includes('royalty:write') ?? false;
  const choose = (row: Row, on: boolean): void => {
    const next = new Set(chosen);
    if (on) next.add(keyOf(row));
    else next.delete(keyOf(row));
    setChosen(next);
  };
  const everyone = picked.length === open.length && open.length > 0;
  return (
    <Card
      title="By payee"
      note="Choose those that the bank carried out, and book them as paid."
      flush
      aside={
        writes && open.length > 0 ? (
          <Buttons>
            <Button icon="download" onPress={() => setAsks('file')}>
              File for the bank
            </Button>
            <Button look="primary" icon="check" disabled={picked.length === 0} onPress={() => setAsks('paid')}>
              {picked.length === 0 ? 'Book as paid' : `Book ${count(picked.length)} as paid`}
            </Button>
          </Buttons>
        ) : undefined
      }
    >
      {writes && open.length > 0 ? (
        <label class="payouts-all">
          <input type="checkbox" checked={everyone} onChange={(event) => setChosen(event.currentTarget.checked ? new Set(open.map(keyOf)) : new Set())} />
          <span>Choose all that are to be paid</span>
        </label>
      ) : null}
      <Table
        caption={`Payouts of ${month(of.period)}`}
        rows={of.items}
        rowKey={keyOf}
        rowLink={(row) => to(['statements', of.period, row.payee])}
        shown={100}
        empty={<Empty title="This month pays nobody">What is owed is carried to the next, until it comes to each payee’s minimum.</Empty>}
        columns={[
          { key: 'payee', head: 'Payee', cell: (row) => row.payee },
          { key: 'amount', head: 'Amount', kind: 'figure', order: (a, b) => compare(a.amount, b.amount), cell: (row) => <Money amount={row.amount} currency={row.currency} /> },
          { key: 'state', head: 'State', cell: (row) => <Standing of={row.state} /> },
          { key: 'on', head: 'Paid on', cell: (row) => (row.paid_on === null ? '–' : <Day of={row.paid_on} />) },
          { key: 'entry', head: 'Ledger entry', kind: 'figure', cell: (row) => (row.entry === null ? '–' : count(row.entry)) },
          ...(writes
            ? [
                {
                  key: 'choose',
                  head: <span class="unseen">Chosen</span>,
                  label: 'Chosen',
                  cell: (row: Row) => (row.state === 'payable' ? <input class="payouts-choose" type="checkbox" aria-label={`Choose ${row.payee}`} checked={chosen.has(keyOf(row))} onChange={(event) => choose(row, event.currentTarget.checked)} /> : null),
                },
              ]
            : []),
        ]}
      />
      <BankFileDialog period={of.period} payouts={open.length} open={asks === 'file'} onClose={() => setAsks(null)} />
      <PaidDialog
        period={of.period}
        rows={picked}
        open={asks === 'paid'}
        onClose={(booked) => {
          setAsks(null);
          if (!booked) return;
          setChosen(new Set());
          onPaid();
        }}
      />
    </Card>
  );
}
