// Who would have got how much: both models side by side.

import type { JSX } from 'preact';
import type { Shape } from '../../api/client';
import { compare, tenThousandths } from '../../figures/decimal';
import { count } from '../../figures/format';
import { Bar } from '../../parts/bar';
import { Card } from '../../parts/card';
import { Money } from '../../parts/money';
import { type Column, Table } from '../../parts/table';

type TrialArtist = Shape<'TrialArtist'>;

export function Artists({ of }: { of: Shape<'TrialResult'> }): JSX.Element {
  const several = of.listeners.length > 1;
  const columns: Column<TrialArtist>[] = [
    { key: 'artist', head: 'Artist', cell: (row) => row.artist ?? <span class="faint">no artist named</span> },
    { key: 'plays', head: 'Plays', kind: 'figure', order: (a, b) => a.plays - b.plays, cell: (row) => count(row.plays) },
    { key: 'pro-rata', head: 'Pro-rata', kind: 'figure', order: (a, b) => compare(a.pro_rata, b.pro_rata), cell: (row) => <Money amount={row.pro_rata} currency={of.currency} /> },
    { key: 'user-centric', head: 'User-centric', kind: 'figure', order: (a, b) => compare(a.user_centric, b.user_centric), cell: (row) => <Money amount={row.user_centric} currency={of.currency} /> },
    ...(several ? [{ key: 'difference', head: 'Difference', kind: 'figure' as const, order: (a: TrialArtist, b: TrialArtist) => compare(a.difference, b.difference), cell: (row: TrialArtist) => <Money signed amount={row.difference} currency={of.currency} /> }] : []),
    { key: 'bar', head: <span class="unseen">Drawn</span>, label: '', cell: (row) => <Bar tenThousandths={tenThousandths(row.user_centric, of.pools.user_centric)} /> },
  ];
  return (
    <Card title="The statement" note="Both columns sum to the pool, to the last millionth." flush>
      <Table
        caption="What each artist would have got"
        rows={of.artists}
        rowKey={(row) => row.artist ?? ''}
        columns={columns}
        shown={25}
        foot={['All', null, <Money key="p" amount={of.pools.pro_rata} currency={of.currency} />, <Money key="u" amount={of.pools.user_centric} currency={of.currency} />, ...(several ? [null] : []), null]}
      />
    </Card>
  );
}
