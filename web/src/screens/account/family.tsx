// One's family: who is of it, and whom its owner lets in.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post, remove, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { counted } from '../../figures/format';
import { Answered } from '../../parts/answered';
import { announce } from '../../parts/announce';
import { Badge } from '../../parts/badge';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Hash } from '../../parts/code';
import { Notice, Refused } from '../../parts/notice';
import { Table } from '../../parts/table';

export function FamilyCard({ own }: { own: Shape<'Account'> }): JSX.Element {
  const family = useAnswer((signal) => get('/api/v1/me/family', { signal }), []);
  const [link, setLink] = useState<string | null>(null);
  const doing = useDoing();
  const owns = own.family_of === null;
  const invite = async (): Promise<void> => {
    const made = await post('/api/v1/me/family/invitations', { json: { note: '' } });
    setLink(new URL(made.link, location.origin).href);
  };
  const take = async (id: string, name: string): Promise<void> => {
    await remove('/api/v1/me/family/{account_id}', { path: { account_id: id } });
    announce(`${name} has left the family.`);
    family.again();
  };
  return (
    <Card title="Family" note={owns ? 'You pay for it, and say who is of it.' : 'You are of somebody’s family.'} aside={owns ? <Button busy={doing.busy} onPress={() => void doing.run(invite)}>Invite somebody</Button> : undefined}>
      {doing.refusal === undefined ? null : <Refused refusal={doing.refusal} />}
      {link === null ? null : (
        <Notice tone="good" title="The link is shown only now">
          <p>It makes one account in your family, within a week.</p>
          <Hash of={link} what="the link" shown={200} />
        </Notice>
      )}
      <Answered of={family}>
        {({ items, members_max }) => (
          <>
            <p>
              {counted(items.length - 1, 'member')} of {members_max}
            </p>
            <Table
              caption="The family"
              rows={items}
              rowKey={(it) => it.account_id}
              columns={[
                { key: 'name', head: 'Name', kind: 'wide', cell: (it) => it.name },
                { key: 'as', head: 'As', cell: (it) => (it.is_owner ? <Badge tone="good">owner</Badge> : 'member') },
                {
                  key: 'leave',
                  head: <span class="unseen">Take out</span>,
                  label: '',
                  cell: (it) =>
                    it.is_owner || !(owns || it.account_id === own.account_id) ? null : (
                      <Button look="danger" onPress={() => void doing.run(() => take(it.account_id, it.name))}>
                        {owns ? 'Take out' : 'Leave'}
                      </Button>
                    ),
                },
              ]}
            />
          </>
        )}
      </Answered>
    </Card>
  );
}
