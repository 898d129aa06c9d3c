// All contracts, what they leave open together, and proposals that wait for a second person.

import './contracts.css';
import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { useAnswer, usePages } from '../../api/answer';
import { count, title } from '../../figures/format';
import { Answered, AnsweredPages, Empty, Skeleton } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Day, Instant } from '../../parts/time';
import { to } from '../../router';
import { may } from '../../session/session';
import { WhoIsPaid } from './who-is-paid';

const PROPOSALS = 20;
/** More contracts of a proposal than this are told by their number. */
const NAMED_MAX = 6;

type Proposal = Shape<'Proposal'>;

export default function ContractsScreen(): JSX.Element {
  return (
    <Screen
      title="Contracts"
      note="Who pays whom for what, and since when. A change is proposed, and comes into force once a second person approves it."
      actions={
        may('royalty:write') ? (
          <>
            <LinkButton icon="try" href={to(['contracts', 'sheets', 'new'])}>
              From a spreadsheet
            </LinkButton>
            <LinkButton look="primary" icon="contract" href={to(['contracts', 'proposals', 'new'])}>
              Propose a contract
            </LinkButton>
          </>
        ) : undefined
      }
    >
      <Listed />
      <Proposals />
      <Review />
      <WhoIsPaid />
    </Screen>
  );
}

function Listed(): JSX.Element {
  const contracts = useAnswer((signal) => get('/api/v1/royalty/terms', { signal }), []);
  return (
    <Card title="In force" note={contracts.value === undefined ? undefined : `Revision ${count(contracts.value.revision)} of all contracts.`} flush>
      <Answered of={contracts}>
        {({ items }) => (
          <Table
            caption="Contracts in force"
            rows={items}
            rowKey={(it) => it.id}
            rowLink={(it) => to(['contracts', it.id])}
            shown={50}
            empty={<Empty title="There is no contract yet">Propose the first from a template: what the service pays to whoever holds the masters.</Empty>}
            columns={[
              { key: 'title', head: 'Contract', order: (a, b) => a.title.localeCompare(b.title), cell: (it) => (it.title === it.id ? it.id : <>{it.title} <span class="faint small">{it.id}</span></>) },
              { key: 'kind', head: 'Kind', order: (a, b) => a.kind.localeCompare(b.kind), cell: (it) => title(it.kind) },
              { key: 'party', head: 'Party', cell: (it) => it.party ?? 'everybody' },
              { key: 'from', head: 'From', order: (a, b) => a.from.localeCompare(b.from), cell: (it) => <Day of={it.from} /> },
              { key: 'until', head: 'Until', cell: (it) => (it.until === null || it.until === undefined ? 'open' : <Day of={it.until} />) },
              { key: 'currency', head: 'Currency', cell: (it) => it.currency },
              { key: 'terms', head: 'Terms', kind: 'figure', cell: (it) => count(it.terms) },
              { key: 'revision', head: 'Revision', kind: 'figure', cell: (it) => count(it.revision) },
            ]}
          />
        )}
      </Answered>
    </Card>
  );
}

/** Where a proposal stands. */
export function State({ of }: { of: Proposal['state'] }): JSX.Element {
  return <Badge tone={of === 'open' ? 'wait' : of === 'approved' ? 'good' : 'bad'}>{of === 'open' ? 'Waits for approval' : title(of)}</Badge>;
}

function Proposals(): JSX.Element {
  const proposals = usePages((from: number | undefined, signal) => get('/api/v1/royalty/terms/proposals', { query: { limit: PROPOSALS, ...(from === undefined ? {} : { from }) }, signal }), []);
  return (
    <Card title="Proposals" note="The newest first." flush>
      <AnsweredPages of={proposals} skeleton={<Skeleton rows={2} />}>
        {(items) => (
          <Table
            caption="Proposals"
            rows={items}
            rowKey={(it) => it.number}
            rowLink={(it) => to(['contracts', 'proposals', it.number])}
            empty={<Empty title="Nothing was proposed yet" />}
            columns={[
              { key: 'number', head: 'Proposal', cell: (it) => `No. ${it.number}` },
              { key: 'state', head: 'State', cell: (it) => <State of={it.state} /> },
              { key: 'contracts', head: 'Contracts', cell: (it) => (it.contracts.length > NAMED_MAX ? `${it.contracts.slice(0, NAMED_MAX).join(', ')} and ${count(it.contracts.length - NAMED_MAX)} more` : it.contracts.join(', ')) },
              { key: 'by', head: 'Proposed by', cell: (it) => it.proposed_by },
              { key: 'at', head: 'When', cell: (it) => <Instant of={it.proposed_at} /> },
              { key: 'note', head: 'Why', kind: 'wide', cell: (it) => it.note },
            ]}
          />
        )}
      </AnsweredPages>
    </Card>
  );
}

function Review(): JSX.Element {
  const review = useAnswer((signal) => get('/api/v1/royalty/terms/check', { signal }), []);
  return (
    <Card title="What they leave open" note="Gaps, overlaps, circles and contracts that end soon, as of today.">
      <Answered of={review} skeleton={<Skeleton rows={3} />}>
        {({ findings, recordings }) =>
          findings.length === 0 ? (
            <Empty title="Nothing was found">{`Every right of ${count(recordings)} recordings has exactly one contract that decides.`}</Empty>
          ) : (
            <ul class="found-list">
              {findings.map((it) => (
                <li key={it.sentence}>
                  <Badge tone={it.wrong ? 'bad' : 'wait'}>{title(it.kind)}</Badge>
                  <span>{it.sentence}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Card>
  );
}
