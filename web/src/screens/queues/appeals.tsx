// Appeals that wait, the oldest first; one is decided on its own screen, beside its evidence.

import './queues.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post, type Shape } from '../../api/client';
import { usePages } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { count } from '../../figures/format';
import { announce } from '../../parts/announce';
import { AnsweredPages, Empty } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Choices, TextField } from '../../parts/field';
import { Refused } from '../../parts/notice';
import { Instant } from '../../parts/time';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { may } from '../../session/session';
import { Outcome, said } from '../held/held';

const PAGE = 100;
const REASON_MAX = 900;

type Appeal = Shape<'Appeal'>;

const WHICH = [
  { value: 'waiting', label: 'That wait' },
  { value: 'all', label: 'All' },
] as const;

export function Appeals(): JSX.Element {
  const [which, setWhich] = useState<'waiting' | 'all'>('waiting');
  const appeals = usePages((after: number | undefined, signal) => get('/api/v1/appeals', { query: { limit: PAGE, waiting: which === 'waiting', ...(after === undefined ? {} : { after }) }, signal }), [which]);
  return (
    <Card title="Appeals" note="Open one to see what the rules found then and find now." aside={<Choices label="Which appeals" value={which} options={WHICH} onChange={setWhich} />} flush>
      <AnsweredPages of={appeals}>
        {(items) => (
          <Table
            caption="Appeals"
            rows={items}
            rowKey={(appeal) => appeal.number}
            rowLink={(appeal) => to(['appeals', appeal.number])}
            empty={<Empty title={which === 'waiting' ? 'No appeal waits' : 'Nobody has appealed yet'} />}
            columns={[
              { key: 'number', head: 'Appeal', cell: (appeal) => `No. ${appeal.number}` },
              { key: 'by', head: 'By', cell: (appeal) => appeal.appellant },
              { key: 'against', head: 'Against', cell: (appeal) => said(appeal.against) },
              { key: 'plays', head: 'Plays', kind: 'figure', cell: (appeal) => count(appeal.plays.length + appeal.unnamed_plays) },
              { key: 'opened', head: 'Opened', cell: (appeal) => <Instant of={appeal.opened_at} /> },
              { key: 'outcome', head: 'Outcome', cell: (appeal) => <Outcome of={appeal} /> },
            ]}
          />
        )}
      </AnsweredPages>
    </Card>
  );
}

const OUTCOMES = [
  { value: 'reinstate', label: 'Reinstate' },
  { value: 'uphold', label: 'Uphold' },
] as const;

/** The decision of an appeal, for those who may; it is for good. */
export function DecideAppeal({ of, onDecided }: { of: Appeal; onDecided: () => void }): JSX.Element | null {
  const [outcome, setOutcome] = useState<'reinstate' | 'uphold'>('uphold');
  const [reason, setReason] = useState('');
  const deciding = useDoing();
  if (!may('fraud:write') || (of.decision !== null && of.decision !== undefined)) return null;
  const decide = (): void => {
    void deciding.run(async () => {
      await post('/api/v1/appeals/{number}/decision', { path: { number: of.number }, json: { outcome, reason } });
      announce('The appeal is decided.');
      onDecided();
    });
  };
  return (
    <Card title="Decide it" note="For good. Whoever appealed reads the reason.">
      <form
        class="decide decide-card"
        onSubmit={(event) => {
          event.preventDefault();
          decide();
        }}
      >
        <div>
          <Choices label="Outcome" value={outcome} options={OUTCOMES} onChange={setOutcome} />
        </div>
        <p class="small soft">{outcome === 'reinstate' ? 'Its plays count, whatever the rules say; what is closed already is adjusted with the next close.' : 'Its plays stay where they are.'}</p>
        <TextField label="Reason" lines={3} value={reason} onInput={setReason} lengthMax={REASON_MAX} required />
        {deciding.refusal === undefined ? null : <Refused refusal={deciding.refusal} />}
        <div>
          <Button look="primary" submits busy={deciding.busy}>
            Decide
          </Button>
        </div>
      </form>
    </Card>
  );
}
