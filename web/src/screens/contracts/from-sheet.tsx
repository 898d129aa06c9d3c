// Contracts out of a spreadsheet of deals: its columns are named, its rows become contracts to read, and those
// are handed to a second person.

import './contracts.css';
import '../../sheets/import.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { Refusal } from '../../api/problem';
import { count, counted, title, words } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Answered, Skeleton } from '../../parts/answered';
import { Button, Buttons } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField, TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { headings, SheetFault } from '../../sheets/csv';
import { DropText, type TextFile } from '../../sheets/drop';
import { fieldsOf } from './fields';
import { Hand, useCheck } from './hand';
import { MonthPreview, type TermsFile } from './month-preview';

type SheetField = Shape<'TermsTemplates'>['sheet_fields'][number];
type Drafted = Shape<'DraftedTerms'>;
/** For each field a column's heading, or what every row says. */
type Mapping = Readonly<Record<string, { column: string; fixed: string }>>;

interface Sheet extends TextFile {
  heads: readonly string[];
}

export default function FromSheetScreen(): JSX.Element {
  const templates = useAnswer((signal) => get('/api/v1/royalty/terms/templates', { signal }), []);
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const [mapping, setMapping] = useState<Mapping>({});
  const [drafted, setDrafted] = useState<Drafted | null>(null);
  const drafting = useDoing();
  const take = (file: TextFile, fields: readonly SheetField[]): void => {
    setDrafted(null);
    setSheet(null);
    void drafting.run(async () => {
      const heads = headsOf(file.text);
      setSheet({ ...file, heads });
      setMapping(guessed(fields, heads));
      announce(`${file.name} has ${counted(heads.length, 'column')}. Say which is which.`);
    });
  };
  const draft = (of: Sheet): void => {
    setDrafted(null);
    void drafting.run(async () => {
      const made = await drafts(of, mapping);
      setDrafted(made);
      announce(`${counted(made.files.length, 'contract')} were made of it.`);
    });
  };
  return (
    <Screen title="Contracts from a spreadsheet" note="Nothing changes until you have read what came of it, proposed it, and a second person has approved it." crumbs={[{ label: 'Contracts', href: to(['contracts']) }]}>
      <Answered of={templates} skeleton={<Skeleton rows={4} />}>
        {({ sheet_fields: fields }) => (
          <>
            <Card title="The sheet" note="One row is one payee of one deal; rows of the same label and artist, or the same contract, are one contract.">
              <div class="contract-form">
                <DropText line={sheet === null ? 'Drop a CSV here' : `Or drop another in the place of ${sheet.name}`} hint="From a spreadsheet, in UTF-8, with headings in its first line." accept=".csv,.tsv,.txt,text/csv" onFiles={(files) => files[0] !== undefined && take(files[0], fields)} onWrong={(sentence) => void drafting.run(() => Promise.reject(new Refusal(0, 'sheet', sentence)))} />
                <Pasted onSheet={(text) => take({ name: 'pasted.csv', text }, fields)} />
              </div>
            </Card>
            {sheet === null ? null : (
              <Columns
                of={sheet}
                fields={fields}
                mapping={mapping}
                busy={drafting.busy}
                onMapping={(changed) => {
                  setMapping(changed);
                  setDrafted(null);
                  drafting.clear();
                }}
                onDraft={() => draft(sheet)}
              />
            )}
            {drafting.refusal === undefined ? null : <Wrong refusal={drafting.refusal} />}
            {drafted === null ? null : <Read of={drafted} />}
          </>
        )}
      </Answered>
    </Screen>
  );
}

function headsOf(text: string): string[] {
  try {
    return headings(text);
  } catch (thrown) {
    if (thrown instanceof SheetFault) throw new Refusal(422, 'sheet', thrown.message);
    throw thrown;
  }
}

/** What a heading that says a field's own name is; anything else somebody must say. */
function guessed(fields: readonly SheetField[], heads: readonly string[]): Mapping {
  const plain = (text: string): string => text.trim().toLowerCase().replace(/[\s-]+/g, '_');
  return Object.fromEntries(fields.map(({ name }) => [name, { column: heads.find((head) => plain(head) === name) ?? '', fixed: '' }]));
}

async function drafts(of: Sheet, mapping: Mapping): Promise<Drafted> {
  const said = (which: 'column' | 'fixed'): Record<string, string> => Object.fromEntries(Object.entries(mapping).flatMap(([field, one]) => (one[which].trim() === '' ? [] : [[field, one[which]]])));
  return post('/api/v1/royalty/terms/drafts', { json: { name: of.name, text: of.text, columns: said('column'), fixed: said('fixed') } });
}

function Pasted({ onSheet }: { onSheet: (text: string) => void }): JSX.Element {
  const [text, setText] = useState('');
  return (
    <details class="import-paste">
      <summary>Or paste it</summary>
      <div class="contract-form">
        <TextField label="Rows, with the headings in the first line" lines={6} mono value={text} onInput={setText} />
        <div>
          <Button disabled={text.trim() === ''} onPress={() => onSheet(text)}>
            Take these rows
          </Button>
        </div>
      </div>
    </details>
  );
}

