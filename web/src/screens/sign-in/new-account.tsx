// What is asked of whoever gets an account: a name, a password, and if they like an address and a country.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Refusal } from '../../api/problem';
import { countries, guessedCountry } from '../../figures/countries';
import { SelectField, TextField } from '../../parts/field';

/** What was typed. */
export interface NewAccount {
  readonly name: string;
  readonly password: string;
  readonly email: string;
  readonly territory: string;
}

/** An account that nobody has typed yet. */
export function useNewAccount(): [NewAccount, (changes: Partial<NewAccount>) => void] {
  const [account, setAccount] = useState<NewAccount>(() => ({ name: '', password: '', email: '', territory: guessedCountry() }));
  return [account, (changes) => setAccount((before) => ({ ...before, ...changes }))];
}

/** What a request has of it: what was left empty isn't said. */
export function asked({ name, password, email, territory }: NewAccount): { name: string; password: string; email?: string; territory?: string } {
  return { name: name.trim(), password, ...(email === '' ? {} : { email: email.trim() }), ...(territory === '' ? {} : { territory }) };
}

export function NewAccountFields({ of, onChange, refusal }: { of: NewAccount; onChange: (changes: Partial<NewAccount>) => void; refusal: Refusal | null }): JSX.Element {
  const taken = refusal?.code === 'name_taken' ? { wrong: 'Somebody has this name already. Choose another one.' } : {};
  return (
    <>
      <TextField label="Name" name="username" autocomplete="username" value={of.name} onInput={(name) => onChange({ name })} lengthMax={32} hint="Letters and digits, with dots, hyphens or underscores between them." required {...taken} />
      <TextField label="Password" type="password" name="password" autocomplete="new-password" value={of.password} onInput={(password) => onChange({ password })} lengthMax={256} hint="At least 10 characters. Several words are good." required />
      <TextField label="E-mail (optional)" type="email" name="email" autocomplete="email" value={of.email} onInput={(email) => onChange({ email })} lengthMax={254} />
      <SelectField label="Country" value={of.territory} options={countries()} onChange={(territory) => onChange({ territory })} hint="What you hear is paid for by where you are." />
    </>
  );
}
