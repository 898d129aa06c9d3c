// A proposal: contracts from those in force, from templates or from files, edited, checked, tried on a month,
// and handed to a second person.

import './contracts.css';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { type Answering, useAnswer } from '../../api/answer';
import { title } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Answered, Skeleton } from '../../parts/answered';
import { Button, LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField, TextField } from '../../parts/field';
import { Notice } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { to } from '../../router';
import { DropText } from '../../sheets/drop';
import type { ScreenProps } from '../routes';
import { Editor } from './editor';
import { withId } from './edits';
import { fieldsOf } from './fields';
import { Hand, useCheck } from './hand';
import { MonthPreview, type TermsFile } from './month-preview';

/** What an id may be made of. */
const ID = /^[A-Za-z0-9_.:/@+-]{1,96}$/;

type Templates = Shape<'TermsTemplates'>;

export default function ProposeScreen({ query }: ScreenProps): JSX.Element {
  const wanted = query.get('contract');
  const begun = useAnswer(async (signal) => (wanted === null ? null : get('/api/v1/royalty/terms/{id}', { path: { id: wanted }, signal })), [wanted]);
  const templates = useAnswer((signal) => get('/api/v1/royalty/terms/templates', { signal }), []);
  const [files, setFiles] = useState<readonly TermsFile[]>([]);
  const check = useCheck(files);
  useEffect(() => {
    const contract = begun.value;
    if (contract !== undefined && contract !== null) setFiles([{ name: contract.revisions[0]?.file ?? `${contract.id}.toml`, text: contract.text }]);
  }, [begun.value]);
  const add = (added: readonly TermsFile[]): void => {
    setFiles((before) => [...before.filter((file) => !added.some((other) => other.name === file.name)), ...added]);
    announce(`${added.map((file) => file.name).join(', ')} can be edited.`);
  };
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
                <Editor
                  text={file.text}
                  name={file.name}
                  faults={check.faults.filter((fault) => fault.file === file.name)}
                  onText={(text) => setFiles((now) => now.map((other) => (other.name === file.name ? { ...other, text } : other)))}
                />
              </Card>
            ))}
            <Sources templates={templates} files={files} onFiles={add} />
            {files.length === 0 ? null : (
              <>
                <MonthPreview files={files} />
                <Hand files={files} check={check} />
              </>
            )}
          </>
        )}
      </Answered>
    </Screen>
  );
}

function Sources({ templates, files, onFiles }: { templates: Answering<Templates>; files: readonly TermsFile[]; onFiles: (files: readonly TermsFile[]) => void }): JSX.Element {
  const [wrong, setWrong] = useState('');
  const first = files.length === 0;
  return (
    <Card
      title={first ? 'Begin with' : 'Add another'}
      note={first ? 'A template is a whole contract with comments; all of it can be changed in the form.' : undefined}
      aside={
        <LinkButton icon="try" href={to(['contracts', 'sheets', 'new'])}>
          From a spreadsheet
        </LinkButton>
      }
    >
      <div class="contract-form">
        <Answered of={templates} skeleton={<Skeleton rows={1} />}>
          {(of) => <FromTemplate of={of} files={files} onFiles={onFiles} />}
        </Answered>
        <DropText line="Or drop contract files here" hint="TOML, one contract each; several at once." accept=".toml,.txt" multiple onFiles={onFiles} onWrong={setWrong} />
        {wrong === '' ? null : <Notice tone="bad">{wrong}</Notice>}
      </div>
    </Card>
  );
}

/** A template under an id of its own: two contracts of one template are two. */
function FromTemplate({ of, files, onFiles }: { of: Templates; files: readonly TermsFile[]; onFiles: (files: readonly TermsFile[]) => void }): JSX.Element | null {
  const [chosen, setChosen] = useState('');
  const [typed, setTyped] = useState<string | null>(null);
  const picked = of.items.find((it) => it.name === chosen) ?? of.items[0];
  if (picked === undefined) return null;
  const id = (typed ?? fieldsOf(picked.text)?.find((field) => field.section === '' && field.path.join() === 'id')?.value ?? picked.name).trim();
  const name = `${id.replace(/[^A-Za-z0-9_.@+-]/g, '_')}.toml`;
  const wrong = !ID.test(id) ? 'Letters, digits and _ . : / @ + -.' : files.some((file) => file.name === name) ? 'It is in the proposal already.' : undefined;
  return (
    <form
      class="contract-line"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong !== undefined) return;
        onFiles([{ name, text: withId(picked.text, id) }]);
        setTyped(null);
      }}
    >
      <SelectField label="Template" value={picked.name} options={of.items.map((it) => ({ value: it.name, label: title(it.name.replaceAll('-', ' ')) }))} hint={picked.what} onChange={setChosen} />
      <TextField label="Id of the contract" value={typed ?? id} onInput={setTyped} hint="Its name among all contracts." {...(wrong === undefined ? {} : { wrong })} />
      <Button submits disabled={wrong !== undefined}>
        Take this template
      </Button>
    </form>
  );
}
