// Revenue out of a sheet: dropped, read here, held against what is known row by row, and only then stored.

import './import.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { Refusal } from '../../api/problem';
import { count, counted, month, territory, title } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Badge } from '../../parts/badge';
import { Button, Buttons, LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { Choices, TextField } from '../../parts/field';
import { Figure, Figures } from '../../parts/figure';
import { Money } from '../../parts/money';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { SheetFault } from '../../sheets/csv';
import { DropText, type TextFile } from '../../sheets/drop';
import { COLUMNS, EXAMPLE, type ImportRow, revenueRows } from './rows';

type Imported = Shape<'RevenueImported'>;
type Change = Imported['rows'][number];

/** A sheet that was read, and what would become of each of its rows. */
interface Read {
  name: string;
  rows: ImportRow[];
  lines: number[];
  preview: Imported;
}

export default function RevenueImportScreen(): JSX.Element {
  const [text, setText] = useState('');
  const [read, setRead] = useState<Read | null>(null);
  const [done, setDone] = useState<{ imported: Imported; periods: string[] } | null>(null);
  const looking = useDoing();
  const look = (file: TextFile): void => {
    setRead(null);
    setDone(null);
    void looking.run(async () => {
      const { rows, lines } = sheet(file.text);
      const preview = await asked(file.name, rows, lines, true);
      setRead({ name: file.name, rows, lines, preview });
      announce(`${counted(preview.added, 'row')} would be added, ${count(preview.changed)} changed.`);
    });
  };
  return (
    <Screen title="Import revenue" note="Nothing is stored until you have seen what would change." crumbs={[{ label: 'Revenue', href: to(['revenue']) }]}>
      {done === null ? (
        <Card title="The sheet" note={`Columns: ${COLUMNS.join(', ')}. Period, currency and gross are needed; * or nothing is any territory or tier.`}>
          <div class="import-form">
            <DropText line="Drop a CSV here" hint="From a spreadsheet, in UTF-8; commas, semicolons or tabs between cells, a point in amounts." accept=".csv,.tsv,.txt,text/csv" onFiles={(files) => files[0] !== undefined && look(files[0])} onWrong={(sentence) => void looking.run(() => Promise.reject(new Refusal(0, 'sheet', sentence)))} />
            <details class="import-paste">
              <summary>Or paste it</summary>
              <div class="import-form">
                <TextField label="Rows, with the heads in the first line" lines={6} mono value={text} onInput={setText} placeholder={EXAMPLE} />
                <div>
                  <Button busy={looking.busy} disabled={text.trim() === ''} onPress={() => look({ name: 'pasted.csv', text })}>
                    Look at what would change
                  </Button>
                </div>
              </div>
            </details>
          </div>
        </Card>
      ) : null}
      {looking.busy ? <Notice>Holding the rows against what is known…</Notice> : null}
      {looking.refusal === undefined ? null : <Wrong refusal={looking.refusal} />}
      {read === null ? null : (
        <Preview
          of={read}
          onStop={() => setRead(null)}
          onDone={(imported) => {
            setDone({ imported, periods: [...new Set(read.rows.map((row) => row.period))].sort() });
            setRead(null);
          }}
        />
      )}
      {done === null ? null : <Stored of={done.imported} periods={done.periods} onMore={() => setDone(null)} />}
    </Screen>
  );
}

function sheet(text: string): { rows: ImportRow[]; lines: number[] } {
  try {
    return revenueRows(text);
  } catch (thrown) {
    if (thrown instanceof SheetFault) throw new Refusal(422, 'sheet', thrown.message);
    throw thrown;
  }
}

/** Sends the rows. What the server finds wrong in a row is told by the line of the file. */
async function asked(name: string, rows: ImportRow[], lines: readonly number[], dryRun: boolean): Promise<Imported> {
  try {
    return await post('/api/v1/royalty/revenue', { query: { dry_run: dryRun }, json: { name, revenue: rows } });
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.status !== 422) throw thrown;
    const [, what, faults] = /^(\d+ things are wrong): (row .*)$/s.exec(thrown.message) ?? [];
    if (faults === undefined) throw thrown;
    const told = faults.split(/; (?=row \d+ )/).map((fault) => fault.replace(/^row (\d+) (\S+)/, (_, row: string, column: string) => `Line ${lines[Number.parseInt(row, 10) - 1] ?? row}, column “${column}”:`));
    throw new Refusal(422, thrown.code, `${what === '1 things are wrong' ? 'One cell is wrong' : what}. Nothing was stored.`, told);
  }
}

