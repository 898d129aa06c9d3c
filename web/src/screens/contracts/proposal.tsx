// A proposal: what it changes side by side, what a month would pay by it, and the decision, which must be
// another person's than who proposed it.

import './contracts.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import type { Refusal } from '../../api/problem';
import { count, instant } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { Button, Buttons } from '../../parts/button';
import { Card } from '../../parts/card';
import { TextField } from '../../parts/field';
import { Facts } from '../../parts/figure';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { to } from '../../router';
import { may, session } from '../../session/session';
import type { ScreenProps } from '../routes';
import { State } from './contracts';
import { MonthPreview } from './month-preview';
import { Sides } from './sides';

const NOTE_MAX = 2000;

type Proposal = Shape<'ProposalDetail'>;

export default function ProposalScreen({ params }: ScreenProps): JSX.Element {
  const number = Number.parseInt(params.number ?? '', 10);
  const proposal = useAnswer((signal) => get('/api/v1/royalty/terms/proposals/{number}', { path: { number }, signal }), [number]);
  return (
    <Screen
      title={`Proposal No. ${params.number ?? ''}`}
      heading={
        <>
          Proposal No. {params.number} {proposal.value === undefined ? null : <State of={proposal.value.state} />}
        </>
      }
      crumbs={[{ label: 'Contracts', href: to(['contracts']) }]}
    >
      <Answered of={proposal} skeleton={<Skeleton rows={8} />}>
        {(it) => (
          <>
            <About of={it} />
            <Changes of={it} />
            {it.state !== 'open' ? null : (
              <>
                <MonthPreview files={it.changes.map((change) => ({ name: change.file, text: change.after }))} />
                {may('royalty:write') ? <Decide of={it} onDecided={proposal.again} /> : null}
              </>
            )}
          </>
        )}
      </Answered>
    </Screen>
  );
}

function About({ of }: { of: Proposal }): JSX.Element {
  return (
    <Card title="Where it stands">
      <Facts
        of={[
          ['Proposed', `by ${of.proposed_by}, ${instant(of.proposed_at)}`],
          ['Why', of.note === '' ? '–' : of.note],
          ['Held against', `revision ${count(of.in_force)} of all contracts`],
          of.decided_by === null || of.decided_at === null ? null : [of.state === 'approved' ? 'Approved' : 'Rejected', `by ${of.decided_by}, ${instant(of.decided_at ?? '')}${of.decision_note === null || of.decision_note === '' ? '' : `: ${of.decision_note}`}`],
          of.revision === null ? null : ['It made', `revision ${count(of.revision ?? 0)} of all contracts`],
        ]}
      />
    </Card>
  );
}

const CHANGES: Readonly<Record<string, { says: string; tone: 'good' | 'wait' | 'plain' }>> = {
  added: { says: 'New', tone: 'good' },
  changed: { says: 'Changed', tone: 'wait' },
  unchanged: { says: 'As it is', tone: 'plain' },
};

/** So many contracts are shown at once. */
const SHOWN = 20;

function Changes({ of }: { of: Proposal }): JSX.Element {
  const [shown, setShown] = useState(SHOWN);
  return (
    <>
      {of.changes.slice(0, shown).map((change) => (
        <Change key={change.id} of={change} applied={of.state === 'approved'} />
      ))}
      {of.changes.length <= shown ? null : (
        <Buttons>
          <Button onPress={() => setShown(shown + SHOWN)}>{`Show ${count(Math.min(SHOWN, of.changes.length - shown))} more of ${count(of.changes.length)} contracts`}</Button>
        </Buttons>
      )}
    </>
  );
}

function Change({ of, applied }: { of: Proposal['changes'][number]; applied: boolean }): JSX.Element {
  const said = CHANGES[of.change] ?? { says: of.change, tone: 'plain' };
  return (
    <Card title={of.title === of.id ? of.id : `${of.title} (${of.id})`} aside={<Badge tone={said.tone}>{said.says}</Badge>} flush>
      {of.change === 'unchanged' ? (
        <Empty title="Nothing of it changes" />
      ) : (
        <Sides of={of.lines} caption={`${of.id}: before and after`} before={applied ? 'Before' : 'In force'} after={applied ? 'Since then' : 'Proposed'} />
      )}
    </Card>
  );
}

function Decide({ of, onDecided }: { of: Proposal; onDecided: () => void }): JSX.Element {
  const [note, setNote] = useState('');
  const [which, setWhich] = useState<'approval' | 'rejection'>('approval');
  const deciding = useDoing();
  const own = session.value?.name === of.proposed_by;
  const decide = (as: 'approval' | 'rejection'): void => {
    setWhich(as);
    void deciding.run(async () => {
      if (as === 'approval') await post('/api/v1/royalty/terms/proposals/{number}/approval', { path: { number: of.number }, json: { note, revision: of.in_force } });
      else await post('/api/v1/royalty/terms/proposals/{number}/rejection', { path: { number: of.number }, json: { note } });
      announce(as === 'approval' ? 'It is in force.' : 'It is rejected.');
      onDecided();
    });
  };
  return (
    <Card title="Decision" note="Money follows these lines: whoever approves answers for them too.">
      <div class="contract-form">
        {own ? <Notice title="You proposed this">Somebody else has to approve it. Hand them the address of this page. You can still take it back.</Notice> : null}
        <TextField label="Why" lines={2} value={note} onInput={setNote} lengthMax={NOTE_MAX} />
        {deciding.refusal === undefined ? null : <Conflict refusal={deciding.refusal} onAgain={onDecided} />}
        <Buttons>
          {own ? null : (
            <Button look="primary" icon="check" busy={deciding.busy && which === 'approval'} onPress={() => decide('approval')}>
              Approve
            </Button>
          )}
          <Button look="danger" busy={deciding.busy && which === 'rejection'} onPress={() => decide('rejection')}>
            {own ? 'Take it back' : 'Reject'}
          </Button>
        </Buttons>
      </div>
    </Card>
  );
}

const CONFLICTS: Readonly<Record<string, { title: string; what: string }>> = {
  same_person: { title: 'It takes a second person', what: 'You proposed this yourself. Hand the address of this page to somebody else who may approve contracts.' },
  already_decided: { title: 'Somebody was faster', what: 'This proposal was decided in the meantime. Look at what became of it.' },
  contracts_moved: { title: 'Contracts changed in the meantime', what: 'What is in force isn’t what you were shown. Look at the differences again, then decide.' },
};

/** What stands against a decision, as what to do about it. */
function Conflict({ refusal, onAgain }: { refusal: Refusal; onAgain: () => void }): JSX.Element {
  const known = CONFLICTS[refusal.code];
  if (known === undefined) return <Refused refusal={refusal} />;
  return (
    <Notice tone="bad" title={known.title} action={refusal.code === 'same_person' ? undefined : <Button onPress={onAgain}>Look again</Button>}>
      <p>{known.what}</p>
    </Notice>
  );
}
