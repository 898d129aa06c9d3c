// What was paid ahead of what will be earned, contract by contract: each is an entry of the ledger.

import '../../sheets/narrow.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { usePages } from '../../api/answer';
import { count, title } from '../../figures/format';
import { AnsweredPages, Empty, Skeleton } from '../../parts/answered';
import { Button, LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { TextField } from '../../parts/field';
import { Figure, Figures } from '../../parts/figure';
import { Money, Monies } from '../../parts/money';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Day } from '../../parts/time';
import { requery, to } from '../../router';
import { may } from '../../session/session';
import type { ScreenProps } from '../routes';

const PAGE = 100;

type Page = Shape<'AdvancePage'>;

export default function AdvancesScreen({ query }: ScreenProps): JSX.Element {
  const [payee, contract] = [query.get('payee') ?? '', query.get('contract') ?? ''];
  const [all, setAll] = useState<Pick<Page, 'sums' | 'total'> | null>(null);
  const known = usePages(
    async (from: string | undefined, signal) => {
      const page = await get('/api/v1/royalty/advances', {
        query: { limit: PAGE, ...(payee === '' ? {} : { payee }), ...(contract === '' ? {} : { contract }), ...(from === undefined ? {} : { from: Number.parseInt(from, 10) }) },
        signal,
      });
      setAll(page);
      return page;
    },
    [payee, contract],
  );
  return (
    <Screen
      title="Advances"
      note="What was paid ahead, to payees or for them. Closes recoup it from what is earned, as its contract says."
      actions={
        may('royalty:write') ? (
          <LinkButton look="primary" icon="advance" href={to(['advances', 'import'])}>
            Import a sheet
          </LinkButton>
        ) : undefined
      }
    >
      {all === null ? null : (
        <Figures>
          <Figure large label="Paid ahead in all">
            {all.sums.length === 0 ? <span class="faint">nothing yet</span> : <Monies of={all.sums} />}
          </Figure>
          <Figure label="Entries">{count(all.total)}</Figure>
        </Figures>
      )}
      <Card title="Advances and costs" note="The newest booked first." aside={<Narrow key={`${payee} ${contract}`} payee={payee} contract={contract} />} flush>
        <AnsweredPages of={known} skeleton={<Skeleton rows={6} />}>
          {(items) => (
            <Table
              caption="Advances and costs"
              rows={items}
              rowKey={(it) => it.entry}
              shown={PAGE}
              empty={<Empty title="Nothing was paid ahead">{payee + contract === '' ? 'Import a sheet of what was paid under which contract.' : 'Nothing that is asked for, at least.'}</Empty>}
              columns={[
                { key: 'contract', head: 'Contract', cell: (it) => <a href={to(['contracts', it.contract])}>{it.contract}</a> },
                { key: 'name', head: 'Name', cell: (it) => it.name },
                { key: 'payee', head: 'Payee', cell: (it) => it.payee },
                { key: 'kind', head: 'Kind', cell: (it) => title(it.kind) },
                { key: 'on', head: 'Paid on', cell: (it) => <Day of={it.on} /> },
                { key: 'amount', head: 'Amount', kind: 'figure', cell: (it) => <Money amount={it.amount} currency={it.currency} /> },
                { key: 'entry', head: 'Ledger entry', kind: 'figure', cell: (it) => count(it.entry) },
                { key: 'note', head: 'Note', kind: 'wide', cell: (it) => it.note },
              ]}
            />
          )}
        </AnsweredPages>
      </Card>
    </Screen>
  );
}

function Narrow({ payee, contract }: { payee: string; contract: string }): JSX.Element {
  const [asked, setAsked] = useState({ payee, contract });
  return (
    <form
      class="narrow"
      onSubmit={(event) => {
        event.preventDefault();
        requery({ payee: asked.payee.trim(), contract: asked.contract.trim() });
      }}
    >
      <TextField bare label="Payee" placeholder="Payee" value={asked.payee} onInput={(value) => setAsked({ ...asked, payee: value })} />
      <TextField bare label="Contract" placeholder="Contract" value={asked.contract} onInput={(value) => setAsked({ ...asked, contract: value })} />
      <Button submits>Find</Button>
    </form>
  );
}
