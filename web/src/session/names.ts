// What ids are called: names of parties, titles of recordings. Pages do without where the catalogue has
// none, or doesn't show it to this session.

import { get } from '../api/client';
import { useAnswer } from '../api/answer';

/** Titles of the recordings that a payee has lines of in a month; none while they are fetched. */
export function useTitles(period: string, payee: string): ReadonlyMap<string, string> {
  const earned = useAnswer(async (signal) => {
    const answer = await get('/api/v1/royalty/earnings', { query: { period, party: payee, by: 'recording' }, signal });
    return new Map(answer.rows.flatMap((row) => (row.key === null || row.title === null ? [] : [[row.key, row.title] as const])));
  }, [period, payee]);
  return earned.value ?? NONE;
}

/** A party's name; its id while that is fetched, and where there is none. */
export function useName(party: string): string {
  const entry = useAnswer((signal) => get('/api/v1/catalog/rights', { query: { id: party }, signal }), [party]);
  return entry.value?.party?.name ?? party;
}

const NONE: ReadonlyMap<string, string> = new Map();
