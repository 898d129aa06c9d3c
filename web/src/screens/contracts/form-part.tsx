// One part of a contract in a form: the contract itself, a term, or its account.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { counted, title, words } from '../../figures/format';
import { Button } from '../../parts/button';
import { CheckField, SelectField, TextField } from '../../parts/field';
import { Notice } from '../../parts/notice';
import { entriesOf, isLicence, linesFor, mayGo, type Part, RULES, ruleOf, withItem, withKey, withLine, withoutItem, withoutLine, withoutPart, withRule } from './edits';
import type { Placed } from './faults';
import { type Field, quoted, withField, wrongIn } from './fields';
import type { Entry, Node } from './file';

interface PartProps {
  id: string;
  /** Where the focus goes when the part itself goes. */
  back: string;
  part: Part;
  parts: readonly Part[];
  fields: readonly Field[];
  /** What is wrong in it. */
  found: readonly Placed[];
  text: string;
  onText: (text: string) => void;
  /** Changes the text, then moves the focus to the element with an id, or to the first field in it. */
  onChange: (text: string, focus: string) => void;
}

export function FormPart(props: PartProps): JSX.Element {
  const { id, back, part, parts, fields, found, text, onChange } = props;
  const name = part.kind === 'contract' ? 'the contract' : part.section.replace(/^Term /, 'term ');
  const loose = found.filter(({ field }) => field === undefined);
  return (
    <fieldset class="contract-part" id={id}>
      <legend>{part.kind === 'contract' ? 'Contract' : part.kind === 'account' ? 'After the pools' : title(part.section)}</legend>
      {loose.length === 0 ? null : (
        <Notice tone="bad" title={counted(loose.length, 'thing is wrong here', 'things are wrong here')}>
          <ul class="notice-list">
            {loose.map(({ fault }) => (
              <li key={fault.what}>{fault.what}</li>
            ))}
          </ul>
        </Notice>
      )}
      <div class="contract-fields">
        {entriesOf(part).map(({ entry, table }) => (
          <Line key={`${table.name} ${entry.key}`} {...props} name={name} entry={entry} goes={mayGo(part, parts, { entry, table })} own={fields.filter((field) => within(field, entry))} />
        ))}
      </div>
      <div class="contract-line contract-tools">
        {part.kind === 'term' ? <Rule {...props} name={name} /> : null}
        <AddLine {...props} name={name} />
        {part.kind === 'term' ? (
          <Button look="danger" label={`Remove ${name}`} onPress={() => onChange(withoutPart(text, part), back)}>
            Remove term
          </Button>
        ) : part.kind === 'account' ? (
          <Button look="danger" onPress={() => onChange(withoutPart(text, part), back)}>
            Remove what happens after the pools
          </Button>
        ) : null}
      </div>
    </fieldset>
  );
}

/** What of a line the fields are; an end that isn't there yet belongs to the line above it. */
function within(field: Field, entry: Entry): boolean {
  if (field.kind === 'absent') return field.section === '' && entry.key === 'from' && field.from > entry.node.to;
  return field.from >= entry.node.from && field.to <= entry.node.to;
}

function Rule({ part, parts, text, id, name, onChange }: PartProps & { name: string }): JSX.Element | null {
  const known = Object.entries(RULES).filter(([rule]) => (rule === 'pass_on') !== isLicence(parts));
  const rule = ruleOf(part);
  if (known.length === 1 && rule === known[0]?.[0]) return null;
  const strange = rule === undefined || !known.some(([one]) => one === rule);
  const options = [...(strange ? [{ value: '', label: rule === undefined ? 'Nothing yet' : (RULES[rule]?.says ?? rule) }] : []), ...known.map(([value, { says }]) => ({ value, label: says }))];
  return <SelectField label={`How ${name} pays`} value={strange ? '' : rule} options={options} onChange={(wanted) => (wanted === '' ? undefined : onChange(withRule(text, part, wanted), `${id}-${wanted}`))} />;
}