function Columns({ of, fields, mapping, busy, onMapping, onDraft }: { of: Sheet; fields: readonly SheetField[]; mapping: Mapping; busy: boolean; onMapping: (mapping: Mapping) => void; onDraft: () => void }): JSX.Element {
  const missing = fields.filter(({ name, needed }) => needed && (mapping[name]?.column ?? '') + (mapping[name]?.fixed ?? '').trim() === '');
  return (
    <Card title="Which column is which" note={`${of.name}: ${of.heads.join(', ')}`}>
      <form
        class="contract-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (missing.length === 0) onDraft();
        }}
      >
        <div class="sheet-fields">
          {fields.map((field) => (
            <OneField key={field.name} field={field} heads={of.heads} of={mapping[field.name] ?? { column: '', fixed: '' }} onChange={(one) => onMapping({ ...mapping, [field.name]: one })} />
          ))}
        </div>
        {missing.length === 0 ? null : <p class="small soft">{`Still to be said: ${missing.map(({ name }) => words(name)).join(', ')}.`}</p>}
        <Buttons>
          <Button look="primary" submits busy={busy} disabled={missing.length > 0}>
            Make contracts of it
          </Button>
        </Buttons>
      </form>
    </Card>
  );
}

/** A field is a column, what every row says, or not said at all. */
const FIXED = '\u0000fixed';

function OneField({ field, heads, of, onChange }: { field: SheetField; heads: readonly string[]; of: Mapping[string]; onChange: (one: Mapping[string]) => void }): JSX.Element {
  const [fixed, setFixed] = useState(of.fixed !== '');
  const none = field.needed ? 'Choose a column' : 'Not in this sheet';
  const called = title(words(field.name));
  return (
    <div class="sheet-field">
      <SelectField
        label={field.needed ? `${called} (needed)` : called}
        hint={title(field.what)}
        value={fixed ? FIXED : of.column}
        options={[{ value: '', label: none }, ...heads.map((head) => ({ value: head, label: head })), { value: FIXED, label: 'The same in every row…' }]}
        onChange={(chosen) => {
          setFixed(chosen === FIXED);
          onChange({ column: chosen === FIXED ? '' : chosen, fixed: '' });
        }}
      />
      {fixed ? <TextField label={`${called} of every row`} value={of.fixed} onInput={(value) => onChange({ column: '', fixed: value })} /> : null}
    </div>
  );
}

/** Faults by line and column of the sheet. */
function Wrong({ refusal }: { refusal: Refusal }): JSX.Element {
  if (refusal.faults.length === 0) return <Refused refusal={refusal} />;
  return (
    <Notice tone="bad" title={`${counted(refusal.faults.length, 'thing is wrong', 'things are wrong')} in the sheet. Nothing was made of it.`}>
      <ul class="notice-list">
        {refusal.faults.map((fault) => (
          <li key={`${fault.line} ${fault.column} ${fault.what}`}>{`Line ${count(fault.line)}, column ${count(fault.column)}: ${fault.what}`}</li>
        ))}
      </ul>
    </Notice>
  );
}

function Read({ of }: { of: Drafted }): JSX.Element {
  const [shown, setShown] = useState<string | null>(null);
  const files: readonly TermsFile[] = of.files;
  const check = useCheck(files);
  const open = files.find((file) => file.name === shown);
  const named = (file: TermsFile, key: string): string => fieldsOf(file.text)?.find((field) => field.section === '' && field.path.join() === key)?.value ?? '';
  return (
    <>
      {of.renamed.length === 0 ? null : (
        <Card title="Names that became ids" note="A name that is no id was made into one. Check that each is the party that your catalogue knows." flush>
          <Table dense caption="Names that became ids" rows={of.renamed} rowKey={(it) => it.name} shown={25} columns={[{ key: 'name', head: 'In the sheet', cell: (it) => it.name }, { key: 'id', head: 'Id', cell: (it) => it.id }]} />
        </Card>
      )}
      <Card title={counted(files.length, 'contract')} note="Read them before you propose them." flush>
        <Table
          caption="Contracts out of the sheet"
          rows={files}
          rowKey={(file) => file.name}
          shown={25}
          columns={[
            { key: 'id', head: 'Contract', cell: (file) => <Button look="link" expanded={shown === file.name} label={`Read ${named(file, 'id')}`} onPress={() => setShown(shown === file.name ? null : file.name)}>{named(file, 'id')}</Button> },
            { key: 'grantor', head: 'Passes on', cell: (file) => named(file, 'grantor') },
            { key: 'from', head: 'From', cell: (file) => named(file, 'from') },
            { key: 'currency', head: 'Currency', cell: (file) => named(file, 'currency') },
            { key: 'change', head: 'Change', cell: (file) => (check.good === null ? '…' : check.good.added.includes(named(file, 'id')) ? 'New' : check.good.changed.includes(named(file, 'id')) ? 'Replaces what is in force' : 'As it is') },
          ]}
        />
      </Card>
      {open === undefined ? null : (
        <Card title={open.name}>
          <pre class="file-text">{open.text}</pre>
        </Card>
      )}
      <MonthPreview files={files} />
      <Hand files={files} check={check} />
    </>
  );
}
