// The demonstration's two buttons. What they change is shown against the moment before they were
// pressed: reports move to `duplicate`, and not one count changes.

import './demonstration.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post, type Shape } from '../../api/client';
import { type Refusal, refusalOf } from '../../api/problem';
import { count, title } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Button, Buttons } from '../../parts/button';
import { Card } from '../../parts/card';
import { Refused } from '../../parts/notice';

type Overview = Shape<'Overview'>;
type Deed = 'resend' | 'kill';

const SAID: Readonly<Record<Deed, string>> = {
  resend: 'Every report is sent again, as a phone does that never got its answer.',
  kill: 'The server was killed; it starts again at once.',
};

export function Demonstration({ now }: { now: Overview }): JSX.Element {
  const [before, setBefore] = useState<{ deed: Deed; then: Overview } | null>(null);
  const [busy, setBusy] = useState<Deed | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const act = async (deed: Deed): Promise<void> => {
    setBusy(deed);
    setRefusal(null);
    setBefore({ deed, then: now });
    try {
      await (deed === 'resend' ? post('/api/v1/demo/resend') : post('/api/v1/demo/kill'));
      announce(SAID[deed]);
    } catch (thrown) {
      // A server that was killed gives no answer: that is what was asked for.
      const refused = refusalOf(thrown);
      if (deed === 'kill' && refused.status === 0) announce(SAID.kill);
      else setRefusal(refused);
    } finally {
      setBusy(null);
    }
  };
  return (
    <Card title="Try to break it" note="This server shows a demonstration. Neither button changes a single count.">
      <Buttons>
        <Button busy={busy === 'resend'} icon="arrow" onPress={() => void act('resend')}>
          Send everything again
        </Button>
        <Button look="danger" busy={busy === 'kill'} icon="warning" onPress={() => void act('kill')}>
          Kill the server
        </Button>
      </Buttons>
      {refusal === null ? null : <Refused refusal={refusal} />}
      {before === null ? null : (
        <>
          <p class="demonstration-said">{SAID[before.deed]} Since then:</p>
          <ul class="demonstration-moved" data-figure="moved">
            <Moved label="plays counted" by={(now.statuses.counted ?? 0) - (before.then.statuses.counted ?? 0)} />
            {Object.keys(now.verdicts).map((verdict) => (
              <Moved key={verdict} label={`reports: ${title(verdict).toLowerCase()}`} by={(now.verdicts[verdict] ?? 0) - (before.then.verdicts[verdict] ?? 0)} />
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function Moved({ label, by }: { label: string; by: number }): JSX.Element {
  return (
    <li class={by === 0 ? 'demonstration-still' : undefined}>
      <span class="number">{by > 0 ? `+${count(by)}` : by === 0 ? '±0' : count(by)}</span> {label}
    </li>
  );
}