function Wrong({ refusal }: { refusal: Refusal }): JSX.Element {
  return refusal.code === 'sheet' ? (
    <Notice tone="bad" title="The sheet can’t be read">
      <p>{refusal.message} Nothing was stored.</p>
    </Notice>
  ) : (
    <Refused refusal={refusal} />
  );
}

const SHOW = [
  { value: 'all', label: 'All rows' },
  { value: 'added', label: 'Added' },
  { value: 'changed', label: 'Changed' },
  { value: 'unchanged', label: 'As before' },
] as const;
type Show = (typeof SHOW)[number]['value'];

function Preview({ of, onStop, onDone }: { of: Read; onStop: () => void; onDone: (imported: Imported) => void }): JSX.Element {
  const [show, setShow] = useState<Show>('all');
  const storing = useDoing();
  const { preview } = of;
  const nothing = preview.added + preview.changed === 0;
  const store = (): void => {
    void storing.run(async () => {
      const imported = await asked(of.name, of.rows, of.lines, false);
      announce('The revenue is stored.');
      onDone(imported);
    });
  };
  return (
    <>
      <Figures>
        <Figure label="Would be added">{count(preview.added)}</Figure>
        <Figure label="Would be changed">{count(preview.changed)}</Figure>
        <Figure label="As before">{count(preview.unchanged)}</Figure>
      </Figures>
      <Card title={`Row by row: ${of.name}`} aside={<Choices label="Which rows" value={show} options={SHOW} onChange={setShow} />} flush>
        <Changes of={preview.rows.filter((row) => show === 'all' || row.change === show)} rows={of.rows} lines={of.lines} />
      </Card>
      {storing.refusal === undefined ? null : <Wrong refusal={storing.refusal} />}
      {nothing ? <Notice>All of it is known already: storing it would change nothing.</Notice> : null}
      <Buttons>
        <Button look="primary" icon="check" busy={storing.busy} disabled={nothing} onPress={store}>
          {`Store ${counted(preview.added + preview.changed, 'row')}`}
        </Button>
        <Button onPress={onStop}>Take another sheet</Button>
      </Buttons>
    </>
  );
}

function Changes({ of, rows, lines }: { of: readonly Change[]; rows: readonly ImportRow[]; lines: readonly number[] }): JSX.Element {
  const row = (change: Change): ImportRow => rows[change.row - 1] ?? { period: '', currency: '', gross: '0' };
  return (
    <Table
      caption="What would become of each row"
      rows={of}
      rowKey={(change) => change.row}
      shown={50}
      empty={<p class="small faint">No such row.</p>}
      columns={[
        { key: 'line', head: 'Line', kind: 'figure', cell: (change) => count(lines[change.row - 1] ?? change.row) },
        { key: 'change', head: 'Change', cell: (change) => <Badge tone={change.change === 'added' ? 'good' : change.change === 'changed' ? 'wait' : 'plain'}>{change.change === 'unchanged' ? 'As before' : title(change.change)}</Badge> },
        { key: 'period', head: 'Month', cell: (change) => month(row(change).period, 'short') },
        { key: 'where', head: 'Territory', cell: (change) => territory(any(row(change).territory)) },
        { key: 'tier', head: 'Tier', cell: (change) => title(any(row(change).tier)) },
        { key: 'plan', head: 'Plan', cell: (change) => title(row(change).plan ?? 'individual') },
        { key: 'gross', head: 'Gross', kind: 'figure', cell: (change) => <Money amount={row(change).gross} currency={row(change).currency} /> },
        { key: 'net', head: 'Net', kind: 'figure', cell: (change) => (change.net === null ? '–' : <Money amount={change.net} currency={row(change).currency} />) },
        { key: 'before', head: 'Net before', kind: 'figure', cell: (change) => (change.before === null || change.before === undefined || change.before.net === null ? '–' : <Money amount={change.before.net} currency={change.before.currency} />) },
      ]}
    />
  );
}

function any(of: string | null | undefined): string {
  return of === null || of === undefined || of === '*' ? 'Any' : of;
}

function Stored({ of, periods, onMore }: { of: Imported; periods: readonly string[]; onMore: () => void }): JSX.Element {
  const first = periods[0];
  return (
    <>
      <Notice tone="good" title="The revenue is stored">
        <p>{`${counted(of.added, 'row')} added, ${count(of.changed)} changed, ${count(of.unchanged)} as before. It is revision ${count(of.revision)}.`}</p>
      </Notice>
      <Buttons>
        {first === undefined ? null : (
          <LinkButton look="primary" icon="close" href={to(['closes', first])}>
            {`Go to the close of ${month(first)}`}
          </LinkButton>
        )}
        <LinkButton href={to(['revenue'], { period: first })}>See the rows</LinkButton>
        <Button onPress={onMore}>Import another sheet</Button>
      </Buttons>
    </>
  );
}
