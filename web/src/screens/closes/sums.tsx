// What a close, or the dry run of one, comes to: money by currency, and what changed of earlier months.

import type { JSX } from 'preact';
import type { Shape } from '../../api/client';
import { minus } from '../../figures/decimal';
import { month, title } from '../../figures/format';
import { Card } from '../../parts/card';
import { Money } from '../../parts/money';
import { Table } from '../../parts/table';
import { Instant } from '../../parts/time';
import { to } from '../../router';

export function MoneyByCurrency({ of }: { of: readonly Shape<'CloseMoney'>[] }): JSX.Element {
  return (
    <Card title="Money" note="What of net revenue is in no pool stays with the service." flush>
      <Table
        caption="Money, by currency"
        rows={of}
        rowKey={(it) => it.currency}
        columns={[
          { key: 'currency', head: 'Currency', cell: (it) => it.currency },
          { key: 'net', head: 'Net revenue', kind: 'figure', cell: (it) => <Money amount={it.net} currency={it.currency} /> },
          { key: 'pools', head: 'In pools', kind: 'figure', cell: (it) => <Money amount={it.pools} currency={it.currency} /> },
          { key: 'kept', head: 'Stays with the service', kind: 'figure', cell: (it) => <Money amount={minus(it.net, it.pools)} currency={it.currency} /> },
          { key: 'adjusted', head: 'Earlier months, adjusted', kind: 'figure', cell: (it) => <Money signed amount={it.adjusted} currency={it.currency} /> },
          { key: 'paid', head: 'Payable', kind: 'figure', cell: (it) => <Money amount={it.paid} currency={it.currency} /> },
        ]}
      />
    </Card>
  );
}

export function Adjustments({ of }: { of: Shape<'Close'>['adjustments'] }): JSX.Element | null {
  if (of.length === 0) return null;
  return (
    <Card title="Earlier months" note="What came to light after they were closed, booked with this one.">
      {of.map((it) => (
        <details key={`${it.period} ${it.cause} ${it.detail}`} class="changed">
          <summary>
            <strong>{month(it.period)}</strong> · {title(it.cause)} · {it.detail}
          </summary>
          <Table
            dense
            caption={`Plays that came to ${month(it.period)}, or left it`}
            rows={it.plays}
            rowKey={(play) => `${play.source} ${play.user_id} ${play.play_id} ${play.started_at}`}
            rowLink={(play) => (play.play_id === null || play.user_id === null ? null : to(['plays', play.user_id, play.play_id], { source: play.source }))}
            shown={10}
            empty={<p class="small faint">No play came or left; what they are worth has changed.</p>}
            columns={[
              { key: 'play', head: 'Play', cell: (play) => play.play_id ?? 'without a key' },
              { key: 'track', head: 'Recording', cell: (play) => play.track_id },
              { key: 'user', head: 'Listener', cell: (play) => play.user_id ?? '–' },
              { key: 'started', head: 'Started', cell: (play) => <Instant of={play.started_at} /> },
            ]}
          />
        </details>
      ))}
    </Card>
  );
}
