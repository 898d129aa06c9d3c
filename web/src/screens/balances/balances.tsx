// What a party has on its accounts, what was paid, and every entry behind it.

import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { useAnswer, usePages } from '../../api/answer';
import { sign } from '../../figures/decimal';
import { month, title } from '../../figures/format';
import { Answered, AnsweredPages, Empty, Skeleton } from '../../parts/answered';
import { Standing } from '../../parts/badge';
import { Card } from '../../parts/card';
import { Hash } from '../../parts/code';
import { Figure, Figures } from '../../parts/figure';
import { Money, Monies } from '../../parts/money';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Day } from '../../parts/time';
import { to } from '../../router';
import { PayeeField, usePayees } from '../../session/payee';

const ENTRIES = 50;
const ACCOUNTS_MAX = 1000;
const MONTHS = 24;
const MONTHS_RECOUPED = 12;
/** An account that has none of these has nothing to recoup, and no reserve. */
const RECOUPED = ['advance', 'advance_open', 'costs', 'costs_open', 'held', 'released', 'drawn', 'reserve'] as const;

type Balance = Shape<'LedgerBalance'>;
type Entry = Shape<'LedgerEntry'>;

/** What an account is for, in the order in which they are shown. */
const KINDS: readonly (readonly [Balance['kind'], string])[] = [
  ['payable', 'owed to you, and not paid yet'],
  ['paid', 'paid out'],
  ['earned', 'earned, and not yet due'],
  ['advance', 'advances that are still to be recouped'],
  ['reserve', 'held in reserve for corrections'],
  ['held', 'held until a question is settled'],
  ['withheld', 'tax withheld'],
];

export default function BalancesScreen(): JSX.Element {
  const payees = usePayees();
  const payee = payees.value?.chosen ?? null;
  return (
    <Screen title="Balances" note="What is owed, advanced, held back and paid, as the ledger has it." actions={payees.value === undefined ? undefined : <PayeeField of={payees.value} />}>
      <Answered of={payees} skeleton={<Skeleton figures={3} rows={6} />}>
        {() =>
          payee === null ? (
            <Empty title="Nobody has a balance yet">Once a month is closed, those who are owed something stand here.</Empty>
          ) : (
            <>
              <Accounts party={payee} />
              <Payouts party={payee} />
              <Recoupment party={payee} />
              <Entries party={payee} />
            </>
          )
        }
      </Answered>
    </Screen>
  );
}

function Accounts({ party }: { party: string }): JSX.Element {
  const balances = useAnswer((signal) => get('/api/v1/ledger/balances', { query: { party, limit: ACCOUNTS_MAX }, signal }), [party]);
  return (
    <Answered of={balances} skeleton={<Skeleton figures={3} rows={0} />}>
      {({ items }) => {
        const shown = KINDS.filter(([kind]) => kind === 'payable' || items.some((it) => it.kind === kind && sign(it.balance) !== 0));
        return (
          <Figures>
            {shown.map(([kind, what]) => {
              const of = items.filter((it) => it.kind === kind);
              return (
                <Figure key={kind} large={kind === 'payable'} label={title(kind)} note={what}>
                  {of.length === 0 ? <span class="faint">nothing</span> : <Monies of={of.map((it) => ({ amount: it.balance, currency: it.currency }))} />}
                </Figure>
              );
            })}
          </Figures>
        );
      }}
    </Answered>
  );
}

/** What each close pays, and whether the bank has carried it out. */
function Payouts({ party }: { party: string }): JSX.Element {
  const payouts = usePages((after: string | undefined, signal) => get('/api/v1/royalty/payouts', { query: { party, limit: MONTHS, ...(after === undefined ? {} : { after }) }, signal }), [party]);
  return (
    <Card title="Payouts" note="What each close pays, whether it was paid, and what is carried on." flush>
      <AnsweredPages of={payouts}>
        {(items) => (
          <Table
            caption={`Payouts to ${party}`}
            rows={items}
            rowKey={(it) => it.period}
            rowLink={(it) => to(['statements', it.period, party])}
            empty={<Empty title="Nothing was paid yet">Once a month is closed, what it pays stands here.</Empty>}
            columns={[
              { key: 'period', head: 'Statement of', cell: (it) => month(it.period) },
              { key: 'amount', head: 'Amount', kind: 'figure', cell: (it) => <Money amount={it.amount} currency={it.currency} /> },
              { key: 'state', head: 'State', cell: (it) => <Standing of={it.state} /> },
              { key: 'on', head: 'Paid on', cell: (it) => (it.paid_on === null ? '–' : <Day of={it.paid_on} />) },
              { key: 'carried', head: 'Carried on', kind: 'figure', cell: (it) => <Monies of={it.carried} /> },
              { key: 'reason', head: 'Note', kind: 'wide', cell: (it) => it.reason ?? '' },
            ]}
          />
        )}
      </AnsweredPages>
    </Card>
  );
}