function AddLine({ part, parts, text, id, name, onChange }: PartProps & { name: string }): JSX.Element | null {
  const [chosen, setChosen] = useState('');
  const lines = linesFor(part, parts);
  const keys = Object.keys(lines);
  if (keys.length === 0) return null;
  const key = keys.includes(chosen) ? chosen : (keys[0] ?? '');
  return (
    <div class="contract-add" id={`${id}-more`}>
      <SelectField label={`A line more for ${name}`} value={key} options={keys.map((one) => ({ value: one, label: title(words(one)) }))} {...(ADDED[key] === undefined ? {} : { hint: ADDED[key] })} onChange={setChosen} />
      <Button label={`Add the line to ${name}`} onPress={() => onChange(withLine(text, part, key, lines[key] ?? '""'), `${id}-${key}`)}>
        Add
      </Button>
    </div>
  );
}

interface LineProps extends PartProps {
  name: string;
  entry: Entry;
  /** Whether it may be taken out. */
  goes: boolean;
  own: readonly Field[];
}

function Line(props: LineProps): JSX.Element {
  const { id, text, name, entry, goes, own, onChange } = props;
  const { node } = entry;
  const called = title(words(entry.key)).toLowerCase();
  const gone = goes ? (
    <Button look="quiet" icon="cross" label={`Remove ${called} from ${name}`} onPress={() => onChange(withoutLine(text, entry), `${id}-more`)} />
  ) : null;
  const rows = node.kind === 'list' && node.items.length > 0 && node.items.every((item) => item.kind === 'table');
  if (rows || ROWS[entry.key] !== undefined) return <Rows {...props} list={node} />;
  if (node.kind === 'table') {
    return (
      <div class="contract-group" id={`${id}-${entry.key}`} role="group" aria-label={`${title(called)} of ${name}`}>
        {own.map((field) => (
          <Value key={field.path.join('.')} {...props} of={field} />
        ))}
        {entry.key === 'withholding' ? <Country {...props} table={node} /> : null}
        {gone}
      </div>
    );
  }
  return (
    <>
      {own.map((field, at) => (
        <div key={field.path.join('.')} class="contract-entry" id={at === 0 ? `${id}-${entry.key}` : undefined}>
          <Value {...props} of={field} />
          {at === 0 ? gone : null}
        </div>
      ))}
    </>
  );
}

/** Lists of rows: what one is called, and what a new one says. */
const ROWS: Readonly<Record<string, { one: string; line: string }>> = {
  pass_on: { one: 'payee', line: '{ payee = "", share = "10%" }' },
  bands: { one: 'band', line: '{ from_ms = 60000, rate = "0.005" }' },
};

function Rows({ list, ...props }: LineProps & { list: Node }): JSX.Element {
  const { id, text, name, entry, own, onChange } = props;
  const { one, line } = ROWS[entry.key] ?? { one: 'row', line: '{}' };
  const place = (at: number): string => `${id}-${entry.key}-${at}`;
  return (
    <div class="contract-rows" id={`${id}-${entry.key}`}>
      {list.items.map((item, at) => (
        <div key={at} class="contract-group" id={place(at)} role="group" aria-label={`${title(one)} ${at + 1} of ${name}`}>
          {own
            .filter((field) => field.from >= item.from && field.to <= item.to)
            .map((field) => (
              <Value key={field.path.join('.')} {...props} of={field} />
            ))}
          <div class="contract-line">
            {entry.key === 'pass_on' ? (
              <Button look="quiet" label={`Add a commission to payee ${at + 1} of ${name}`} onPress={() => onChange(withCommission(text, item), place(at))}>
                Add a commission
              </Button>
            ) : null}
            <Button look="quiet" label={`Remove ${one} ${at + 1} of ${name}`} onPress={() => onChange(withoutItem(text, list, at), `${id}-${entry.key}`)}>
              {`Remove ${one}`}
            </Button>
          </div>
        </div>
      ))}
      <div>
        <Button label={`Add a ${one} to ${name}`} onPress={() => onChange(withItem(text, list, line), place(list.items.length))}>
          {`Add a ${one}`}
        </Button>
      </div>
    </div>
  );
}

function withCommission(text: string, payee: Node): string {
  const commission = '{ payee = "", share = "10%" }';
  const known = payee.entries.find(({ key }) => key === 'commissions');
  return known === undefined ? withKey(text, payee, 'commissions', `[${commission}]`) : withItem(text, known.node, commission);
}

