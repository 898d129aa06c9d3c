// One cent, opened: which plays made it, and what each of them is worth.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Shape } from '../../api/client';
import { ofMicros } from '../../figures/decimal';
import { count } from '../../figures/format';
import { Card } from '../../parts/card';
import { Money } from '../../parts/money';
import { Instant } from '../../parts/time';
import { Table } from '../../parts/table';

export function Cent({ of, currency }: { of: Shape<'TrialCent'>; currency: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <Card title="One cent, explained">
      <button type="button" class="cent-open" aria-expanded={open} aria-controls="cent" onClick={() => setOpen(!open)}>
        A cent of {of.artist ?? 'an artist that no export names'} is {counted(of.plays)} of theirs
      </button>
      <div id="cent">
        {open ? (
          <div class="cent-chain">
            <p class="small soft">
              Together they are worth <Worth micros={of.worth_micros} currency={currency} />{' '}
              {of.plays_pro_rata === null ? 'and if every play were worth the same, not even all of them would make a cent.' : `and if every play were worth the same, a cent would take ${counted(of.plays_pro_rata)}, of whatever artist.`}
            </p>
            <Table
              dense
              caption="Plays that make the cent"
              rows={of.first_plays.map((play, at) => ({ play, at }))}
              rowKey={(row) => row.at}
              columns={[
                { key: 'track', head: 'Track', cell: ({ play }) => play.track },
                { key: 'when', head: 'Played', cell: ({ play }) => <Instant of={play.started_at} /> },
                { key: 'listener', head: 'History', cell: ({ play }) => play.listener },
                { key: 'of', head: 'One of', kind: 'figure', cell: ({ play }) => counted(play.of_plays) },
                { key: 'worth', head: 'Worth', kind: 'figure', cell: ({ play }) => <Worth micros={play.worth_micros} currency={currency} /> },
              ]}
            />
            {of.plays > of.first_plays.length ? <p class="small faint">and {count(of.plays - of.first_plays.length)} more</p> : null}
          </div>
        ) : null}
      </div>
    </Card>
  );
}

/** `1 play`, `12 plays` */
function counted(plays: number): string {
  return `${count(plays)} ${plays === 1 ? 'play' : 'plays'}`;
}

/** Exactly, or cut with an ellipsis that says so. */
function Worth({ micros, currency }: { micros: string; currency: string }): JSX.Element {
  const worth = ofMicros(micros);
  if (worth === null) return <span class="number">{`${micros} millionths ${currency}`}</span>;
  return (
    <>
      <Money amount={worth.amount} currency={currency} />
      {worth.exact ? '' : '…'}
    </>
  );
}
