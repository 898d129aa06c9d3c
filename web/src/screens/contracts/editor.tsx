// A contract file to edit: by a form that changes single values, or as text.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { words, title } from '../../figures/format';
import { Choices, SelectField, TextField } from '../../parts/field';
import { Notice } from '../../parts/notice';
import { type Field, fieldsOf, withField, wrongIn } from './fields';

const WAYS = [
  { value: 'form', label: 'Form' },
  { value: 'text', label: 'Text' },
] as const;
type Way = (typeof WAYS)[number]['value'];

export function Editor({ text, name, onText }: { text: string; name: string; onText: (text: string) => void }): JSX.Element {
  const [way, setWay] = useState<Way>('form');
  const fields = way === 'form' ? fieldsOf(text) : null;
  return (
    <div class="contract-form">
      <div>
        <Choices label={`How to edit ${name}`} value={way} options={WAYS} onChange={setWay} />
      </div>
      {way === 'text' ? (
        <TextField label={name} lines={Math.min(32, Math.max(14, text.split('\n').length + 1))} mono value={text} onInput={onText} />
      ) : fields === null ? (
        <Notice tone="wait">This file says something that the form can’t show. It can be edited as text.</Notice>
      ) : (
        <Form fields={fields} text={text} onText={onText} />
      )}
    </div>
  );
}

function Form({ fields, text, onText }: { fields: readonly Field[]; text: string; onText: (text: string) => void }): JSX.Element {
  const sections = [...new Set(fields.map((field) => field.section))];
  return (
    <>
      {sections.map((section, at) => (
        // By number: a section's name changes while its id is typed.
        <fieldset key={at} class="contract-part">
          <legend>{section === '' ? 'Contract' : title(section)}</legend>
          {fields
            .filter((field) => field.section === section)
            .map((field) => (
              <Value key={field.path.join('.')} of={field} onValue={(value) => onText(withField(text, field, value))} />
            ))}
        </fieldset>
      ))}
    </>
  );
}

/** What somebody must know who writes it; by the last part of its path. */
const HINTS: Readonly<Record<string, string>> = {
  share: 'Such as 22% or 1/3.',
  rate: 'In the contract’s currency.',
  signed_on: 'Of two equally specific terms, the later signed one wins.',
  from: 'The first of a month.',
  until: 'The first day on which it no longer holds; empty where it holds for ever.',
  currency: 'ISO 4217, such as EUR.',
  eligible_plays_min: 'Counted plays of a recording in twelve months.',
  accounting_months: 'Paid out every 1, 3, 6 or 12 months.',
};

/** Words of which a field has one. */
const WORDS: Readonly<Record<string, readonly string[]>> = { kind: ['licence', 'agreement'] };

/** What can't stand in the file is shown as wrong and not written. */
function Value({ of, onValue }: { of: Field; onValue: (value: string) => void }): JSX.Element {
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed === null ? undefined : wrongIn(of, typed);
  const name = of.path.at(-1) ?? '';
  const hint = of.kind === 'list' ? 'Several with commas.' : HINTS[name];
  const listed = of.section === '' ? WORDS[name] : undefined;
  if (listed !== undefined && listed.includes(of.value)) {
    return <SelectField label={labelled(of.path)} value={of.value} options={listed.map((word) => ({ value: word, label: title(word) }))} onChange={onValue} />;
  }
  return (
    <TextField
      label={labelled(of.path)}
      value={typed ?? of.value}
      {...(hint === undefined ? {} : { hint })}
      {...(wrong === undefined ? {} : { wrong })}
      onInput={(value) => {
        // While it is typed, a list keeps its commas and a day its half.
        const good = wrongIn(of, value) === undefined;
        setTyped(good && of.kind !== 'list' ? null : value);
        if (good) onValue(value);
      }}
    />
  );
}

function labelled(path: readonly string[]): string {
  return title(path.map(words).join(', ').replace(/, (\d+)/g, ' $1'));
}
