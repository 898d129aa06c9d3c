// A contract file to edit: by a form, in which values change and lines, terms and payees come and go, or as text.
// What a dry run finds wrong stands at the field that it is about.

import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { counted } from '../../figures/format';
import { Button } from '../../parts/button';
import { Choices, TextField } from '../../parts/field';
import { Notice } from '../../parts/notice';
import { partsOf, withAccount, withTerm } from './edits';
import { type Fault, placed } from './faults';
import { fieldsOf } from './fields';
import { FormPart } from './form-part';

const WAYS = [
  { value: 'form', label: 'Form' },
  { value: 'text', label: 'Text' },
] as const;
type Way = (typeof WAYS)[number]['value'];

interface EditorProps {
  text: string;
  name: string;
  /** What the dry run found in this file. */
  faults: readonly Fault[];
  onText: (text: string) => void;
}

export function Editor({ text, name, faults, onText }: EditorProps): JSX.Element {
  const [way, setWay] = useState<Way>('form');
  return (
    <div class="contract-form">
      <div>
        <Choices label={`How to edit ${name}`} value={way} options={WAYS} onChange={setWay} />
      </div>
      {way === 'text' ? (
        <>
          <Faults of={faults} />
          <TextField label={name} lines={Math.min(32, Math.max(14, text.split('\n').length + 1))} mono value={text} onInput={onText} />
        </>
      ) : (
        <Form text={text} faults={faults} onText={onText} />
      )}
    </div>
  );
}

/** Faults by line, where there are no fields to put them at. */
function Faults({ of }: { of: readonly Fault[] }): JSX.Element | null {
  if (of.length === 0) return null;
  return (
    <Notice tone="bad" title={counted(of.length, 'thing is wrong', 'things are wrong')}>
      <ul class="notice-list">
        {of.map((fault) => (
          <li key={`${fault.line} ${fault.column} ${fault.what}`}>{`Line ${fault.line}, character ${fault.column}: ${fault.what}`}</li>
        ))}
      </ul>
    </Notice>
  );
}

function Form({ text, faults, onText }: Omit<EditorProps, 'name'>): JSX.Element {
  const [fields, parts] = [fieldsOf(text), partsOf(text)];
  const id = useId();
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    if (wanted.current === null) return;
    const place = document.getElementById(wanted.current);
    wanted.current = null;
    (place?.matches('button') === true ? place : place?.querySelector<HTMLElement>('input, select, textarea, button'))?.focus();
  }, [text]);
  if (fields === null || parts === null) {
    return (
      <>
        <Notice tone="wait">This file says something that the form can’t show. It can be edited as text.</Notice>
        <Faults of={faults} />
      </>
    );
  }
  const found = placed(text, faults, fields, parts);
  const lost = found.filter(({ part }) => part === undefined).map(({ fault }) => fault);
  /** The text as it is now, and where the focus goes then. */
  const change = (after: string, focus: string): void => {
    wanted.current = focus;
    onText(after);
  };
  const add = `${id}-add`;
  return (
    <>
      <Faults of={lost} />
      {parts.map((part, at) => (
        // By place: a term's name changes while its id is typed.
        <FormPart key={at} id={`${id}-${at}`} back={add} part={part} parts={parts} fields={fields} found={found.filter((one) => one.part === part)} text={text} onText={onText} onChange={change} />
      ))}
      <div class="contract-line" id={add}>
        <Button icon="contract" onPress={() => change(withTerm(text, parts), `${id}-${lastTerm(parts) + 1}`)}>
          Add a term
        </Button>
        {parts.some((part) => part.kind === 'account') ? null : (
          <Button onPress={() => change(withAccount(text), `${id}-${parts.length}`)}>Add what happens after the pools</Button>
        )}
      </div>
    </>
  );
}

function lastTerm(parts: NonNullable<ReturnType<typeof partsOf>>): number {
  return Math.max(0, parts.findLastIndex((part) => part.kind === 'term'));
}
