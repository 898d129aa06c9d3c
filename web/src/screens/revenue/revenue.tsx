// Revenue as it is known now, month by month, and where each row came from.

import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { compare, sum } from '../../figures/decimal';
import { count, month, territory, title } from '../../figures/format';
import { running, shifted, upTo } from '../../figures/months';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField } from '../../parts/field';
import { Figure, Figures } from '../../parts/figure';
import { Money, Monies } from '../../parts/money';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Day } from '../../parts/time';
import { requery, to } from '../../router';
import { may } from '../../session/session';
import type { ScreenProps } from '../routes';

/** So many months can be chosen. */
const MONTHS = 36;

type Row = Shape<'RevenueRow'>;
type Sum = Shape<'RevenueSum'>;

export default function RevenueScreen({ query }: ScreenProps): JSX.Element {
  const closes = useAnswer((signal) => get('/api/v1/royalty/closes', { signal }), []);
  const chosen = query.get('period') ?? (closes.value === undefined ? null : due(closes.value.items));
  const months = upTo(running(), MONTHS);
  const listed = chosen === null || months.includes(chosen) ? months : [chosen, ...months];
  return (
    <Screen
      title="Revenue"
      note="What each month earned, by territory and tier. It fills the pools of that month’s close."
      actions={
        <>
          {chosen === null ? null : <SelectField label="Month" value={chosen} options={listed.map((one) => ({ value: one, label: month(one) }))} onChange={(period) => requery({ period })} />}
          {may('royalty:write') ? (
            <LinkButton look="primary" icon="revenue" href={to(['revenue', 'import'])}>
              Import a sheet
            </LinkButton>
          ) : null}
        </>
      }
    >
      {chosen === null ? (
        <Answered of={closes} skeleton={<Skeleton figures={2} rows={6} />}>
          {() => null}
        </Answered>
      ) : (
        <Known period={chosen} />
      )}
    </Screen>
  );
}

/** The month that is to be closed next: its revenue is what somebody comes for. */
function due(closes: readonly Shape<'Close'>[]): string {
  const last = closes.filter((close) => close.state === 'closed').map((close) => close.period).sort().at(-1);
  const next = last === undefined ? shifted(running(), -1) : shifted(last, 1);
  return next > running() ? running() : next;
}

/** One month at a time: with a row for each listener, all of them would be a lot. */
function Known({ period }: { period: string }): JSX.Element {
  const known = useAnswer((signal) => get('/api/v1/royalty/revenue', { query: { period }, signal }), [period]);
  return (
    <Answered of={known} skeleton={<Skeleton figures={2} rows={6} />}>
      {({ rows, sums }) => (
        <>
          <OfMonth period={period} sums={sums} />
          <Card title={`Rows of ${month(period)}`} flush>
            <Rows of={rows} period={period} />
          </Card>
        </>
      )}
    </Answered>
  );
}

function OfMonth({ period, sums }: { period: string; sums: readonly Sum[] }): JSX.Element {
  return (
    <Figures>
      <Figure large label={`Net revenue of ${month(period)}`}>
        {sums.length === 0 ? <span class="faint">none yet</span> : <Monies of={sums.map((it) => ({ amount: it.net ?? '0', currency: it.currency }))} />}
      </Figure>
      <Figure label="Rows">{count(sums.reduce((all, it) => all + it.rows, 0))}</Figure>
    </Figures>
  );
}

function Rows({ of, period }: { of: readonly Row[]; period: string }): JSX.Element {
  const amount = (which: 'gross' | 'tax' | 'store_fee' | 'refunds') => (row: Row) => <Money amount={row[which]} currency={row.currency} />;
  return (
    <Table
      caption={`Revenue of ${month(period)}`}
      rows={of}
      rowKey={(row) => `${row.territory} ${row.tier} ${row.listener} ${row.plan} ${row.currency} ${row.correction}`}
      shown={100}
      empty={<Empty title="This month has no revenue yet">Import a sheet with a row for each territory and tier. Without revenue its plays can’t be paid.</Empty>}
      columns={[
        { key: 'where', head: 'Territory', cell: (row) => (row.territory === null ? 'Any' : territory(row.territory)) },
        { key: 'tier', head: 'Tier', cell: (row) => (row.tier === null ? 'Any' : title(row.tier)) },
        { key: 'plan', head: 'Plan', cell: (row) => (row.listener === null ? title(row.plan) : `${title(row.plan)}, ${row.listener}`) },
        { key: 'subscribers', head: 'Subscribers', kind: 'figure', order: (a, b) => a.subscribers - b.subscribers, cell: (row) => count(row.subscribers) },
        { key: 'gross', head: 'Gross', kind: 'figure', order: (a, b) => compare(a.gross, b.gross), cell: amount('gross') },
        { key: 'tax', head: 'Tax', kind: 'figure', cell: amount('tax') },
        { key: 'store', head: 'Store fee', kind: 'figure', cell: amount('store_fee') },
        { key: 'refunds', head: 'Refunds', kind: 'figure', cell: amount('refunds') },
        { key: 'net', head: 'Net', kind: 'figure', order: (a, b) => compare(a.net ?? '0', b.net ?? '0'), cell: (row) => (row.net === null ? '–' : <Money amount={row.net} currency={row.currency} />) },
        { key: 'file', head: 'From', cell: (row) => <From row={row} /> },
      ]}
      {...(of.length === 0 ? {} : { foot: ['Sum', null, null, null, <Monies key="g" of={sums(of, 'gross')} />, <Monies key="t" of={sums(of, 'tax')} />, <Monies key="s" of={sums(of, 'store_fee')} />, <Monies key="r" of={sums(of, 'refunds')} />, <Monies key="n" of={sums(of, 'net')} />, null] })}
    />
  );
}

function From({ row }: { row: Row }): JSX.Element {
  return (
    <span>
      {row.file.name}
      {row.correction === null ? null : <span class="soft">, corrects {row.correction}</span>}
      <br />
      <span class="faint small">
        revision {row.revision}, <Day of={row.imported_at} />
      </span>
    </span>
  );
}

function sums(of: readonly Row[], which: 'gross' | 'tax' | 'store_fee' | 'refunds' | 'net'): { amount: string; currency: string }[] {
  const currencies = [...new Set(of.map((row) => row.currency))].sort();
  return currencies.map((currency) => ({ currency, amount: sum(of.filter((row) => row.currency === currency).map((row) => row[which] ?? '0')) }));
}
