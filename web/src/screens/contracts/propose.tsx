// A proposal: contracts from those in force, from templates or from files, edited, checked, tried on a month,
// and handed to a second person.

import './contracts.css';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, post, type Shape } from '../../api/client';
import { type Answering, useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { Refusal } from '../../api/problem';
import { title } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Answered, Skeleton } from '../../parts/answered';
import { Button, Buttons } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField, TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { go, to } from '../../router';
import { DropText } from '../../sheets/drop';
import type { ScreenProps } from '../routes';
import { Editor } from './editor';
import { MonthPreview, type TermsFile } from './month-preview';

const NOTE_MAX = 2000;

type Templates = Shape<'TermsTemplates'>;

export default function ProposeScreen({ query }: ScreenProps): JSX.Element {
  const wanted = query.get('contract');
  const begun = useAnswer(async (signal) => (wanted === null ? null : get('/api/v1/royalty/terms/{id}', { path: { id: wanted }, signal })), [wanted]);
  const templates = useAnswer((signal) => get('/api/v1/royalty/terms/templates', { signal }), []);
  const [files, setFiles] = useState<readonly TermsFile[]>([]);
  useEffect(() => {
    const contract = begun.value;
    if (contract !== undefined && contract !== null) setFiles([{ name: contract.revisions[0]?.file ?? `${contract.id}.toml`, text: contract.text }]);
  }, [begun.value]);
  const add = (added: readonly TermsFile[]): void => setFiles((before) => [...before.filter((file) => !added.some((other) => other.name === file.name)), ...added]);
  return (
    <Screen
      title={wanted === null ? 'Propose a contract' : `Propose a change of ${wanted}`}
      note="Nothing changes until a second person has approved it."
      crumbs={[{ label: 'Contracts', href: to(['contracts']) }, ...(wanted === null ? [] : [{ label: wanted, href: to(['contracts', wanted]) }])]}
    >
      <Answered of={begun} skeleton={<Skeleton rows={8} />}>
        {() => (
          <>
            {files.map((file) => (
              <Card
                key={file.name}
                title={file.name}
                aside={
                  <Button look="quiet" icon="cross" label={`Take ${file.name} out of the proposal`} onPress={() => setFiles(files.filter((other) => other !== file))} />
                }
              >
                <Editor text={file.text} name={file.name} onText={(text) => setFiles(files.map((other) => (other.name === file.name ? { ...other, text } : other)))} />
              </Card>
            ))}
            <Sources templates={templates} first={files.length === 0} onFiles={add} />
            {files.length === 0 ? null : (
              <>
                <MonthPreview files={files} />
                <Hand files={files} />
              </>
            )}
          </>
        )}
      </Answered>
    </Screen>
  );
}

function Sources({ templates, first, onFiles }: { templates: Answering<Templates>; first: boolean; onFiles: (files: readonly TermsFile[]) => void }): JSX.Element {
  const [chosen, setChosen] = useState('');
  const [wrong, setWrong] = useState('');
  return (
    <Card title={first ? 'Begin with' : 'Add another'} note={first ? 'A template says in comments what each line does.' : undefined}>
      <div class="contract-form">
        <Answered of={templates} skeleton={<Skeleton rows={1} />}>
          {({ items }) => {
            const picked = items.find((it) => it.name === chosen) ?? items[0];
            return picked === undefined ? null : (
              <div class="contract-line">
                <SelectField label="Template" value={picked.name} options={items.map((it) => ({ value: it.name, label: title(it.name.replaceAll('-', ' ')) }))} hint={picked.what} onChange={setChosen} />
                <Button onPress={() => onFiles([{ name: `${picked.name}.toml`, text: picked.text }])}>Take this template</Button>
              </div>
            );
          }}
        </Answered>
        <DropText line="Or drop contract files here" hint="TOML, one contract each; several at once." accept=".toml,.txt" multiple onFiles={onFiles} onWrong={setWrong} />
        {wrong === '' ? null : <Notice tone="bad">{wrong}</Notice>}
      </div>
    </Card>
  );
}

/** Checks the files together with all that is in force, and hands them on. */
function Hand({ files }: { files: readonly TermsFile[] }): JSX.Element {
  const [note, setNote] = useState('');
  const [checked, setChecked] = useState<Shape<'ImportedTerms'> | null>(null);
  const checking = useDoing();
  const handing = useDoing();
  const same = JSON.stringify(files);
  useEffect(() => {
    setChecked(null);
    checking.clear();
    handing.clear();
  }, [same]);
  const check = (): void => {
    void checking.run(async () => {
      setChecked(await post('/api/v1/royalty/terms', { query: { dry_run: true }, json: { files: [...files] } }));
      announce('The files are good.');
    });
  };
  const hand = (): void => {
    void handing.run(async () => {
      const made = await post('/api/v1/royalty/terms/proposals', { json: { files: [...files], note } });
      announce(`Proposal No. ${made.number} waits for approval.`);
      go(to(['contracts', 'proposals', made.number]));
    });
  };
  const refusal = handing.refusal ?? checking.refusal;
  return (
    <Card title="Hand it to a second person">
      <form
        class="contract-form"
        onSubmit={(event) => {
          event.preventDefault();
          hand();
        }}
      >
        <TextField label="Why" lines={3} value={note} onInput={setNote} lengthMax={NOTE_MAX} hint="For whoever approves it." />
        {refusal === undefined ? null : <Refused refusal={told(refusal)} />}
        {checked === null ? null : (
          <Notice tone="good" title="The files are good">
            <p>{outcome(checked)}</p>
          </Notice>
        )}
        <Buttons>
          <Button look="primary" submits busy={handing.busy}>
            Propose
          </Button>
          <Button busy={checking.busy} onPress={check}>
            Only check
          </Button>
        </Buttons>
      </form>
    </Card>
  );
}

/** A refusal whose one sentence has several faults in it, as a list of them. */
function told(refusal: Refusal): Refusal {
  if (refusal.problems.length > 0 || !refusal.message.includes('; ')) return refusal;
  const faults = refusal.message.split('; ');
  return new Refusal(refusal.status, refusal.code, `${faults.length} things are wrong. Nothing was stored.`, faults);
}

function outcome({ added, changed, unchanged }: Shape<'ImportedTerms'>): string {
  const said = [added.length === 0 ? '' : `new: ${added.join(', ')}`, changed.length === 0 ? '' : `changed: ${changed.join(', ')}`, unchanged.length === 0 ? '' : `as they were: ${unchanged.join(', ')}`].filter((part) => part !== '');
  return `${said.join('; ')}.`.replace(/^./, (first) => first.toUpperCase());
}
