// What holds for the whole deployment: where its music is, what new accounts get, and who may make one.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, patch, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { Answered } from '../../parts/answered';
import { announce } from '../../parts/announce';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { CheckField, SelectField, TextField } from '../../parts/field';
import { Refused } from '../../parts/notice';

const PLANS = [
  { value: 'free', label: 'Free' },
  { value: 'premium', label: 'Premium' },
] as const;

export function HouseCard(): JSX.Element {
  const settings = useAnswer((signal) => get('/api/v1/settings', { signal }), []);
  return (
    <Card title="This server" note="For everybody who is on it.">
      <Answered of={settings}>{(set) => <House of={set} onChanged={settings.again} />}</Answered>
    </Card>
  );
}

function House({ of, onChanged }: { of: Shape<'DeploymentSettings'>; onChanged: () => void }): JSX.Element {
  const [folder, setFolder] = useState(of.music_folder ?? '');
  const [plan, setPlan] = useState(of.new_plan);
  const [open, setOpen] = useState(of.sign_up === 'open');
  const changing = useDoing();
  const change = async (): Promise<void> => {
    await patch('/api/v1/settings', { json: { music_folder: folder.trim(), new_plan: plan, sign_up: open ? 'open' : 'invited' } });
    announce('The settings are saved.');
    onChanged();
  };
  return (
    <form
      class="people-form"
      onSubmit={(event) => {
        event.preventDefault();
        void changing.run(change);
      }}
    >
      <TextField label="Music folder" value={folder} onInput={setFolder} lengthMax={4096} hint="a folder on the server, from its root; empty for none" mono />
      <SelectField label="Plan of new accounts" value={plan} options={PLANS} onChange={(chosen) => setPlan(chosen === 'free' ? 'free' : 'premium')} />
      <CheckField label="Anybody may make an account" checked={open} onChange={setOpen} hint="Otherwise whoever is invited." />
      {changing.refusal === undefined ? null : <Refused refusal={changing.refusal} />}
      <div>
        <Button submits busy={changing.busy}>
          Save
        </Button>
      </div>
    </form>
  );
}
