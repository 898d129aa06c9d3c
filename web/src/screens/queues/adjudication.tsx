// Plays whose reports came too late, or never, to be judged by rules: a person accepts or refuses them.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post } from '../../api/client';
import { usePages } from '../../api/answer';
import { duration, title } from '../../figures/format';
import { AnsweredPages, Empty } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Instant } from '../../parts/time';
import { Table } from '../../parts/table';
import { may } from '../../session/session';
import { Named as PlayName } from '../held/held';
import { Deciding, type Named, nameable } from './deciding';

const PLAYS = 100;

const DECISIONS = [
  { value: 'accept', label: 'Accept', what: 'It is treated as if it had come in time: it counts if it was heard long enough and no rule holds it.' },
  { value: 'refuse', label: 'Refuse', what: 'It isn’t payable.' },
] as const;

export function Adjudication(): JSX.Element {
  const [deciding, setDeciding] = useState<readonly Named[] | null>(null);
  const plays = usePages((after: string | undefined, signal) => get('/api/v1/adjudication', { query: { limit: PLAYS, ...(after === undefined ? {} : { after }) }, signal }), []);
  return (
    <Card title="Too late to judge" note="Their reports came after the time in which a play is taken by itself. Until somebody decides, they aren’t paid." flush>
      <AnsweredPages of={plays}>
        {(items) => (
          <Table
            caption="Plays that wait for a decision"
            rows={items}
            rowKey={(play) => `${play.source} ${play.user_id} ${play.play_id ?? play.started_at}`}
            shown={50}
            empty={<Empty title="Nothing waits">Every play came in time, or was decided.</Empty>}
            columns={[
              { key: 'play', head: 'Play', cell: (play) => <PlayName of={play} /> },
              { key: 'track', head: 'Recording', cell: (play) => play.track_id },
              { key: 'user', head: 'Listener', cell: (play) => play.user_id ?? '–' },
              { key: 'started', head: 'Started', cell: (play) => <Instant of={play.started_at} /> },
              { key: 'received', head: 'Received', cell: (play) => <Instant of={play.first_received_at} /> },
              { key: 'heard', head: 'Listened', kind: 'figure', cell: (play) => duration(play.listened_ms) },
              { key: 'reason', head: 'Why it waits', cell: (play) => (play.reason === null || play.reason === undefined ? 'too late' : title(play.reason)) },
              {
                key: 'decide',
                head: <span class="unseen">Decide</span>,
                label: '',
                cell: (play) =>
                  may('adjudication:write') && nameable([play]).length === 1 ? (
                    <Button onPress={() => setDeciding(nameable([play]))}>
                      Decide<span class="unseen"> {play.play_id}</span>
                    </Button>
                  ) : null,
              },
            ]}
          />
        )}
      </AnsweredPages>
      <Deciding
        title="Decide a play"
        of={deciding}
        options={DECISIONS}
        decide={(play, word, note) => post('/api/v1/adjudication', { json: { ...play, decision: word, note } })}
        onClose={(decided) => {
          setDeciding(null);
          if (decided) plays.again();
        }}
      />
    </Card>
  );
}
