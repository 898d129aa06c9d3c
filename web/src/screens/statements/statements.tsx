// Every statement that this session may see, month by month.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { type Answering, useAnswer } from '../../api/answer';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField } from '../../parts/field';
import { count, month } from '../../figures/format';
import { Money, Monies } from '../../parts/money';
import { Instant } from '../../parts/time';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { requery, to } from '../../router';
import { seesAll } from '../../session/session';
import type { ScreenProps } from '../routes';

/** So many months are asked for at once. */
const MONTHS = 12;
const PAYEES_MAX = 1000;

type Statement = Shape<'Statement'>;

export default function StatementsScreen({ query }: ScreenProps): JSX.Element {
  const closes = useAnswer((signal) => get('/api/v1/royalty/closes', { signal }), []);
  const periods = (closes.value?.items ?? []).map((close) => close.period).sort().reverse();
  const all = seesAll.value;
  const chosen = query.get('period') ?? periods[0] ?? '';
  return (
    <Screen
      title="Statements"
      note="A statement of a closed month never changes. What comes to light later is an adjustment on a later one."
      actions={all && periods.length > 0 ? <SelectField label="Month" value={chosen} options={periods.map((one) => ({ value: one, label: month(one) }))} onChange={(period) => requery({ period })} /> : undefined}
    >
      <Answered of={closes} skeleton={<Skeleton rows={6} />}>
        {() =>
          periods.length === 0 ? (
            <Card title="Statements">
              <Empty title="No month is closed yet">The first statement stands here once a month has been closed.</Empty>
            </Card>
          ) : all ? (
            <OfMonth period={chosen} />
          ) : (
            <Own periods={periods} />
          )
        }
      </Answered>
    </Screen>
  );
}

function OfMonth({ period }: { period: string }): JSX.Element {
  const page = useAnswer(async (signal) => (await get('/api/v1/royalty/closes/{period}/statements', { path: { period }, query: { limit: PAYEES_MAX }, signal })).items, [period]);
  return (
    <Card title={month(period)} note="Everybody who has a statement of this month." flush>
      <Statements of={page} caption={`Statements of ${month(period)}`} columns="payee" />
    </Card>
  );
}

function Own({ periods }: { periods: readonly string[] }): JSX.Element {
  const [months, setMonths] = useState(MONTHS);
  const shown = periods.slice(0, months);
  const page = useAnswer(
    async (signal) => {
      const pages = await Promise.all(shown.map((period) => get('/api/v1/royalty/closes/{period}/statements', { path: { period }, query: { limit: PAYEES_MAX }, signal })));
      return pages.flatMap((one) => one.items);
    },
    [shown.join()],
  );
  const payees = new Set((page.value ?? []).map((statement) => statement.payee));
  return (
    <Card title="Your statements" flush>
      <Statements of={page} caption="Your statements" columns={payees.size > 1 ? 'both' : 'month'} />
      {periods.length > months ? (
        <p class="answered-more">
          <Button onPress={() => setMonths(months + MONTHS)}>Show earlier months</Button>
        </p>
      ) : null}
    </Card>
  );
}

function Statements({ of, caption, columns }: { of: Answering<Statement[]>; caption: string; columns: 'payee' | 'month' | 'both' }): JSX.Element {
  return (
    <Answered of={of}>
      {(statements) => (
        <Table
          caption={caption}
          rows={statements}
          rowKey={(statement) => `${statement.period} ${statement.payee}`}
          rowLink={(statement) => to(['statements', statement.period, statement.payee])}
          empty={<Empty title="No statement here is yours">A statement comes with the first month in which something was earned.</Empty>}
          columns={[
            ...(columns === 'month' ? [] : [{ key: 'payee', head: 'Payee', cell: (it: Statement) => it.payee }]),
            ...(columns === 'payee' ? [] : [{ key: 'month', head: 'Month', cell: (it: Statement) => month(it.period) }]),
            { key: 'earned', head: 'Earned', kind: 'figure', cell: (it) => <Monies of={it.accounts.map((account) => ({ amount: account.earned, currency: account.currency }))} /> },
            { key: 'paid', head: 'Payable', kind: 'figure', cell: (it) => <Money amount={it.payout.amount} currency={it.payout.currency} /> },
            { key: 'carried', head: 'Carried on', kind: 'figure', cell: (it) => <Monies of={it.balances.map((balance) => ({ amount: balance.closing, currency: balance.currency }))} /> },
            { key: 'lines', head: 'Lines', kind: 'figure', cell: (it) => count(it.lines) },
            { key: 'booked', head: 'Closed', cell: (it) => <Instant of={it.booked_at} /> },
          ]}
        />
      )}
    </Answered>
  );
}
