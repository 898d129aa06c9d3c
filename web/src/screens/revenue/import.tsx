// Revenue out of a sheet.

import type { ComponentChildren, JSX } from 'preact';
import { post, type Shape } from '../../api/client';
import { count, counted, month, territory, title } from '../../figures/format';
import { Buttons, LinkButton } from '../../parts/button';
import { Money } from '../../parts/money';
import { Notice } from '../../parts/notice';
import { to } from '../../router';
import { SheetImport } from '../../sheets/import';
import { COLUMNS, EXAMPLE, type ImportRow, revenueRows } from './rows';

type Imported = Shape<'RevenueImported'>;

export default function RevenueImportScreen(): JSX.Element {
  return (
    <SheetImport<ImportRow, Imported>
      title="Import revenue"
      crumb={{ label: 'Revenue', href: to(['revenue']) }}
      columns={`Columns: ${COLUMNS.join(', ')}. Period, currency and gross are needed; * or nothing is any territory or tier.`}
      example={EXAMPLE}
      read={revenueRows}
      ask={(name, revenue, dryRun) => post('/api/v1/royalty/revenue', { query: { dry_run: dryRun }, json: { name, revenue } })}
      one="row"
      several="rows"
      shown={[
        { key: 'period', head: 'Month', cell: ({ row }) => month(row.period, 'short') },
        { key: 'where', head: 'Territory', cell: ({ row }) => territory(any(row.territory)) },
        { key: 'tier', head: 'Tier', cell: ({ row }) => title(any(row.tier)) },
        { key: 'plan', head: 'Plan', cell: ({ row }) => title(row.plan ?? 'individual') },
        { key: 'gross', head: 'Gross', kind: 'figure', cell: ({ row }) => <Money amount={row.gross} currency={row.currency} /> },
        { key: 'net', head: 'Net', kind: 'figure', cell: ({ row, change }) => (change.net === null ? '–' : <Money amount={change.net} currency={row.currency} />) },
        { key: 'before', head: 'Net before', kind: 'figure', cell: ({ change: { before } }) => (before === null || before === undefined || before.net === null ? '–' : <Money amount={before.net} currency={before.currency} />) },
      ]}
      done={(answer, rows, more) => <Stored of={answer} periods={[...new Set(rows.map((row) => row.period))].sort()} more={more} />}
    />
  );
}

function any(of: string | null | undefined): string {
  return of === null || of === undefined || of === '*' ? 'Any' : of;
}

function Stored({ of, periods, more }: { of: Imported; periods: readonly string[]; more: ComponentChildren }): JSX.Element {
  const first = periods[0];
  return (
    <>
      <Notice tone="good" title="The revenue is stored">
        <p>{`${counted(of.added, 'row')} added, ${count(of.changed)} changed, ${count(of.unchanged)} as before. It is revision ${count(of.revision)}.`}</p>
      </Notice>
      <Buttons>
        {first === undefined ? null : (
          <LinkButton look="primary" icon="close" href={to(['closes', first])}>
            {`Go to the close of ${month(first)}`}
          </LinkButton>
        )}
        <LinkButton href={to(['revenue'], { period: first })}>See the rows</LinkButton>
        {more}
      </Buttons>
    </>
  );
}