interface Recouped {
  period: string;
  account: Shape<'StatementAccount'>;
}

/** Advances and costs: what each month took for them and what is left; and what is held in reserve. */
function Recoupment({ party }: { party: string }): JSX.Element {
  const accounts = useAnswer(
    async (signal) => {
      const { items } = await get('/api/v1/royalty/payouts', { query: { party, limit: MONTHS_RECOUPED }, signal });
      const statements = await Promise.all(items.map(({ period }) => get('/api/v1/royalty/closes/{period}/statements/{payee}', { path: { period, payee: party }, signal })));
      return statements.flatMap((statement) => statement.accounts.map((account) => ({ period: statement.period, account })));
    },
    [party],
  );
  const money = (key: 'advance' | 'advance_open' | 'costs' | 'costs_open' | 'held' | 'released' | 'reserve', head: string) => ({
    key,
    head,
    kind: 'figure' as const,
    cell: ({ account }: Recouped) => <Money amount={account[key]} currency={account.currency} />,
  });
  return (
    <Card title="Advances, costs and reserves" note={`What of your earnings went to recoup them, and what was left after it. The newest ${MONTHS_RECOUPED} statements.`} flush>
      <Answered of={accounts}>
        {(rows) => (
          <Table
            caption={`Advances, costs and reserves of ${party}`}
            rows={rows.filter(({ account }) => RECOUPED.some((key) => sign(account[key]) !== 0))}
            rowKey={({ period, account }) => `${period} ${account.contract} ${account.currency}`}
            rowLink={({ period }) => to(['statements', period, party])}
            empty={<Empty title="No advance, no costs, no reserve">Where a contract has some, what was recouped and what is left stand here by month.</Empty>}
            columns={[
              { key: 'period', head: 'Statement of', cell: ({ period }) => month(period) },
              { key: 'contract', head: 'Contract', cell: ({ account }) => account.contract },
              money('advance', 'Advance recouped'),
              money('advance_open', 'Advance left'),
              money('costs', 'Costs recouped'),
              money('costs_open', 'Costs left'),
              money('held', 'Put in reserve'),
              money('released', 'Freed of it'),
              money('reserve', 'In reserve'),
            ]}
          />
        )}
      </Answered>
    </Card>
  );
}

function Entries({ party }: { party: string }): JSX.Element {
  const entries = usePages((after: string | undefined, signal) => get('/api/v1/ledger/entries', { query: { party, limit: ENTRIES, ...(after === undefined ? {} : { after }) }, signal }), [party]);
  return (
    <Card title="Entries" note="Each with the hash that ties it to the one before. None is ever changed." flush>
      <AnsweredPages of={entries}>
        {(items) => (
          <Table
            caption={`Ledger entries of ${party}`}
            rows={items}
            rowKey={(entry) => entry.seq}
            empty={<Empty title="No entry yet" />}
            columns={[
              { key: 'effective', head: 'Day', cell: (entry) => <Day of={entry.effective} /> },
              { key: 'reason', head: 'Reason', cell: (entry) => title(entry.reason) },
              { key: 'note', head: 'Note', kind: 'wide', cell: (entry) => entry.note || entry.key },
              { key: 'postings', head: 'Postings', kind: 'figure', cell: (entry) => <Postings of={entry} party={party} /> },
              { key: 'hash', head: 'Hash', cell: (entry) => <Hash of={entry.hash} what="the entry’s hash" shown={10} /> },
            ]}
          />
        )}
      </AnsweredPages>
    </Card>
  );
}

/** The party's own sides of an entry: `party:comet/EUR/payable`. */
function Postings({ of, party }: { of: Entry; party: string }): JSX.Element {
  const own = of.postings.filter((posting) => posting.account.startsWith(`party:${party}/`));
  return (
    <span class="monies">
      {own.map((posting) => {
        const [, currency = '', kind = ''] = posting.account.split('/');
        return (
          <span key={posting.account}>
            <span class="faint">{kind}</span> <Money signed amount={posting.amount} currency={currency} />
          </span>
        );
      })}
    </span>
  );
}
