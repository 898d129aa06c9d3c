// A month by several models on the same plays and contracts: who would gain and who would lose, drawn and
// as a table.

import './comparison.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { compare, minus, sign, sum } from '../../figures/decimal';
import { count, month, title, words as spaced } from '../../figures/format';
import { running, upTo } from '../../figures/months';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { CheckField, Choices, SelectField } from '../../parts/field';
import { Money, Monies } from '../../parts/money';
import { Notice } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { type Column, Table } from '../../parts/table';
import { requery } from '../../router';
import type { ScreenProps } from '../routes';
import { Gains } from './gains';

const MONTHS = 24;
const MODELS = ['as-agreed', 'pro-rata', 'user-centric', 'artist-centric'] as const;
/** More rows than this aren't drawn; the table has them. */
const DRAWN_MAX = 30;

type Comparison = Shape<'Comparison'>;
type Amounts = Comparison['payees'][number];

const SIDES = [
  { value: 'payees', label: 'By payee' },
  { value: 'artists', label: 'By artist' },
] as const;
type Side = (typeof SIDES)[number]['value'];

export default function ComparisonScreen({ query }: ScreenProps): JSX.Element {
  const closes = useAnswer((signal) => get('/api/v1/royalty/closes', { signal }), []);
  const newest = (closes.value?.items ?? []).map((close) => close.period).sort().at(-1);
  const period = query.get('period') ?? newest ?? running();
  const asked = (query.get('models') ?? '').split(',').filter((model) => (MODELS as readonly string[]).includes(model));
  const models = asked.length > 1 ? asked : [...MODELS];
  return (
    <Screen
      title="Comparison"
      note="What a month comes to by several models, on the same plays and contracts. Nothing is stored or paid."
      actions={<SelectField label="Month" value={period} options={upTo(running(), MONTHS).map((one) => ({ value: one, label: month(one) }))} onChange={(wanted) => requery({ period: wanted })} />}
    >
      <Models chosen={models} />
      <Answered of={closes} skeleton={<Skeleton rows={8} />}>
        {() => <Compared key={`${period} ${models.join()}`} period={period} models={models} query={query} />}
      </Answered>
    </Screen>
  );
}

/** At least two: one alone is compared with nothing. */
function Models({ chosen }: { chosen: readonly string[] }): JSX.Element {
  const turn = (model: string, on: boolean): void => {
    const next = MODELS.filter((one) => (one === model ? on : chosen.includes(one)));
    if (next.length > 1) requery({ models: next.join(','), against: null });
  };
  return (
    <fieldset class="models">
      <legend class="unseen">Models</legend>
      {MODELS.map((model) => (
        <CheckField key={model} label={called(model)} checked={chosen.includes(model)} onChange={(on) => turn(model, on)} />
      ))}
    </fieldset>
  );
}

/** What a model is called, at the beginning of a line and within one. */
function called(model: string): string {
  return title(words(model));
}

function words(model: string): string {
  return spaced(model.replaceAll('-', '_'));
}

function Compared({ period, models, query }: { period: string; models: readonly string[]; query: URLSearchParams }): JSX.Element {
  const [side, setSide] = useState<Side>('payees');
  const found = useAnswer((signal) => get('/api/v1/royalty/comparisons', { query: { period, models: models.join(',') }, signal }), [period, models.join()]);
  const base = models.find((model) => model === query.get('base')) ?? models[0] ?? '';
  const others = models.filter((model) => model !== base);
  const options = (of: readonly string[]) => of.map((model) => ({ value: model, label: called(model) }));
  return (
    <Answered of={found} skeleton={<Skeleton rows={8} />}>
      {(it) => {
        const from = it.models.indexOf(base);
        const differs = (model: string): boolean => it.payees.some((row) => sign(gain(row, from, it.models.indexOf(model))) !== 0);
        const against = others.find((model) => model === query.get('against')) ?? others.find(differs) ?? others[0] ?? base;
        const to = it.models.indexOf(against);
        const rows = ordered(it[side], from, to);
        return (
          <>
            {it.missing.length === 0 ? null : (
              <Notice tone="wait" title="Some plays have no part in these amounts">
                <ul class="notice-list">
                  {it.missing.map((sentence) => (
                    <li key={sentence}>{sentence}</li>
                  ))}
                </ul>
              </Notice>
            )}
            <Card
              title="Who would gain, and who would lose"
              note={`${called(against)} instead of ${words(base)}, ${month(period)}, ${count(it.plays)} counted plays.`}
              aside={
                <div class="models-pair">
                  <SelectField label="From" value={base} options={options(models)} onChange={(wanted) => requery({ base: wanted, against: null })} />
                  <SelectField label="To" value={against} options={options(others)} onChange={(wanted) => requery({ against: wanted })} />
                </div>
              }
            >
              <div class="models-side">
                <Choices label="Whose" value={side} options={SIDES} onChange={setSide} />
              </div>
              {rows.length === 0 ? <Empty title="Nobody earns anything in this month">It needs counted plays, revenue and contracts.</Empty> : <Drawn of={rows} from={from} to={to} label={`${called(against)} instead of ${words(base)}`} />}
            </Card>
            {rows.length === 0 ? null : <AllModels of={it} side={side} from={from} to={to} rows={rows} />}
          </>
        );
      }}
    </Answered>
  );
}

