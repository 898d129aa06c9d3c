// Rates of exchange out of a sheet.

import type { JSX } from 'preact';
import { post, type Shape } from '../../api/client';
import { count, counted } from '../../figures/format';
import { Buttons, LinkButton } from '../../parts/button';
import { Notice } from '../../parts/notice';
import { Day } from '../../parts/time';
import { to } from '../../router';
import { SheetImport } from '../../sheets/import';
import { COLUMNS, EXAMPLE, type ImportRow, rateRows } from './rows';

export default function RatesImportScreen(): JSX.Element {
  return (
    <SheetImport<ImportRow, Shape<'RatesImported'>>
      title="Import rates of exchange"
      crumb={{ label: 'Rates', href: to(['rates']) }}
      columns={`Columns: ${COLUMNS.join(', ')}. The first four are needed. Rate is how many quote one base is worth, such as 1.0842; inverse is yes where it may be used the other way round too.`}
      example={EXAMPLE}
      read={rateRows}
      ask={(name, rates, dryRun) => post('/api/v1/royalty/rates', { query: { dry_run: dryRun }, json: { name, rates, dry_run: dryRun } })}
      one="rate"
      several="rates"
      shown={[
        { key: 'pair', head: 'Currencies', cell: ({ row }) => `${row.base} to ${row.quote}` },
        { key: 'day', head: 'Day', cell: ({ row }) => <Day of={row.day} /> },
        { key: 'rate', head: 'Rate', kind: 'figure', cell: ({ change }) => <span class="number">{change.rate}</span> },
        { key: 'before', head: 'Rate before', kind: 'figure', cell: ({ change: { before } }) => (before === null || before === undefined ? '–' : <span class="number">{before.rate}</span>) },
        { key: 'source', head: 'Published by', kind: 'wide', cell: ({ row }) => row.source },
      ]}
      done={(answer, _rows, more) => (
        <>
          <Notice tone="good" title="The rates are stored">
            <p>{`${counted(answer.added, 'rate')} added, ${count(answer.changed)} changed, ${count(answer.unchanged)} as before. It is revision ${count(answer.revision)} of all rates. Months that are closed keep those that they were closed with.`}</p>
          </Notice>
          <Buttons>
            <LinkButton look="primary" href={to(['rates'])}>
              See the rates
            </LinkButton>
            {more}
          </Buttons>
        </>
      )}
    />
  );
}
