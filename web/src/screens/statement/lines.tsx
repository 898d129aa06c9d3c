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

/** By what earnings are told, and lines narrowed. */
const BY = ['recording', 'release', 'territory', 'tier', 'right', 'model'] as const;
type By = (typeof BY)[number];

/** What lines are narrowed to, by the place's query: one row of the month's earnings, whose key of `*` is what names
 * none; one currency; or what adjusts earlier months. */
export interface Filter {
  readonly row: { readonly by: By; readonly key: string | null } | null;
  readonly currency: string | null;
  readonly adjusts: boolean;
}

export function filterOf(query: URLSearchParams): Filter {
  const by = BY.find((name) => query.has(name));
  const key = by === undefined ? null : query.get(by);
  return { row: by === undefined ? null : { by, key: key === '*' ? null : key }, currency: query.get('currency'), adjusts: query.get('lines') === 'adjustments' };
}

/** Whether these are not all lines. */
export function narrows({ row, currency, adjusts }: Filter): boolean {
  return row !== null || currency !== null || adjusts;
}

export function Lines({ statement, filter, titles }: { statement: Shape<'Statement'>; filter: Filter; titles: ReadonlyMap<string, string> }): JSX.Element {
  const { period, payee } = statement;
  const { row } = filter;
  const wanted = row === null ? {} : { by: row.by, ...(row.key === null ? {} : { key: row.key }) };
  const lines = useAnswer(
    (signal) =>
      gather(
        (from: number | undefined) => get('/api/v1/royalty/closes/{period}/statements/{payee}/lines', { path: { period, payee }, query: { limit: PAGE, ...wanted, ...(from === undefined ? {} : { from }) }, signal }),
        PAGES_MAX,
      ),
    [period, payee, row?.by, row?.key],
  );
  return (
    <Card
      title={headOf(filter, titles)}
      note="Click an amount to see the pool, the terms and the plays behind it."
      aside={narrows(filter) ? <a href={to(['statements', period, payee])}>Show the whole statement</a> : undefined}
      flush
    >
      <Answered of={lines}>
        {({ items, whole }) => {
          const shown = items.filter((line) => fits(line, filter));
          return (
            <>
              {whole ? null : <Notice tone="wait">{`Only the first ${count(items.length)} ${row === null ? `of ${count(statement.lines)} lines` : 'of these lines'} are shown here; the CSV has all of them.`}</Notice>}
              <LineTable of={shown} titles={titles} caption={`Lines of ${month(period)}, ${payee}`} period={period} payee={payee} summed={whole} />
            </>
          );
        }}
      </Answered>
    </Card>
  );
}

function headOf({ row, adjusts }: Filter, titles: ReadonlyMap<string, string>): string {
  if (adjusts) return 'Lines that adjust earlier months';
  if (row === null) return 'Lines';
  const name = row.key === null ? 'none named' : row.by === 'recording' ? (titles.get(row.key) ?? row.key) : row.key;
  return `Lines: ${row.by} ${name}`;
}

function fits(line: Line, { currency, adjusts }: Filter): boolean {
  return (currency === null || line.currency === currency) && (!adjusts || line.cause !== null);
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
