// One's own account: plan and country, password, devices, sessions, family, and its end.

import './account.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, patch, post, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { countries } from '../../figures/countries';
import { territory, title } from '../../figures/format';
import { Answered } from '../../parts/answered';
import { announce } from '../../parts/announce';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Dialog, DialogActions } from '../../parts/dialog';
import { SelectField, TextField } from '../../parts/field';
import { Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Day } from '../../parts/time';
import { enter, leave } from '../../session/session';
import { Devices } from './devices';
import { FamilyCard } from './family';
import { Sessions } from './sessions';

type Account = Shape<'Account'>;

export default function AccountScreen(): JSX.Element {
  const account = useAnswer((signal) => get('/api/v1/me', { signal }), []);
  return (
    <Screen title="Account" note="Yours alone: what you hear is known by a random number, and by nothing here.">
      <Answered of={account}>
        {(own) => (
          <>
            <About of={own} onChanged={account.again} />
            {own.plan === 'family' ? <FamilyCard own={own} /> : null}
            <Password />
            <Devices />
            <Sessions />
            <End />
          </>
        )}
      </Answered>
    </Screen>
  );
}

function About({ of, onChanged }: { of: Account; onChanged: () => void }): JSX.Element {
  const [email, setEmail] = useState(of.email ?? '');
  const [country, setCountry] = useState(of.territory ?? '');
  const changing = useDoing();
  const change = async (): Promise<void> => {
    await patch('/api/v1/me', { json: { email: email.trim(), territory: country } });
    announce('Your account is changed.');
    onChanged();
  };
  return (
    <Card title="About you">
      <dl class="account-facts">
        <dt>Name</dt>
        <dd>{of.name}</dd>
        <dt>Plan</dt>
        <dd>
          {title(of.plan)}
          {of.plan_until === null ? null : (
            <>
              {' until '}
              <Day of={of.plan_until} />
            </>
          )}
        </dd>
        <dt>Country</dt>
        <dd>{of.territory === null ? 'not said' : territory(of.territory)}</dd>
      </dl>
      <form
        class="account-form"
        onSubmit={(event) => {
          event.preventDefault();
          void changing.run(change);
        }}
      >
        <TextField label="E-mail" type="email" autocomplete="email" value={email} onInput={setEmail} lengthMax={254} hint="nobody else sees it but whoever runs the server" />
        <SelectField label="Country" value={country} options={countries()} onChange={setCountry} hint="what you hear is paid for by where you are" />
        <Button submits busy={changing.busy}>
          Save
        </Button>
      </form>
      {changing.refusal === undefined ? null : <Refused refusal={changing.refusal} />}
    </Card>
  );
}

function Password(): JSX.Element {
  const [present, setPresent] = useState('');
  const [next, setNext] = useState('');
  const changing = useDoing();
  const change = async (): Promise<void> => {
    enter(await post('/api/v1/me/password', { json: { present, next } }));
    setPresent('');
    setNext('');
    announce('Your password is changed. Your other sessions have ended.');
  };
  return (
    <Card title="Password" note="A new one ends all other sessions.">
      <form
        class="account-form"
        onSubmit={(event) => {
          event.preventDefault();
          void changing.run(change);
        }}
      >
        <TextField label="Present password" type="password" autocomplete="current-password" value={present} onInput={setPresent} lengthMax={256} required />
        <TextField label="New password" type="password" autocomplete="new-password" value={next} onInput={setNext} lengthMax={256} hint="at least 10 characters" required />
        <Button submits busy={changing.busy}>
          Change password
        </Button>
      </form>
      {changing.refusal === undefined ? null : <Refused refusal={changing.refusal} />}
    </Card>
  );
}

function End(): JSX.Element {
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState('');
  const ending = useDoing();
  const end = async (): Promise<void> => {
    await post('/api/v1/me/deletion', { json: { password } });
    leave();
  };
  return (
    <Card title="Delete the account" note="Nothing says any more whose your plays were. They count as before: artists keep what you gave them.">
      <Button look="danger" onPress={() => setOpen(true)}>
        Delete my account…
      </Button>
      <Dialog title="Delete your account?" open={open} onClose={() => setOpen(false)}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void ending.run(end);
          }}
        >
          <p>This can’t be undone. Nobody can tell afterwards what you listened to.</p>
          <TextField label="Your password" type="password" autocomplete="current-password" value={password} onInput={setPassword} lengthMax={256} required />
          {ending.refusal === undefined ? null : <Refused refusal={ending.refusal} />}
          <DialogActions>
            <Button onPress={() => setOpen(false)}>Keep it</Button>
            <Button look="danger" submits busy={ending.busy}>
              Delete for good
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </Card>
  );
}
