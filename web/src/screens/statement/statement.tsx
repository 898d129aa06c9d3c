// One statement: what is paid and why it is that much, what isn't paid, every line, and what proves it.
// It is made to be read on paper too.

import './statement.css';
import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { count, instant, month, title, words } from '../../figures/format';
import { compare } from '../../figures/decimal';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Standing } from '../../parts/badge';
import { Button, Buttons, LinkButton } from '../../parts/button';
import { Card, Columns } from '../../parts/card';
import { Hash } from '../../parts/code';
import { Facts, Figure, Figures } from '../../parts/figure';
import { Money, Monies } from '../../parts/money';
import { printAll } from '../../parts/printing';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { useName, useTitles } from '../../session/names';
import type { ScreenProps } from '../routes';
import { Accounts } from './accounts';
import { SalesReports } from '../sales/sales-dialog';
import { Downloads } from './downloads';
import { Lines, filterOf, narrows } from './lines';

type Statement = Shape<'Statement'>;

export default function StatementScreen({ params, query }: ScreenProps): JSX.Element {
  const { period = '', payee = '' } = params;
  const statement = useAnswer((signal) => get('/api/v1/royalty/closes/{period}/statements/{payee}', { path: { period, payee }, signal }), [period, payee]);
  const filter = filterOf(query);
  const titles = useTitles(period, payee);
  const name = useName(payee);
  return (
    <Screen
      title={`${month(period)}, ${payee}`}
      heading={`Statement of ${month(period)}`}
      note={name === payee ? payee : `${name} (${payee})`}
      crumbs={[{ label: 'Statements', href: to(['statements']) }]}
      actions={
        <Buttons>
          <Button icon="print" onPress={printAll}>
            Print
          </Button>
          <Downloads period={period} payee={payee} />
          <SalesReports period={period} payee={payee} />
        </Buttons>
      }
    >
      <Answered of={statement} skeleton={<Skeleton figures={3} rows={8} />}>
        {(stated) => (
          <>
            {narrows(filter) ? null : <Whole of={stated} titles={titles} />}
            <Lines statement={stated} filter={filter} titles={titles} />
            {narrows(filter) ? null : <Proof of={stated} />}
          </>
        )}
      </Answered>
    </Screen>
  );
}

function Whole({ of, titles }: { of: Statement; titles: ReadonlyMap<string, string> }): JSX.Element {
  return (
    <>
      <Figures>
        <Figure large label="Payable" note={of.payout.reason ?? `for ${month(of.period)}`}>
          <Money amount={of.payout.amount} currency={of.payout.currency} />
        </Figure>
        <Figure label="Earned" note={`${count(of.lines)} lines`}>
          <Monies of={byCurrency(of)} />
        </Figure>
        <Figure label="Carried to the next" note="what can’t be paid yet, and fractions of a coin">
          <Monies of={of.balances.map((balance) => ({ amount: balance.closing, currency: balance.currency }))} />
        </Figure>
      </Figures>
      <Accounts of={of} />
      {of.adjustments.length === 0 ? null : <Adjustments of={of} />}
      {of.unpaid.length === 0 ? null : <Unpaid of={of} titles={titles} />}
    </>
  );
}

/** Accounts of one currency each; several of one currency are listed, never added here. */
function byCurrency(of: Statement): { amount: string; currency: string }[] {
  return of.accounts.filter((account) => compare(account.earned, '0') !== 0).map((account) => ({ amount: account.earned, currency: account.currency }));
}

function Adjustments({ of }: { of: Statement }): JSX.Element {
  return (
    <Card title="Adjustments of earlier months" note="What came to light after a month was closed. The earlier statement stays as it was issued." flush>
      <Table
        caption="Adjustments of earlier months"
        rows={of.adjustments}
        rowKey={(it) => `${it.period} ${it.cause}`}
        columns={[
          { key: 'period', head: 'Month', cell: (it) => month(it.period) },
          { key: 'cause', head: 'Cause', cell: (it) => title(it.cause) },
          { key: 'detail', head: 'What changed', kind: 'wide', cell: (it) => it.detail },
          { key: 'plays', head: 'Plays', kind: 'figure', cell: (it) => count(it.plays) },
          { key: 'amount', head: 'Amount', kind: 'figure', cell: (it) => <Monies signed of={Object.entries(it.amounts).map(([currency, amount]) => ({ currency, amount }))} /> },
        ]}
      />
    </Card>
  );
}

function Unpaid({ of, titles }: { of: Statement; titles: ReadonlyMap<string, string> }): JSX.Element {
  return (
    <Card title="Plays that are not paid" note="Each with its reason. Where you think that it is wrong, appeal: the same evidence is looked at again." flush>
      <Table
        caption="Plays that are not paid"
        rows={of.unpaid}
        rowKey={(it) => `${it.track_id} ${it.standing}`}
        shown={10}
        columns={[
          { key: 'track', head: 'Recording', cell: (it) => titles.get(it.track_id) ?? it.track_id },
          { key: 'standing', head: 'Standing', cell: (it) => <Standing of={it.standing} /> },
          { key: 'plays', head: 'Plays', kind: 'figure', cell: (it) => count(it.plays) },
          { key: 'why', head: 'Why', kind: 'wide', cell: (it) => it.sentence },
          {
            key: 'appeal',
            head: <span class="unseen">Appeal</span>,
            label: '',
            cell: (it) =>
              it.standing === 'held' || it.standing === 'excluded' ? (
                <LinkButton look="quiet" href={to(['held'], { track: it.track_id, period: of.period, payee: of.payee })}>
                  Appeal
                </LinkButton>
              ) : null,
          },
        ]}
      />
    </Card>
  );
}

function Proof({ of }: { of: Statement }): JSX.Element {
  return (
    <Columns>
      <Card title="Balances" note="opening + due = exchanged + paid + closing" flush>
        <Table
          caption="Balances"
          rows={of.balances}
          rowKey={(it) => it.currency}
          empty={<Empty title="Nothing is owed" />}
          columns={[
            { key: 'currency', head: 'Currency', cell: (it) => it.currency },
            ...(['opening', 'due', 'exchanged', 'paid', 'closing'] as const).map((key) => ({
              key,
              head: title(words(key)),
              kind: 'figure' as const,
              cell: (it: Statement['balances'][number]) => <Money bare amount={it[key]} currency={it.currency} />,
            })),
          ]}
        />
      </Card>
      <Card title="What proves it" note="Kept by you, these show later that nothing was changed.">
        <Facts
          of={[
            ['Closed', instant(of.booked_at)],
            ['Lines, SHA-256', <Hash key="l" of={of.lines_sha256} what="the lines’ hash" />],
            ['Manifest, SHA-256', <Hash key="m" of={of.manifest_sha256} what="the manifest’s hash" />],
            of.ledger_head === null ? null : ['Ledger’s signed head', <Hash key="h" of={of.ledger_head} what="the ledger’s signed head" shown={40} />],
          ]}
        />
      </Card>
    </Columns>
  );
}