function Country({ id, text, table, onChange }: LineProps & { table: Node }): JSX.Element {
  const [code, setCode] = useState('');
  const wanted = code.trim().toUpperCase();
  const wrong = wanted === '' || (/^[A-Z]{2}$/.test(wanted) && !table.entries.some(({ key }) => key === wanted)) ? undefined : 'Two letters of a country that isn’t there yet.';
  const add = (): void => {
    setCode('');
    onChange(withKey(text, table, wanted, quoted('30%')), `${id}-withholding`);
  };
  return (
    <div class="contract-add">
      <TextField label="Another country" value={code} onInput={setCode} lengthMax={2} hint="ISO 3166, such as US." {...(wrong === undefined ? {} : { wrong })} />
      <Button disabled={wanted.length !== 2 || wrong !== undefined} onPress={add}>
        Add
      </Button>
    </div>
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
  licensor: 'Whose rights it is about.',
  grantor: 'Who passes on what it is paid.',
};

/** What a line that may be added is for. */
const ADDED: Readonly<Record<string, string>> = {
  title: 'What people call the contract.',
  licensor: 'Whose rights it is about; without it, it is the default for all.',
  recordings: 'Only these recordings, by track id.',
  releases: 'Only recordings on these releases.',
  artists: 'Only recordings of these main artists.',
  labels: 'Only recordings of these labels.',
  territories: 'Only plays in these countries.',
  tiers: 'Only plays of listeners with these plans.',
  uses: 'Only plays on demand, or on the radio.',
  from: 'Since when this term holds, where that isn’t the contract’s.',
  until: 'Until when this term holds, where that isn’t the contract’s.',
  per_play_minimum: 'At least this for each counted play.',
  eligible_plays_min: 'So many counted plays in twelve months, else a recording is paid nothing.',
  noise: 'What functional noise weighs.',
  guarantee: 'The licensor gets at least this in each month.',
  recoup_share: 'This part of what is earned pays off advances and costs.',
  costs_share: 'The payee bears this part of costs.',
  reserve: 'Held for some months against later corrections.',
  withholding: 'Withheld as tax, by the country where it is earned.',
  minimum_payout: 'Nothing is paid out below this.',
  accounting_months: 'Paid out every 1, 3, 6 or 12 months.',
};

/** Words of which a field has one. */
const WORDS: Readonly<Record<string, readonly string[]>> = { kind: ['licence', 'agreement'] };
/** Words of which a list has some. */
const SETS: Readonly<Record<string, readonly string[]>> = { rights: ['master', 'mechanical', 'performance'], uses: ['on_demand', 'radio'] };

/** What can't stand in the file is shown as wrong and not written. */
function Value({ of, found, text, onText }: PartProps & { of: Field }): JSX.Element {
  const [typed, setTyped] = useState<string | null>(null);
  const onValue = (value: string): void => onText(withField(text, of, value));
  const faults = found.filter(({ field }) => field === of).map(({ fault }) => fault.what);
  const wrong = (typed === null ? undefined : wrongIn(of, typed)) ?? (faults.length === 0 ? undefined : faults.join(' '));
  const name = of.path.at(-1) ?? '';
  const hint = of.kind === 'list' ? 'Several with commas.' : HINTS[name];
  const listed = of.section === '' ? WORDS[name] : undefined;
  if (listed !== undefined && listed.includes(of.value)) {
    return <SelectField label={labelled(of.path)} value={of.value} options={listed.map((word) => ({ value: word, label: title(word) }))} {...(wrong === undefined ? {} : { wrong })} onChange={onValue} />;
  }
  const set = of.kind === 'list' && of.path.length === 1 ? SETS[name] : undefined;
  const chosen = of.value.split(', ').filter((word) => word !== '');
  if (set !== undefined && chosen.every((word) => set.includes(word))) return <Words label={labelled(of.path)} of={set} chosen={chosen} wrong={wrong} onValue={onValue} />;
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

function Words({ label, of, chosen, wrong, onValue }: { label: string; of: readonly string[]; chosen: readonly string[]; wrong: string | undefined; onValue: (value: string) => void }): JSX.Element {
  return (
    <fieldset class="contract-words">
      <legend>{label}</legend>
      <div class="contract-checks">
        {of.map((word) => (
          <CheckField key={word} label={title(word)} checked={chosen.includes(word)} onChange={(checked) => onValue(of.filter((one) => (one === word ? checked : chosen.includes(one))).join(', '))} />
        ))}
      </div>
      {wrong === undefined ? null : <p class="field-wrong">{wrong}</p>}
    </fieldset>
  );
}

function labelled(path: readonly string[]): string {
  return title(path.map(words).join(', ').replace(/, (\d+)/g, ' $1'));
}
