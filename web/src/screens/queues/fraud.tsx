// Plays that rules hold or exclude, by recording and rule, with what each rule found, and a ruling on them.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post } from '../../api/client';
import { usePages } from '../../api/answer';
import { count, duration, words } from '../../figures/format';
import { AnsweredPages, Empty } from '../../parts/answered';
import { Standing } from '../../parts/badge';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Instant } from '../../parts/time';
import { Table } from '../../parts/table';
import { may } from '../../session/session';
import { Found, type Group, grouped, Named as PlayName } from '../held/held';
import { Deciding, type Named, nameable, type Play } from './deciding';

const PLAYS = 200;

const RULINGS = [
  { value: 'hold', label: 'Hold', what: 'It is kept back until somebody rules otherwise, whatever the rules say. Held plays aren’t paid.' },
  { value: 'exclude', label: 'Exclude', what: 'It is taken out, whatever the rules say. Excluded plays aren’t paid.' },
  { value: 'reinstate', label: 'Reinstate', what: 'It counts, whatever the rules say. In a month that is closed already, the next close pays it.' },
] as const;

export function Fraud(): JSX.Element {
  const [ruling, setRuling] = useState<readonly Named[] | null>(null);
  const cases = usePages((after: string | undefined, signal) => get('/api/v1/fraud', { query: { limit: PLAYS, ...(after === undefined ? {} : { after }) }, signal }), []);
  return (
    <Card title="Held and excluded" note="Alike are those of one recording that the same rules keep back. Open them to see what was found.">
      <AnsweredPages of={cases}>
        {(items) =>
          items.length === 0 ? (
            <Empty title="Nothing is held">No rule keeps a play back.</Empty>
          ) : (
            <ul class="cases">
              {grouped(items).map((group) => (
                <Cases key={group.key} of={group} onRule={setRuling} />
              ))}
            </ul>
          )
        }
      </AnsweredPages>
      <Deciding
        title="Rule on plays"
        of={ruling}
        options={RULINGS}
        decide={(play, word, note) => post('/api/v1/fraud', { json: { ...play, ruling: word, note } })}
        onClose={(decided) => {
          setRuling(null);
          if (decided) cases.again();
        }}
      />
    </Card>
  );
}

function Cases({ of, onRule }: { of: Group; onRule: (plays: readonly Named[]) => void }): JSX.Element {
  const { first, plays } = of;
  const named = nameable(plays);
  return (
    <li>
      <details class="case">
        <summary>
          <span class="case-name">{first.play.track_id}</span>
          <Standing of={first.play.status} />
          <span class="soft small">{first.play.rules.length === 0 ? 'by a person' : first.play.rules.map(words).join(', ')}</span>
          <span class="faint small case-when">{plays.length === 1 ? '1 play' : `${count(plays.length)} plays`}</span>
        </summary>
        <div class="case-body">
          {first.evidence.map((found) => (
            <Found key={found.rule} of={found} />
          ))}
          {!may('fraud:write') || named.length === 0 ? null : (
            <div>
              <Button icon="flag" onPress={() => onRule(named)}>
                {named.length === 1 ? 'Rule on this play' : `Rule on all ${count(named.length)} plays`}
              </Button>
            </div>
          )}
          <Plays of={plays} onRule={onRule} />
        </div>
      </details>
    </li>
  );
}

function Plays({ of, onRule }: { of: readonly Play[]; onRule: (plays: readonly Named[]) => void }): JSX.Element {
  return (
    <Table
      dense
      captionShown
      caption="Plays that are kept back"
      rows={of}
      rowKey={(play) => `${play.source} ${play.user_id} ${play.play_id ?? play.started_at}`}
      shown={10}
      columns={[
        { key: 'play', head: 'Play', cell: (play) => <PlayName of={play} /> },
        { key: 'user', head: 'Listener', cell: (play) => play.user_id ?? '–' },
        { key: 'device', head: 'Device', cell: (play) => play.device_id ?? '–' },
        { key: 'started', head: 'Started', cell: (play) => <Instant of={play.started_at} /> },
        { key: 'heard', head: 'Listened', kind: 'figure', cell: (play) => duration(play.listened_ms) },
        {
          key: 'rule',
          head: <span class="unseen">Rule on it</span>,
          label: '',
          cell: (play) =>
            may('fraud:write') && nameable([play]).length === 1 ? (
              <Button look="quiet" onPress={() => onRule(nameable([play]))}>
                Rule<span class="unseen"> on {play.play_id}</span>
              </Button>
            ) : null,
        },
      ]}
    />
  );
}
