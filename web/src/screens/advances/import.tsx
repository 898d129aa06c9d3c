// Advances and costs out of a sheet.

import type { JSX } from 'preact';
import { post, type Shape } from '../../api/client';
import { count, counted, title } from '../../figures/format';
import { Buttons, LinkButton } from '../../parts/button';
import { Money } from '../../parts/money';
import { Notice } from '../../parts/notice';
import { Day } from '../../parts/time';
import { to } from '../../router';
import { SheetImport } from '../../sheets/import';
import { advanceRows, COLUMNS, EXAMPLE, type ImportRow } from './rows';

export default function AdvancesImportScreen(): JSX.Element {
  return (
    <SheetImport<ImportRow, Shape<'AdvancesImported'>>
      title="Import advances and costs"
      crumb={{ label: 'Advances', href: to(['advances']) }}
      columns={`Columns: ${COLUMNS.join(', ')}. All but note are needed. Kind is advance, what the payee was paid, or cost, what others were paid for it; a contract’s names are each used once.`}
      example={EXAMPLE}
      read={advanceRows}
      ask={(name, advances, dryRun) => post('/api/v1/royalty/advances', { query: { dry_run: dryRun }, json: { name, advances, dry_run: dryRun } })}
      one="entry"
      several="entries"
      shown={[
        { key: 'contract', head: 'Contract', cell: ({ row }) => row.contract },
        { key: 'payee', head: 'Payee', cell: ({ row }) => row.payee },
        { key: 'kind', head: 'Kind', cell: ({ row }) => title(row.kind) },
        { key: 'name', head: 'Name', cell: ({ row }) => row.name },
        { key: 'on', head: 'Paid on', cell: ({ row }) => <Day of={row.on} /> },
        { key: 'amount', head: 'Amount', kind: 'figure', cell: ({ row, change }) => <Money amount={change.amount} currency={row.currency} /> },
        { key: 'note', head: 'Note', kind: 'wide', cell: ({ row }) => row.note },
      ]}
      done={(answer, _rows, more) => (
        <>
          <Notice tone="good" title="They are booked">
            <p>{`${counted(answer.added, 'entry', 'entries')} added to the ledger, ${count(answer.unchanged)} there before. The closes that follow recoup them.`}</p>
          </Notice>
          <Buttons>
            <LinkButton look="primary" href={to(['advances'])}>
              See them
            </LinkButton>
            {more}
          </Buttons>
        </>
      )}
    />
  );
}
