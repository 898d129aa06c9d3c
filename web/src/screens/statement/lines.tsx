// The statement's lines. Each amount leads to what it came from.

import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { gather, useAnswer } from '../../api/answer';
import { compare, sum } from '../../figures/decimal';
import { count, month, title } from '../../figures/format';
import { Answered, Empty } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { Card } from '../../parts/card';
import { Money, Monies } from '../../parts/money';
import { Notice } from '../../parts/notice';
import { Table } from '../../parts/table';
import { to } from '../../router';

type Line = Shape<'StatementLine'>;

const PAGE = 2000;
/** At most so many pages are read; a larger statement is downloaded. */
const PAGES_MAX = 5;

/** What lines can be narrowed to, by the place's query. `*` is what names none. */
const FIELDS = { recording: 'track_id', territory: 'territory', tier: 'tier', right: 'right', currency: 'currency' } as const;

export type Filter = readonly { name: keyof typeof FIELDS; value: string }[];

export function filterOf(query: URLSearchParams): Filter {
  return (Object.keys(FIELDS) as (keyof typeof FIELDS)[]).flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [{ name, value }];
  });
}

export function Lines({ statement, filter, titles }: { statement: Shape<'Statement'>; filter: Filter; titles: ReadonlyMap<string, string> }): JSX.Element {
  const { period, payee } = statement;
  const lines = useAnswer(
    (signal) =>
      gather(
        (from: number | undefined) => get('/api/v1/royalty/closes/{period}/statements/{payee}/lines', { path: { period, payee }, query: { limit: PAGE, ...(from === undefined ? {} : { from }) }, signal }),
        PAGES_MAX,
      ),
    [period, payee],
  );
  const narrowed = filter.filter(({ name }) => name !== 'currency');
  return (
    <Card
      title={narrowed.length === 0 ? 'Lines' : `Lines: ${narrowed.map(({ name, value }) => `${name} ${value === '*' ? 'any' : value}`).join(', ')}`}
      note="Click an amount to see the pool, the terms and the plays behind it."
      aside={filter.length === 0 ? undefined : <a href={to(['statements', period, payee])}>Show the whole statement</a>}
      flush
    >
      <Answered of={lines}>
        {({ items, whole }) => {
          const shown = items.filter((line) => fits(line, filter));
          return (
            <>
              {whole ? null : <Notice tone="wait">{`Only the first ${count(items.length)} of ${count(statement.lines)} lines are shown here; the CSV has all of them.`}</Notice>}
              <LineTable of={shown} titles={titles} caption={`Lines of ${month(period)}, ${payee}`} period={period} payee={payee} summed={whole} />
            </>
          );
        }}
      </Answered>
    </Card>
  );
}

function fits(line: Line, filter: Filter): boolean {
  return filter.every(({ name, value }) => (line[FIELDS[name]] ?? '*') === value);
}

function LineTable({ of, titles, caption, period, payee, summed }: { of: readonly Line[]; titles: ReadonlyMap<string, string>; caption: string; period: string; payee: string; summed: boolean }): JSX.Element {
  return (
    <Table
      caption={caption}
      rows={of}
      rowKey={(line) => line.number}
      rowLink={(line) => to(['explain', period, payee, line.number])}
      shown={50}
      empty={<Empty title="No such line">Nothing on this statement fits what was asked for.</Empty>}
      columns={[
        { key: 'track', head: 'Recording', cell: (line) => titles.get(line.track_id) ?? line.track_id },
        { key: 'right', head: 'Right', cell: (line) => title(line.right) },
        { key: 'where', head: 'Territory', cell: (line) => line.territory ?? 'any' },
        { key: 'tier', head: 'Tier', cell: (line) => line.tier ?? 'any' },
        { key: 'month', head: 'Month', cell: (line) => (line.cause === null ? month(line.period, 'short') : <Adjusted line={line} />) },
        { key: 'plays', head: 'Plays', kind: 'figure', order: (a, b) => a.plays - b.plays, cell: (line) => count(line.plays) },
        {
          key: 'amount',
          head: 'Amount',
          kind: 'figure',
          order: (a, b) => compare(a.amount, b.amount),
          cell: (line) => (
            <a href={to(['explain', period, payee, line.number])}>
              <Money amount={line.amount} currency={line.currency} />
              <span class="unseen">, explain line {line.number}</span>
            </a>
          ),
        },
      ]}
      {...(summed && of.length > 0 ? { foot: ['Sum', null, null, null, null, null, <Monies key="s" of={sums(of)} />] } : {})}
    />
  );
}

function Adjusted({ line }: { line: Line }): JSX.Element {
  return (
    <>
      {month(line.period, 'short')} <Badge tone="wait">Adjustment</Badge>
    </>
  );
}

function sums(lines: readonly Line[]): { amount: string; currency: string }[] {
  const currencies = [...new Set(lines.map((line) => line.currency))].sort();
  return currencies.map((currency) => ({ currency, amount: sum(lines.filter((line) => line.currency === currency).map((line) => line.amount)) }));
}
