// What somebody earned: the running month as an estimate, closed months to the last digit, by what
// earned it, and on which days it was heard.

import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { compare, tenThousandths } from '../../figures/decimal';
import { count, day, instant, month, percent, territory, title } from '../../figures/format';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { Bar } from '../../parts/bar';
import { LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { ColumnChart } from '../../parts/chart';
import { Choices, SelectField } from '../../parts/field';
import { Figure, Figures } from '../../parts/figure';
import { Money, Monies } from '../../parts/money';
import { Notice } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { type Column, Table } from '../../parts/table';
import { requery, to } from '../../router';
import { PayeeField, usePayees } from '../../session/payee';
import type { ScreenProps } from '../routes';

type MonthEarnings = Shape<'MonthEarnings'>;
type EarnedRow = Shape<'EarnedRow'>;

const BY = [
  { value: 'recording', label: 'Track' },
  { value: 'release', label: 'Release' },
  { value: 'territory', label: 'Territory' },
  { value: 'tier', label: 'Tier' },
  { value: 'right', label: 'Right' },
  { value: 'model', label: 'Model' },
] as const;
type By = (typeof BY)[number]['value'];

export default function EarningsScreen({ query }: ScreenProps): JSX.Element {
  const payees = usePayees();
  const closes = useAnswer((signal) => get('/api/v1/royalty/closes', { signal }), []);
  const closed = (closes.value?.items ?? []).map((close) => close.period).sort().reverse();
  const running = new Date().toISOString().slice(0, 7);
  const payee = payees.value?.chosen ?? null;
  const named = query.get('period');
  const played = useAnswer((signal) => lastPlayed(named === null ? closed : [], payee, signal), [named, closed.join(), payee]);
  const period = named ?? played.value ?? closed[0] ?? running;
  const periods = [...new Set([running, ...closed, period])].sort().reverse();
  return (
    <Screen
      title="Earnings"
      note="What your recordings and works earned. Click any amount to see where it comes from."
      actions={
        <>
          {payees.value === undefined ? null : <PayeeField of={payees.value} />}
          <SelectField
            label="Month"
            value={period}
            options={periods.map((one) => ({ value: one, label: closed.includes(one) ? month(one) : `${month(one)} (estimate)` }))}
            onChange={(chosen) => requery({ period: chosen })}
          />
        </>
      }
    >
      <Answered of={closes} skeleton={<Skeleton figures={3} rows={6} />}>
        {() => (
          <Answered of={payees} skeleton={<Skeleton figures={3} rows={6} />}>
            {() =>
              named === null && played.value === undefined && played.refusal === undefined ? (
                <Skeleton figures={3} rows={6} />
              ) : payee === null ? (
                <Empty title="Nobody has earned anything yet">Once a month is closed, those who are paid for it stand here.</Empty>
              ) : (
                <Earned payee={payee} period={period} running={running} by={byOf(query.get('by'))} />
              )
            }
          </Answered>
        )}
      </Answered>
    </Screen>
  );
}

/** So many closed months are looked at for one in which somebody was played. */
const MONTHS_LOOKED_AT = 3;

/** The newest closed month in which somebody's recordings were played: a month of adjustments alone is no place to begin. */
async function lastPlayed(closed: readonly string[], party: string | null, signal: AbortSignal): Promise<string | null> {
  if (party === null) return null;
  for (const period of closed.slice(0, MONTHS_LOOKED_AT)) {
    const { rows } = await get('/api/v1/royalty/earnings', { query: { period, party, by: 'recording' }, signal });
    if (rows.some((row) => row.plays > 0)) return period;
  }
  return closed[0] ?? null;
}

function byOf(word: string | null): By {
  return BY.find((one) => one.value === word)?.value ?? 'recording';
}

function Earned({ payee, period, running, by }: { payee: string; period: string; running: string; by: By }): JSX.Element {
  const earned = useAnswer((signal) => get('/api/v1/royalty/earnings', { query: { period, party: payee, by }, signal }), [payee, period, by]);
  const days = useAnswer((signal) => get('/api/v1/royalty/earnings/days', { query: { period, party: payee }, signal }), [payee, period]);
  const closed = earned.value?.state === 'closed';
  return (
    <>
      <Answered of={earned} skeleton={<Skeleton figures={2} rows={1} />}>
        {(sums) => (
          <Figures>
            <Figure
              large
              label={
                <>
                  Earned in {month(period)} {closed ? <Badge tone="good">Closed</Badge> : <Badge tone="wait">Estimate</Badge>}
                </>
              }
              note={closed ? `booked ${instant(sums.as_of)}; it never changes` : `as of ${instant(sums.as_of)}; it changes until the month is closed`}
            >
              {sums.totals.length === 0 ? (
                <span class="faint">nothing yet</span>
              ) : closed ? (
                <a class="figure-link" href={to(['statements', period, payee])}>
                  <Monies of={sums.totals} />
                </a>
              ) : (
                <Monies of={sums.totals} />
              )}
            </Figure>
            {sums.totals.some((total) => compare(total.adjusted, '0') !== 0) ? (
              <Figure label="Of it, adjustments" note="corrections of earlier months">
                <a class="figure-link" href={to(['statements', period, payee], { lines: 'adjustments' })}>
                  <Monies signed of={sums.totals.map(({ currency, adjusted }) => ({ currency, amount: adjusted }))} />
                </a>
              </Figure>
            ) : null}
            <Figure label="Counted plays" note={days.value === undefined ? undefined : 'of the recordings that it has lines of'}>
              {days.value === undefined ? (
                '…'
              ) : closed ? (
                <a class="figure-link" href={to(['statements', period, payee])}>
                  <span data-figure="plays">{count(days.value.plays)}</span>
                </a>
              ) : (
                <span data-figure="plays">{count(days.value.plays)}</span>
              )}
            </Figure>
            {period === running ? null : <Running payee={payee} period={running} />}
          </Figures>
        )}
      </Answered>
      {closed ? (
        <p class="unprinted">
          <LinkButton href={to(['statements', period, payee])} icon="statement">
            Open the statement of {month(period)}
          </LinkButton>
        </p>
      ) : null}
      <Card title="Day by day" note={`Counted plays in ${month(period)}, by the day they began (UTC).`}>
        <Answered of={days} skeleton={<Skeleton rows={5} />}>
          {(heard) =>
            heard.plays === 0 ? (
              <Empty title="No counted plays in this month" />
            ) : (
              <ColumnChart label={`Counted plays by day, ${month(period)}`} pointHead="Day" points={heard.days.map((one) => day(one.day, 'short'))} series={[{ name: 'Counted plays', values: heard.days.map((one) => one.plays) }]} />
            )
          }
        </Answered>
      </Card>
      <Card title="What earned it" flush aside={<Choices label="Earned by" value={by} options={BY} onChange={(chosen) => requery({ by: chosen })} />}>
        <Answered of={earned}>{(sums) => <Rows of={sums} payee={payee} />}</Answered>
      </Card>
    </>
  );
}

function Rows({ of, payee }: { of: MonthEarnings; payee: string }): JSX.Element {
  const whole = (currency: string): string => of.totals.find((total) => total.currency === currency)?.amount ?? '0';
  const head = BY.find((one) => one.value === of.by)?.label ?? title(of.by);
  const linesOf = (row: EarnedRow): string | null => (of.state === 'closed' ? to(['statements', of.period, payee], { [of.by]: row.key ?? '*', currency: row.currency }) : null);
  const led = (row: EarnedRow, what: string, figure: JSX.Element | string): JSX.Element | string => {
    const link = linesOf(row);
    if (link === null) return figure;
    return (
      <a class="figure-link" href={link}>
        {figure}
        <span class="unseen">{`, ${what} of ${row.title ?? row.key ?? 'what names none'}: its lines`}</span>
      </a>
    );
  };
  const columns: Column<EarnedRow>[] = [
    { key: 'key', head, cell: (row) => nameOf(of.by, row) },
    { key: 'plays', head: 'Plays', kind: 'figure', order: (a, b) => a.plays - b.plays, cell: (row) => led(row, 'plays', count(row.plays)) },
    { key: 'amount', head: 'Amount', kind: 'figure', order: (a, b) => compare(a.amount, b.amount), cell: (row) => led(row, 'amount', <Money amount={row.amount} currency={row.currency} />) },
    { key: 'part', head: 'Share', kind: 'figure', cell: (row) => percent(tenThousandths(row.amount, whole(row.currency))) },
    { key: 'bar', head: <span class="unseen">Drawn</span>, label: '', cell: (row) => <Bar tenThousandths={tenThousandths(row.amount, whole(row.currency))} /> },
  ];
  return (
    <>
      <Table
        caption={`Earned in ${month(of.period)} by ${head.toLowerCase()}`}
        rows={of.rows}
        rowKey={(row) => `${row.key ?? '*'} ${row.currency}`}
        rowLink={linesOf}
        columns={columns}
        shown={25}
        empty={<Empty title="Nothing was earned in this month">Plays earn once their month has revenue and contracts.</Empty>}
      />
      {of.rows_total > of.rows.length ? <Notice>{`Shown are the ${of.rows.length} that earned most, of ${of.rows_total}.`}</Notice> : null}
    </>
  );
}

const ANY: Readonly<Record<string, string>> = { territory: 'Any territory', tier: 'Any tier', release: 'On no release' };

function nameOf(by: string, row: EarnedRow): JSX.Element {
  if (row.key === null) return <span class="soft">{ANY[by] ?? '–'}</span>;
  if (row.title !== null) {
    return (
      <>
        {row.title} {row.title === row.key ? null : <span class="faint small">{row.key}</span>}
      </>
    );
  }
  if (by === 'territory') {
    return (
      <>
        {territory(row.key)} <span class="faint small">{row.key}</span>
      </>
    );
  }
  return <>{by === 'right' || by === 'model' || by === 'tier' ? title(row.key) : row.key}</>;
}

function Running({ payee, period }: { payee: string; period: string }): JSX.Element {
  const estimate = useAnswer((signal) => get('/api/v1/royalty/estimates', { query: { payee }, signal }), [payee]);
  const mine = estimate.value?.payees.filter((one) => one.payee === payee) ?? [];
  return (
    <Figure
      label={
        <>
          {month(estimate.value?.period ?? period)} so far <Badge tone="wait">Estimate</Badge>
        </>
      }
      note={estimate.value === undefined ? undefined : `as of ${instant(estimate.value.made_at)}`}
    >
      {estimate.refusal !== undefined ? (
        <span class="faint small">{estimate.refusal.message}</span>
      ) : estimate.value === undefined ? (
        '…'
      ) : mine.length === 0 ? (
        <span class="faint">nothing yet</span>
      ) : (
        <a class="figure-link" href={to(['earnings'], { period: estimate.value.period, payee })}>
          <Monies of={mine.map((one) => ({ amount: one.estimated_amount, currency: one.currency }))} />
        </a>
      )}
    </Figure>
  );
}
