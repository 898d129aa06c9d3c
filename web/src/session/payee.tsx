// Whose money is looked at: a rights holder's own parties, or any payee for the service's people.

import type { JSX } from 'preact';
import { get } from '../api/client';
import { type Answering, useAnswer } from '../api/answer';
import { SelectField, TextField } from '../parts/field';
import { place, requery } from '../router';
import { session } from './session';

/** More than these aren't listed; an id is typed instead. */
const LISTED_MAX = 1000;

/** Who can be chosen, and who is: by the place's query, else the first. */
export interface Payees {
  readonly listed: readonly string[];
  readonly chosen: string | null;
}

/** The payees that this session may look at. */
export function usePayees(): Answering<Payees> {
  const own = session.value?.parties ?? null;
  const wanted = place.value.query.get('payee');
  const answering = useAnswer(async (signal) => own ?? (await paidLately(signal)), [own]);
  const listed = answering.value;
  return { ...answering, value: listed === undefined ? undefined : { listed, chosen: wanted ?? listed[0] ?? null } };
}

/** Everybody who has a statement of the newest closed month. */
async function paidLately(signal: AbortSignal): Promise<string[]> {
  const { items } = await get('/api/v1/royalty/closes', { signal });
  const newest = items.map((close) => close.period).sort().at(-1);
  if (newest === undefined) return [];
  const page = await get('/api/v1/royalty/closes/{period}/statements', { path: { period: newest }, query: { limit: LISTED_MAX }, signal });
  return page.items.map((statement) => statement.payee);
}

/** Chooses one of several; nothing where there is but one. */
export function PayeeField({ of }: { of: Payees }): JSX.Element | null {
  if (of.listed.length < 2 && session.value?.parties !== null) return null;
  const choose = (payee: string): void => requery({ payee });
  if (of.listed.length === 0 || of.listed.length >= LISTED_MAX) {
    return <TextField label="Payee" value={of.chosen ?? ''} onInput={choose} />;
  }
  const listed = of.chosen === null || of.listed.includes(of.chosen) ? of.listed : [of.chosen, ...of.listed];
  return <SelectField label="Payee" value={of.chosen ?? ''} options={listed.map((payee) => ({ value: payee, label: payee }))} onChange={choose} />;
}
