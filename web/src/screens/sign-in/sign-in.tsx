// The door: a name and its password; or an API key, or an invitation's link. What is typed here goes to this
// server alone, and into a cookie that no script reads; nothing of it is kept by the page.

import './sign-in.css';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import type { Refusal } from '../../api/problem';
import { Button } from '../../parts/button';
import { TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { replace, to } from '../../router';
import { farewell, signIn } from '../../session/session';

export function SignIn(): JSX.Element {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const entering = useDoing();
  const door = useAnswer((signal) => get('/api/v1/set-up', { signal }), []);
  useEffect(() => {
    document.title = 'Sign in · Ledgerline';
  }, []);
  return (
    <div class="door">
      <div class="door-card">
        <form
          class="door-form"
          onSubmit={(event) => {
            event.preventDefault();
            void entering.run(() => signIn({ name: name.trim(), password }));
          }}
        >
          <h1 tabIndex={-1}>Sign in</h1>
          {farewell.value === '' ? null : <Notice tone="wait">{farewell.value}</Notice>}
          {door.value?.waits === true ? (
            <Notice tone="plain" title="This server waits to be set up">
              <p>Open the link that it printed when it started.</p>
            </Notice>
          ) : null}
          <TextField label="Name" name="username" autocomplete="username" value={name} onInput={setName} lengthMax={128} required />
          <TextField label="Password" type="password" name="password" autocomplete="current-password" value={password} onInput={setPassword} lengthMax={256} required />
          {entering.refusal === undefined ? null : <Refused refusal={worded(entering.refusal, 'This name and this password don’t belong together.')} />}
          <Button look="primary" submits busy={entering.busy}>
            Sign in
          </Button>
        </form>
        <details class="door-other">
          <summary>Sign in with a key or an invitation</summary>
          <OtherWay />
        </details>
      </div>
      {door.value?.sign_up === 'open' ? (
        <p class="door-try">
          New here? <a href={to(['sign-up'])}>Make an account</a>.
        </p>
      ) : null}
      <p class="door-try">
        Only looking? <a href={to(['try'])}>Try it with your own listening history</a>. Nothing of it is kept.
      </p>
    </div>
  );
}

function OtherWay(): JSX.Element {
  const [key, setKey] = useState('');
  const entering = useDoing();
  const enter = async (): Promise<void> => {
    const invitation = invitationIn(key);
    if (invitation === null) await signIn({ key: key.trim() });
    else replace(`#/invitation/${invitation}`);
  };
  return (
    <form
      class="door-form"
      onSubmit={(event) => {
        event.preventDefault();
        void entering.run(enter);
      }}
    >
      <TextField
        label="Key or invitation link"
        type="password"
        name="key"
        autocomplete="off"
        value={key}
        onInput={setKey}
        hint="An API key begins with ll_. An invitation is a link."
        required
        mono
      />
      {entering.refusal === undefined ? null : <Refused refusal={worded(entering.refusal, 'Nothing opens by that. Check that it was copied whole, and that it wasn’t revoked.')} />}
      <Button submits busy={entering.busy}>
        Open
      </Button>
    </form>
  );
}

/** The secret of a pasted invitation link; null where it is none. */
function invitationIn(text: string): string | null {
  return /#\/invitation\/([^/?\s]+)/.exec(text)?.[1] ?? null;
}

function worded(refusal: Refusal, wrong: string): Refusal {
  return refusal.status === 401 ? Object.assign(refusal, { message: wrong }) : refusal;
}
