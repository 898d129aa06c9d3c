// A month's close: prepared by a dry run, or as it was made.

import type { JSX } from 'preact';
import { get } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { month } from '../../figures/format';
import { Answered, Skeleton } from '../../parts/answered';
import { Badge, Standing } from '../../parts/badge';
import { Buttons, LinkButton } from '../../parts/button';
import { Screen } from '../../parts/screen';
import { to } from '../../router';
import type { ScreenProps } from '../routes';
import { SalesReports } from '../sales/sales-dialog';
import { Closed } from './closed';
import { Prepared } from './prepared';
import './closes.css';

export default function CloseScreen({ params }: ScreenProps): JSX.Element {
  const period = params.period ?? '';
  // A month that nobody has closed isn't there; that is asked of the list, since it is no fault.
  const close = useAnswer(
    async (signal) => {
      const { items } = await get('/api/v1/royalty/closes', { signal });
      return items.some((one) => one.period === period) ? get('/api/v1/royalty/closes/{period}', { path: { period }, signal }) : null;
    },
    [period],
  );
  const closed = close.value?.state === 'closed';
  return (
    <Screen
      title={`Close of ${month(period)}`}
      heading={
        <>
          {month(period)} {close.value === undefined ? null : close.value === null ? <Badge>Not closed</Badge> : <Standing of={close.value.state} />}
        </>
      }
      crumbs={[{ label: 'Closes', href: to(['closes']) }]}
      actions={
        closed ? (
          <Buttons>
            <LinkButton icon="statement" href={to(['statements'], { period })}>
              Statements
            </LinkButton>
            <LinkButton icon="payout" href={to(['payouts'], { period })}>
              Payouts
            </LinkButton>
            <SalesReports period={period} />
          </Buttons>
        ) : undefined
      }
    >
      <Answered of={close} skeleton={<Skeleton figures={4} rows={6} />}>
        {(it) => (it !== null && it.state === 'closed' ? <Closed close={it} /> : <Prepared period={period} before={it} onClosed={close.again} />)}
      </Answered>
    </Screen>
  );
}
