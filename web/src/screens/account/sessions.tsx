// Where one is signed in.

import type { JSX } from 'preact';
import { get, remove } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { Answered, Empty } from '../../parts/answered';
import { announce } from '../../parts/announce';
import { Badge } from '../../parts/badge';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Refused } from '../../parts/notice';
import { Table } from '../../parts/table';
import { Instant } from '../../parts/time';

export function Sessions(): JSX.Element {
  const sessions = useAnswer((signal) => get('/api/v1/me/sessions', { signal }), []);
  const ending = useDoing();
  const end = async (id: string): Promise<void> => {
    await remove('/api/v1/me/sessions/{id}', { path: { id } });
    announce('The session has ended.');
    sessions.again();
  };
  return (
    <Card title="Signed in" note="Where you are signed in by your password." flush>
      {ending.refusal === undefined ? null : <Refused refusal={ending.refusal} />}
      <Answered of={sessions}>
        {({ items }) => (
          <Table
            caption="Sessions"
            rows={items}
            rowKey={(it) => it.id}
            empty={<Empty title="You are signed in nowhere" />}
            columns={[
              { key: 'device', head: 'Browser', kind: 'wide', cell: (it) => (it.device === '' ? 'unknown' : it.device) },
              { key: 'begun', head: 'Since', cell: (it) => <Instant of={it.created_at} /> },
              { key: 'seen', head: 'Last seen', cell: (it) => <Instant of={it.seen_at} /> },
              {
                key: 'end',
                head: <span class="unseen">End</span>,
                label: '',
                cell: (it) =>
                  it.is_this ? (
                    <Badge tone="good">this one</Badge>
                  ) : (
                    <Button look="danger" onPress={() => void ending.run(() => end(it.id))}>
                      End
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Answered>
    </Card>
  );
}
