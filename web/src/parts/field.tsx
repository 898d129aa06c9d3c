// What is typed in and chosen, each with its label, its hint and what is wrong with it.

import './field.css';
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icon';

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  /** What is wrong, as a sentence. */
  wrong?: string;
  /** The label is read aloud and not shown. */
  bare?: boolean;
}

function Framed({ id, label, hint, wrong, bare, children }: FieldProps & { id: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="field">
      <label for={id} class={bare ? 'unseen' : 'field-label'}>
        {label}
      </label>
      {children}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="field-hint">
          {hint}
        </p>
      )}
      {wrong === undefined ? null : (
        <p id={`${id}-wrong`} class="field-wrong">
          {wrong}
        </p>
      )}
    </div>
  );
}

function described(id: string, { hint, wrong }: FieldProps): string | undefined {
  const parts = [hint === undefined ? '' : `${id}-hint`, wrong === undefined ? '' : `${id}-wrong`].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join(' ');
}

interface TextProps extends FieldProps {
  value: string;
  onInput: (value: string) => void;
  type?: 'text' | 'password' | 'email' | 'search' | 'number' | 'date' | 'month';
  placeholder?: string;
  required?: boolean;
  autocomplete?: string;
  lengthMax?: number;
  /** More than one line. */
  lines?: number;
  mono?: boolean;
  name?: string;
}

export function TextField(props: TextProps): JSX.Element {
  const id = useId();
  const shared = {
    id,
    class: `field-input${props.mono ? ' field-mono' : ''}`,
    value: props.value,
    name: props.name,
    placeholder: props.placeholder,
    required: props.required,
    maxLength: props.lengthMax,
    'aria-describedby': described(id, props),
    'aria-invalid': props.wrong === undefined ? undefined : true,
  };
  return (
    <Framed id={id} {...props}>
      {props.lines === undefined ? (
        <input {...shared} type={(props.type ?? 'text') as 'text'} autocomplete={props.autocomplete ?? 'off'} spellcheck={false} onInput={(event) => props.onInput(event.currentTarget.value)} />
      ) : (
        <textarea {...shared} rows={props.lines} spellcheck={!props.mono} onInput={(event) => props.onInput(event.currentTarget.value)} />
      )}
    </Framed>
  );
}

interface SelectProps extends FieldProps {
  value: string;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
}

export function SelectField(props: SelectProps): JSX.Element {
  const id = useId();
  return (
    <Framed id={id} {...props}>
      <span class="field-select">
        <select id={id} class="field-input" value={props.value} aria-describedby={described(id, props)} aria-invalid={props.wrong === undefined ? undefined : true} onChange={(event) => props.onChange(event.currentTarget.value)}>
          {props.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <Icon name="down" size={16} />
      </span>
    </Framed>
  );
}

export function CheckField({ label, checked, onChange, hint }: { label: string; checked: boolean; onChange: (checked: boolean) => void; hint?: string }): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label class="field-check">
        <input type="checkbox" checked={checked} aria-describedby={hint === undefined ? undefined : `${id}-hint`} onChange={(event) => onChange(event.currentTarget.checked)} />
        <span>{label}</span>
      </label>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}

/** One of a few, all of them seen: arrow keys choose, as the browser does it for radio buttons. */
export function Choices<Value extends string>({ label, value, options, onChange }: { label: string; value: Value; options: readonly { value: Value; label: string }[]; onChange: (value: Value) => void }): JSX.Element {
  const id = useId();
  return (
    <fieldset class="choices">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value} class="choice">
          <input type="radio" name={id} value={option.value} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