/** The greatest gain first, the greatest loss last; each currency for itself. */
function ordered(of: readonly Amounts[], from: number, to: number): Amounts[] {
  return [...of].sort((a, b) => (a.currency === b.currency ? compare(gain(b, from, to), gain(a, from, to)) : a.currency < b.currency ? -1 : 1));
}

function gain(of: Amounts, from: number, to: number): string {
  return minus(of.amounts[to] ?? '0', of.amounts[from] ?? '0');
}

/** Those who gain or lose most; the rest is in the table. */
function Drawn({ of, from, to, label }: { of: readonly Amounts[]; from: number; to: number; label: string }): JSX.Element {
  const currencies = [...new Set(of.map((row) => row.currency))];
  return (
    <>
      {currencies.map((currency) => {
        const rows = of.filter((row) => row.currency === currency);
        const shown = rows.length <= DRAWN_MAX ? rows : [...rows.slice(0, DRAWN_MAX / 2), ...rows.slice(-DRAWN_MAX / 2)];
        return (
          <div key={currency}>
            {currencies.length === 1 ? null : <h3>{currency}</h3>}
            <Gains label={`${label}, in ${currency}`} rows={shown.map((row) => ({ name: row.name ?? 'Without an artist', gain: gain(row, from, to), from: row.amounts[from] ?? '0', currency }))} />
            {shown.length === rows.length ? null : <p class="small faint">{`Drawn are the ${DRAWN_MAX / 2} that gain most and the ${DRAWN_MAX / 2} that lose most, of ${count(rows.length)}.`}</p>}
          </div>
        );
      })}
    </>
  );
}

function AllModels({ of, side, from, to, rows }: { of: Comparison; side: Side; from: number; to: number; rows: readonly Amounts[] }): JSX.Element {
  const columns: Column<Amounts>[] = [
    { key: 'name', head: side === 'payees' ? 'Payee' : 'Artist', cell: (row) => row.name ?? 'Without an artist' },
    ...of.models.map((model, at) => ({
      key: model,
      head: called(model),
      kind: 'figure' as const,
      order: (a: Amounts, b: Amounts) => compare(a.amounts[at] ?? '0', b.amounts[at] ?? '0'),
      cell: (row: Amounts) => <Money amount={row.amounts[at] ?? '0'} currency={row.currency} />,
    })),
    { key: 'gain', head: 'Change', kind: 'figure', order: (a, b) => compare(gain(a, from, to), gain(b, from, to)), cell: (row) => <Money signed amount={gain(row, from, to)} currency={row.currency} /> },
  ];
  const totals = of.models.map((_, at) => <Monies key={at} of={sums(rows, (row) => row.amounts[at] ?? '0')} />);
  return (
    <Card
      title="Every model"
      note="The same as a table."
      flush
      aside={
        <Button icon="download" onPress={() => save(csv(of, rows), `comparison-${of.period}-${side}.csv`)}>
          CSV
        </Button>
      }
    >
      <Table caption={`${month(of.period)} by model`} rows={rows} rowKey={(row) => `${row.name ?? ''} ${row.currency}`} shown={50} columns={columns} foot={['Sum', ...totals, <Monies key="c" signed of={sums(rows, (row) => gain(row, from, to)).filter((it) => sign(it.amount) !== 0)} />]} />
    </Card>
  );
}

function sums(rows: readonly Amounts[], which: (row: Amounts) => string): { amount: string; currency: string }[] {
  const currencies = [...new Set(rows.map((row) => row.currency))].sort();
  return currencies.map((currency) => ({ currency, amount: sum(rows.filter((row) => row.currency === currency).map(which)) }));
}

/** A name that a spreadsheet would take for a formula is kept from being one. */
function csv(of: Comparison, rows: readonly Amounts[]): string {
  const cell = (text: string): string => {
    const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [['name', 'currency', ...of.models], ...rows.map((row) => [row.name ?? '', row.currency, ...row.amounts])];
  return `${lines.map((line) => line.map(cell).join(',')).join('\n')}\n`;
}

/** Hands a text over as a file. */
function save(text: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
