// Rows out of a sheet: dropped, read here, held against what is known row by row, and only then stored.

import './import.css';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useDoing } from '../api/doing';
import { Refusal } from '../api/problem';
import { count, counted, title } from '../figures/format';
import { announce } from '../parts/announce';
import { Badge } from '../parts/badge';
import { Button, Buttons } from '../parts/button';
import { Card } from '../parts/card';
import { Choices, TextField } from '../parts/field';
import { Figure, Figures } from '../parts/figure';
import { Notice, Refused } from '../parts/notice';
import { Screen } from '../parts/screen';
import { type Column, Table } from '../parts/table';
import { SheetFault } from './csv';
import { DropText, type TextFile } from './drop';

/** What became, or would become, of a row: its number from 1. */
export interface RowChange {
  readonly row: number;
  readonly change: string;
}

/** What an import did, or would do. */
export interface Imported {
  readonly added: number;
  readonly changed?: number;
  readonly unchanged: number;
  readonly rows: readonly RowChange[];
}

interface Sheet<Row> {
  readonly rows: Row[];
  /** In which line of the file each stands. */
  readonly lines: number[];
}

interface Read<Row, Answer> extends Sheet<Row> {
  readonly name: string;
  readonly preview: Answer;
}

interface Props<Row, Answer extends Imported> {
  title: string;
  crumb: { label: string; href: string };
  /** What the columns are. */
  columns: ComponentChildren;
  /** The first line, and what may stand below it. */
  example: string;
  /** Throws `SheetFault`. */
  read: (text: string) => Sheet<Row>;
  ask: (name: string, rows: Row[], dryRun: boolean) => Promise<Answer>;
  /** The table's columns behind line and change. */
  shown: readonly Column<{ row: Row; change: Answer['rows'][number] }>[];
  /** What is stored, as one and as several: `rate`, `rates`. */
  one: string;
  several: string;
  /** Said once it is stored, and where to go from there. */
  done: (answer: Answer, rows: readonly Row[], more: ComponentChildren) => ComponentChildren;
}

export function SheetImport<Row, Answer extends Imported>(props: Props<Row, Answer>): JSX.Element {
  const [text, setText] = useState('');
  const [read, setRead] = useState<Read<Row, Answer> | null>(null);
  const [done, setDone] = useState<{ answer: Answer; rows: readonly Row[] } | null>(null);
  const looking = useDoing();
  const look = (file: TextFile): void => {
    setRead(null);
    setDone(null);
    void looking.run(async () => {
      const { rows, lines } = sheetOf(props, file.text);
      const preview = await asked(props, { name: file.name, rows, lines }, true);
      setRead({ name: file.name, rows, lines, preview });
      announce(`${counted(preview.added, props.one, props.several)} would be added, ${count(preview.changed ?? 0)} changed.`);
    });
  };
  return (
    <Screen title={props.title} note="Nothing is stored until you have seen what would change." crumbs={[props.crumb]}>
      {done === null ? (
        <Card title="The sheet" note={props.columns}>
          <div class="import-form">
            <DropText line="Drop a CSV here" hint="From a spreadsheet, in UTF-8; commas, semicolons or tabs between cells, a point in amounts." accept=".csv,.tsv,.txt,text/csv" onFiles={(files) => files[0] !== undefined && look(files[0])} onWrong={(sentence) => void looking.run(() => Promise.reject(new Refusal(0, 'sheet', sentence)))} />
            <details class="import-paste">
              <summary>Or paste it</summary>
              <div class="import-form">
                <TextField label="Rows, with the heads in the first line" lines={6} mono value={text} onInput={setText} placeholder={props.example} />
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
          props={props}
          of={read}
          onStop={() => setRead(null)}
          onDone={(answer) => {
            setDone({ answer, rows: read.rows });
            setRead(null);
          }}
        />
      )}
      {done === null ? null : props.done(done.answer, done.rows, <Button onPress={() => setDone(null)}>Import another sheet</Button>)}
    </Screen>
  );
}

function sheetOf<Row, Answer extends Imported>(props: Props<Row, Answer>, text: string): Sheet<Row> {
  try {
    return props.read(text);
  } catch (thrown) {
    if (thrown instanceof SheetFault) throw new Refusal(422, 'sheet', thrown.message);
    throw thrown;
  }
}

/** Sends the rows. What the server finds wrong in a row is told by the line of the file. */
async function asked<Row, Answer extends Imported>(props: Props<Row, Answer>, { name, rows, lines }: Sheet<Row> & { name: string }, dryRun: boolean): Promise<Answer> {
  try {
    return await props.ask(name, rows, dryRun);
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.rows.length === 0) throw thrown;
    const told = thrown.rows.map(({ row, column, value, why }) => `Line ${lines[row - 1] ?? row}, column “${column}”: ${value === '' ? '' : `“${value}” `}${why}`);
    const all = Number.parseInt(/^\d+/.exec(thrown.message)?.[0] ?? '0', 10);
    const more = all > told.length ? ` These are the first ${told.length} of them.` : '';
    throw new Refusal(422, thrown.code, `${told.length === 1 ? 'One cell is wrong' : `${count(Math.max(all, told.length))} things are wrong`}. Nothing was stored.${more}`, told);
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

function Preview<Row, Answer extends Imported>({ props, of, onStop, onDone }: { props: Props<Row, Answer>; of: Read<Row, Answer>; onStop: () => void; onDone: (answer: Answer) => void }): JSX.Element {
  const [show, setShow] = useState<Show>('all');
  const storing = useDoing();
  const { preview } = of;
  const changed = preview.changed ?? 0;
  const nothing = preview.added + changed === 0;
  const store = (): void => {
    void storing.run(async () => {
      const answer = await asked(props, of, false);
      announce('It is stored.');
      onDone(answer);
    });
  };
  const rows = preview.rows.flatMap((change: Answer['rows'][number]) => {
    const row = of.rows[change.row - 1];
    return row === undefined || (show !== 'all' && change.change !== show) ? [] : [{ row, change }];
  });
  return (
    <>
      <Figures>
        <Figure label="Would be added">{count(preview.added)}</Figure>
        {preview.changed === undefined ? null : <Figure label="Would be changed">{count(changed)}</Figure>}
        <Figure label="As before">{count(preview.unchanged)}</Figure>
      </Figures>
      <Card title={`Row by row: ${of.name}`} aside={<Choices label="Which rows" value={show} options={SHOW.filter(({ value }) => value !== 'changed' || preview.changed !== undefined)} onChange={setShow} />} flush>
        <Table
          caption="What would become of each row"
          rows={rows}
          rowKey={({ change }) => change.row}
          shown={50}
          empty={<p class="small faint">No such row.</p>}
          columns={[
            { key: 'line', head: 'Line', kind: 'figure', cell: ({ change }) => count(of.lines[change.row - 1] ?? change.row) },
            { key: 'change', head: 'Change', cell: ({ change }) => <Badge tone={change.change === 'added' ? 'good' : change.change === 'changed' ? 'wait' : 'plain'}>{change.change === 'unchanged' ? 'As before' : title(change.change)}</Badge> },
            ...props.shown,
          ]}
        />
      </Card>
      {storing.refusal === undefined ? null : <Wrong refusal={storing.refusal} />}
      {nothing ? <Notice>All of it is known already: storing it would change nothing.</Notice> : null}
      <Buttons>
        <Button look="primary" icon="check" busy={storing.busy} disabled={nothing} onPress={store}>
          {`Store ${counted(preview.added + changed, props.one, props.several)}`}
        </Button>
        <Button onPress={onStop}>Take another sheet</Button>
      </Buttons>
    </>
  );
}
