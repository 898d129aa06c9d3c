// App passwords: one for each device or program, so that one that is lost takes nothing else with it.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post, remove } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { Answered, Empty } from '../../parts/answered';
import { announce } from '../../parts/announce';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Hash } from '../../parts/code';
import { TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { Table } from '../../parts/table';
import { Instant } from '../../parts/time';

export function Devices(): JSX.Element {
  const devices = useAnswer((signal) => get('/api/v1/me/app-passwords', { signal }), []);
  const [label, setLabel] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  const doing = useDoing();
  const add = async (): Promise<void> => {
    const made = await post('/api/v1/me/app-passwords', { json: { label } });
    setSecret(made.secret);
    setLabel('');
    devices.again();
  };
  const take = async (id: string, name: string): Promise<void> => {
    await remove('/api/v1/me/app-passwords/{id}', { path: { id } });
    announce(`${name} is signed out.`);
    devices.again();
  };
  return (
    <Card title="Devices and apps" note="Each has a password of its own, which can listen and nothing else.">
      <form
        class="account-form"
        onSubmit={(event) => {
          event.preventDefault();
          void doing.run(add);
        }}
      >
        <TextField label="Device or app" value={label} onInput={setLabel} lengthMax={64} hint="what you call it" required />
        <Button submits busy={doing.busy}>
          Make an app password
        </Button>
      </form>
      {doing.refusal === undefined ? null : <Refused refusal={doing.refusal} />}
      {secret === null ? null : (
        <Notice tone="good" title="The password is shown only now">
          <p>Type it into the device as its password, with your own name.</p>
          <Hash of={secret} what="the app password" shown={100} />
        </Notice>
      )}
      <Answered of={devices}>
        {({ items }) => (
          <Table
            caption="Devices and apps"
            rows={items}
            rowKey={(it) => it.id}
            empty={<Empty title="No device has a password of its own yet" />}
            columns={[
              { key: 'label', head: 'Device', kind: 'wide', cell: (it) => it.label },
              { key: 'made', head: 'Made', cell: (it) => <Instant of={it.created_at} /> },
              { key: 'used', head: 'Last used', cell: (it) => (it.used_at === null ? 'never' : <Instant of={it.used_at} />) },
              {
                key: 'remove',
                head: <span class="unseen">Remove</span>,
                label: '',
                cell: (it) => (
                  <Button look="danger" onPress={() => void doing.run(() => take(it.id, it.label))}>
                    Remove
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
