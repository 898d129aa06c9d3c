// From the sound to the money. A rights holder sees what the track earned in the newest closed month, which leads to the lines
// of the statement and so to the plays behind them; the service's people are led to who is paid for it.

import type { JSX } from 'preact';
import { useAnswer } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { counted, month } from '../../figures/format';
import { Money } from '../../parts/money';
import { to } from '../../router';
import { session } from '../../session/session';

/** Of so many of one's parties it is asked what they earned. */
const PARTIES_MAX = 10;

export function Earned({ trackId }: { trackId: string }): JSX.Element | null {
  const own = session.value?.parties ?? null;
  if (own === null) {
    return (
      <p class="large-earned">
        <a href={to(['contracts'], { track: trackId })}>Who is paid for it</a>
      </p>
    );
  }
  return <OwnEarned trackId={trackId} parties={own.slice(0, PARTIES_MAX)} />;
}

interface Sum {
  period: string;
  payee: string;
  row: Shape<'EarnedRow'>;
}

function OwnEarned({ trackId, parties }: { trackId: string; parties: readonly string[] }): JSX.Element | null {
  const found = useAnswer(
    async (signal): Promise<Sum[]> => {
      const { items } = await get('/api/v1/royalty/closes', { signal });
      const period = items.map((close) => close.period).sort().at(-1);
      if (period === undefined) return [];
      const earned = await Promise.all(parties.map(async (payee) => ({ payee, rows: (await get('/api/v1/royalty/earnings', { query: { period, party: payee, by: 'recording' }, signal })).rows })));
      return earned.flatMap(({ payee, rows }) => rows.filter((row) => row.key === trackId).map((row) => ({ period, payee, row })));
    },
    [parties.join(' '), trackId],
  );
  // Of what is another's nothing is said; that one's own earned nothing, neither.
  if (found.value === undefined || found.value.length === 0) return null;
  return (
    <ul class="large-earned">
      {found.value.map(({ period, payee, row }) => (
        <li key={`${payee} ${row.currency}`}>
          <a href={to(['statements', period, payee], { recording: trackId, currency: row.currency })}>
            <Money amount={row.amount} currency={row.currency} /> earned in {month(period)}
          </a>{' '}
          <span class="soft">by {counted(row.plays, 'play')}</span>
        </li>
      ))}
    </ul>
  );
}
