// Who did what: every write and every sign-in, with what came of it. Nothing is ever taken out.

import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { usePages } from '../../api/answer';
import { count, title } from '../../figures/format';
import { AnsweredPages, Empty, Skeleton } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { Card } from '../../parts/card';
import { Id } from '../../parts/code';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Instant } from '../../parts/time';

const PAGE = 100;

type Entry = Shape<'AuditEntry'>;

/** What the endpoints that change something do, whether it was done or refused; others are shown as they are. */
const DEEDS: Readonly<Record<string, string>> = {
  'POST /api/v1/session': 'Sign in',
  'DELETE /api/v1/session': 'Sign out',
  'POST /api/v1/invitations': 'Invite somebody',
  'DELETE /api/v1/invitations/{id}': 'Revoke an invitation',
  'POST /api/v1/royalty/closes/{period}': 'Close a month',
  'POST /api/v1/royalty/revenue': 'Import revenue',
  'POST /api/v1/royalty/terms': 'Import contracts',
  'POST /api/v1/royalty/terms/proposals': 'Propose contracts',
  'POST /api/v1/royalty/terms/proposals/{number}/approval': 'Approve a proposal',
  'POST /api/v1/royalty/terms/proposals/{number}/rejection': 'Reject a proposal',
  'POST /api/v1/fraud': 'Rule on a play',
  'POST /api/v1/adjudication': 'Decide a play',
  'POST /api/v1/appeals': 'Open an appeal',
  'POST /api/v1/appeals/{number}/decision': 'Decide an appeal',
  'POST /api/v1/privacy/{user_id}/erase': 'Erase a person',
  'POST /api/v1/royalty/advances': 'Book advances and costs',
  'POST /api/v1/royalty/rates': 'Import rates of exchange',
  'POST /control/v1/advances/import': 'Book advances and costs',
  'POST /control/v1/catalogue/devices': 'List or unlist bot devices',
  'POST /control/v1/catalogue/tracks': 'Import tracks',
  'POST /control/v1/fx/import': 'Import rates of exchange',
  'POST /control/v1/keys': 'Make a key',
  'POST /control/v1/keys/{id}/revoke': 'Revoke a key',
  'POST /control/v1/ledger/entries': 'Post ledger entries',
  'POST /control/v1/ledger/head-file': 'Renew the ledger’s head file',
  'POST /control/v1/payouts/paid': 'Mark payouts as paid',
  'POST /control/v1/revenue/import': 'Import revenue',
  'POST /control/v1/rights/import': 'Import rights',
  'POST /control/v1/sources/pseudonymise': 'Pseudonymise a source',
  'POST /control/v1/usage/import': 'Import usage',
};

export default function AuditScreen(): JSX.Element {
  const log = usePages((from: number | undefined, signal) => get('/api/v1/audit', { query: { limit: PAGE, ...(from === undefined ? {} : { from }) }, signal }), []);
  return (
    <Screen title="Audit log" note="Who did what, and when: every change and every sign-in, refused ones too. The newest first.">
      <Card title="Deeds" flush>
        <AnsweredPages of={log} skeleton={<Skeleton rows={8} />}>
          {(items) => (
            <Table
              caption="Audit log"
              rows={items}
              rowKey={(entry) => entry.number}
              shown={PAGE}
              empty={<Empty title="Nothing was done yet">The first sign-in stands here.</Empty>}
              columns={[
                { key: 'number', head: 'No.', kind: 'figure', cell: (entry) => count(entry.number) },
                { key: 'at', head: 'When', cell: (entry) => <Instant of={entry.at} /> },
                { key: 'who', head: 'Who', cell: (entry) => <Who of={entry} /> },
                { key: 'what', head: 'What', cell: (entry) => <What of={entry} /> },
                { key: 'object', head: 'Of', cell: (entry) => entry.object ?? '–' },
                { key: 'outcome', head: 'Outcome', cell: (entry) => <Badge tone={entry.outcome === 'done' ? 'good' : 'bad'}>{`${title(entry.outcome)}, ${entry.status}`}</Badge> },
              ]}
            />
          )}
        </AnsweredPages>
      </Card>
    </Screen>
  );
}

/** Whoever isn't a key or an invitation. */
const NOBODIES: Readonly<Record<string, { name: string; what: string }>> = {
  operator: { name: 'Operator', what: 'by a command' },
  // As the log called it before.
  control: { name: 'Operator', what: 'by a command' },
  nobody: { name: 'Somebody', what: 'not signed in' },
};

function Who({ of }: { of: Entry }): JSX.Element {
  const { name, what } = NOBODIES[of.who] ?? { name: of.who, what: title(of.role ?? '') };
  return (
    <span>
      {name}
      {what === '' ? null : (
        <>
          <br />
          <span class="faint small">{what}</span>
        </>
      )}
    </span>
  );
}

function What({ of }: { of: Entry }): JSX.Element {
  const called = `${of.method} ${of.path}`;
  const said = DEEDS[called];
  return said === undefined ? (
    <Id of={called} />
  ) : (
    <span>
      {said}
      <br />
      <span class="faint small">
        <Id of={called} />
      </span>
    </span>
  );
}
