// All closes, and the month that comes next.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { count, month } from '../../figures/format';
import { running, shifted, upTo } from '../../figures/months';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Standing } from '../../parts/badge';
import { LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField } from '../../parts/field';
import { Monies } from '../../parts/money';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Instant } from '../../parts/time';
import { to } from '../../router';
import './closes.css';

/** A service that closes for the first time may have so many months to begin with. */
const FIRST_MONTHS = 24;

type Close = Shape<'Close'>;

export default function ClosesScreen(): JSX.Element {
  const closes = useAnswer((signal) => get('/api/v1/royalty/closes', { signal }), []);
  return (
    <Screen title="Closes" note="A close turns a month’s plays into statements and ledger entries, once and for good.">
      <Answered of={closes} skeleton={<Skeleton rows={6} />}>
        {({ items }) => {
          const known = [...items].sort((a, b) => (a.period < b.period ? 1 : -1));
          return (
            <>
              <Next after={known.find((close) => close.state === 'closed')?.period ?? null} />
              <Card title="Closed months" flush>
                <Known of={known} />
              </Card>
            </>
          );
        }}
      </Answered>
    </Screen>
  );
}

/** Months are closed one after another; only the first can be chosen. */
function Next({ after }: { after: string | null }): JSX.Element {
  const now = running();
  const [first, setFirst] = useState(shifted(now, -1));
  const period = after === null ? first : shifted(after, 1);
  const over = period < now;
  return (
    <Card
      title={after === null ? 'The first close' : `Next: ${month(period)}`}
      note={over ? 'Look first at what it would come to: a dry run changes nothing.' : `It goes on until the end of ${month(period)}, UTC, and can be closed then.`}
    >
      <div class="close-next">
        {after === null ? <SelectField label="Month to begin with" hint="Months before it are never closed." value={first} options={upTo(shifted(now, -1), FIRST_MONTHS).map((one) => ({ value: one, label: month(one) }))} onChange={setFirst} /> : null}
        {over ? (
          <LinkButton look="primary" icon="close" href={to(['closes', period])}>
            Prepare {month(period)}
          </LinkButton>
        ) : (
          <LinkButton href={to(['earnings'], { period })}>See the estimate of {month(period)}</LinkButton>
        )}
      </div>
    </Card>
  );
}

function Known({ of }: { of: readonly Close[] }): JSX.Element {
  const money = (close: Close, which: 'net' | 'pools' | 'paid'): JSX.Element => <Monies of={(close.summary?.money ?? []).map((it) => ({ amount: it[which], currency: it.currency }))} />;
  return (
    <Table
      caption="Closed months"
      rows={of}
      rowKey={(close) => close.period}
      rowLink={(close) => to(['closes', close.period])}
      empty={<Empty title="No month is closed yet">The first close stands here once it is made.</Empty>}
      columns={[
        { key: 'period', head: 'Month', cell: (close) => month(close.period) },
        { key: 'state', head: 'State', cell: (close) => <Standing of={close.state} /> },
        { key: 'booked', head: 'Booked', cell: (close) => <Instant of={close.booked_at} /> },
        { key: 'plays', head: 'Counted plays', kind: 'figure', cell: (close) => (close.summary === null || close.summary === undefined ? '–' : count(close.summary.plays)) },
        { key: 'payees', head: 'Payees', kind: 'figure', cell: (close) => (close.summary === null || close.summary === undefined ? '–' : count(close.summary.payees)) },
        { key: 'net', head: 'Net revenue', kind: 'figure', cell: (close) => money(close, 'net') },
        { key: 'pools', head: 'Pools', kind: 'figure', cell: (close) => money(close, 'pools') },
        { key: 'paid', head: 'Payable', kind: 'figure', cell: (close) => money(close, 'paid') },
      ]}
    />
  );
}

