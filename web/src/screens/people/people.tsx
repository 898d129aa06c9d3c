// Everybody who has an account, and what they are: by whoever lets others in.

import './people.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { usePages } from '../../api/answer';
import { territory, title } from '../../figures/format';
import { Empty } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { Button, LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { TextField } from '../../parts/field';
import { Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Day } from '../../parts/time';
import { to } from '../../router';
import { HouseCard } from './house';
import { PersonDialog } from './person';

type Account = Shape<'Account'>;

export default function PeopleScreen(): JSX.Element {
  const [containing, setContaining] = useState('');
  const [chosen, setChosen] = useState<Account | null>(null);
  const people = usePages<Account, string>(
    async (after, signal) => {
      const query = { limit: 100, ...(containing.trim() === '' ? {} : { containing: containing.trim() }), ...(after === undefined ? {} : { after }) };
      const page = await get('/api/v1/accounts', { query, signal });
      return { items: page.items, next: page.next ?? null };
    },
    [containing],
  );
  return (
    <Screen
      title="People"
      note="Everybody who has an account."
      actions={
        <LinkButton href={to(['access'])} look="primary" icon="access">
          Invite somebody
        </LinkButton>
      }
    >
      <Card title="Accounts" aside={<TextField label="Find by name" bare type="search" placeholder="Find by name" value={containing} onInput={setContaining} lengthMax={32} />} flush>
        {people.refusal === undefined ? null : <Refused refusal={people.refusal} onAgain={people.again} />}
        <Table
          caption="Accounts"
          rows={people.items ?? []}
          rowKey={(it) => it.account_id}
          empty={<Empty title={people.waiting ? 'Looking…' : 'Nobody is called so'} />}
          columns={[
            {
              key: 'name',
              head: 'Name',
              cell: (it) => (
                <Button look="link" onPress={() => setChosen(it)}>
                  {it.name}
                </Button>
              ),
            },
            { key: 'role', head: 'Role', cell: (it) => title(it.role) },
            {
              key: 'plan',
              head: 'Plan',
              cell: (it) => (
                <>
                  {title(it.plan)}
                  {it.plan_until === null ? null : (
                    <>
                      {' until '}
                      <Day of={it.plan_until} />
                    </>
                  )}
                </>
              ),
            },
            { key: 'territory', head: 'Country', cell: (it) => (it.territory === null ? '' : territory(it.territory)) },
            { key: 'sees', head: 'Sees', kind: 'wide', cell: (it) => (it.parties === null ? 'everything' : it.parties.join(', ')) },
            { key: 'state', head: 'State', cell: (it) => <Badge tone={it.enabled ? 'good' : 'bad'}>{it.enabled ? 'enabled' : 'disabled'}</Badge> },
          ]}
        />
        {people.goesOn ? (
          <Button onPress={people.more} busy={people.waiting}>
            Show more
          </Button>
        ) : null}
      </Card>
      <HouseCard />
      {chosen === null ? null : (
        <PersonDialog
          of={chosen}
          onClose={() => setChosen(null)}
          onChanged={() => {
            setChosen(null);
            people.again();
          }}
        />
      )}
    </Screen>
  );
}
