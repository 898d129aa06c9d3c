// Rates of exchange as known now: between which currencies, of which days, and where each came from.

import '../../sheets/narrow.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { usePages } from '../../api/answer';
import { count } from '../../figures/format';
import { AnsweredPages, Empty, Skeleton } from '../../parts/answered';
import { LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField, TextField } from '../../parts/field';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Day, Instant } from '../../parts/time';
import { requery, to } from '../../router';
import { may } from '../../session/session';
import type { ScreenProps } from '../routes';

const PAGE = 100;
/** A whole day, or none: half of one is being typed. */
const DAY = /^\d{4}-\d{2}-\d{2}$/;

type Page = Shape<'RatePage'>;

export default function RatesScreen({ query }: ScreenProps): JSX.Element {
  const [currency, until] = [query.get('currency') ?? '', query.get('until') ?? ''];
  const [all, setAll] = useState<Pick<Page, 'pairs' | 'revision'> | null>(null);
  const known = usePages(
    async (after: string | undefined, signal) => {
      const page = await get('/api/v1/royalty/rates', {
        query: { limit: PAGE, ...(currency === '' ? {} : { currency }), ...(until === '' ? {} : { until }), ...(after === undefined ? {} : { after: Number.parseInt(after, 10) }) },
        signal,
      });
      setAll(page);
      return page;
    },
    [currency, until],
  );
  const pairs = all?.pairs ?? [];
  const currencies = [...new Set([...pairs.flatMap(({ base, quote }) => [base, quote]), ...(currency === '' ? [] : [currency])])].sort();
  return (
    <Screen
      title="Rates of exchange"
      note="A close exchanges what is paid in another currency by the rate of its day, and names it on the statement."
      actions={
        may('royalty:write') ? (
          <LinkButton look="primary" icon="exchange" href={to(['rates', 'import'])}>
            Import a sheet
          </LinkButton>
        ) : undefined
      }
    >
      {pairs.length === 0 ? null : (
        <Card title="Currencies" note={`Revision ${count(all?.revision ?? 0)} of all rates.`} flush>
          <Table
            dense
            caption="Between which currencies there are rates"
            rows={pairs}
            rowKey={(it) => `${it.base} ${it.quote}`}
            shown={20}
            columns={[
              { key: 'pair', head: 'Currencies', cell: (it) => <span class="pair">{`${it.base} to ${it.quote}`}</span> },
              { key: 'rates', head: 'Days with a rate', kind: 'figure', order: (a, b) => a.rates - b.rates, cell: (it) => count(it.rates) },
              { key: 'first', head: 'First', cell: (it) => <Day of={it.first} /> },
              { key: 'last', head: 'Last', order: (a, b) => a.last.localeCompare(b.last), cell: (it) => <Day of={it.last} /> },
            ]}
          />
        </Card>
      )}
      <Card
        title="Rates"
        note="The newest day first."
        aside={
          <div class="narrow">
            <SelectField label="Currency" value={currency} options={[{ value: '', label: 'All currencies' }, ...currencies.map((code) => ({ value: code, label: code }))]} onChange={(wanted) => requery({ currency: wanted })} />
            <TextField label="Up to day" type="date" value={until} onInput={(wanted) => (wanted === '' || DAY.test(wanted) ? requery({ until: wanted }) : undefined)} />
          </div>
        }
        flush
      >
        <AnsweredPages of={known} skeleton={<Skeleton rows={6} />}>
          {(items) => (
            <Table
              caption="Rates of exchange"
              rows={items}
              rowKey={(it) => `${it.base} ${it.quote} ${it.day}`}
              shown={PAGE}
              empty={<Empty title="No rate is known">{currency + until === '' ? 'Where all is earned and paid in one currency, none is needed.' : 'None that is asked for, at least.'}</Empty>}
              columns={[
                { key: 'day', head: 'Day', cell: (it) => <Day of={it.day} /> },
                { key: 'pair', head: 'Currencies', cell: (it) => <span class="pair">{`${it.base} to ${it.quote}`}</span> },
                { key: 'rate', head: 'Rate', kind: 'figure', cell: (it) => <span class="number">{it.rate}</span> },
                { key: 'inverse', head: 'Other way too', cell: (it) => (it.inverse ? 'Yes' : 'No') },
                { key: 'source', head: 'Published by', cell: (it) => (it.source === '' ? 'not said' : it.source) },
                { key: 'revision', head: 'Revision', kind: 'figure', cell: (it) => count(it.revision) },
                { key: 'at', head: 'Imported', cell: (it) => <Instant of={it.imported_at} /> },
                { key: 'file', head: 'From', cell: (it) => it.file.name },
              ]}
            />
          )}
        </AnsweredPages>
      </Card>
    </Screen>
  );
}
