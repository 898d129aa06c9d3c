// The door: an API key or an invitation's link. What is typed here goes to this server alone, and into
// a cookie that no script reads; nothing of it is kept by the page.

import './sign-in.css';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Refusal, refusalOf } from '../../api/problem';
import { Button } from '../../parts/button';
import { TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { Skeleton } from '../../parts/answered';
import { replace, to } from '../../router';
import { farewell, signIn } from '../../session/session';

export function SignIn(): JSX.Element {
  const [key, setKey] = useState('');
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Ledgerline';
  }, []);
  const enter = async (): Promise<void> => {
    setBusy(true);
    setRefusal(null);
    const invitation = invitationIn(key);
    try {
      await signIn(invitation === null ? { key: key.trim() } : { invitation });
    } catch (thrown) {
      setRefusal(refusalOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="door">
      <form
        class="door-card"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <h1 tabIndex={-1}>Sign in</h1>
        {farewell.value === '' ? null : <Notice tone="wait">{farewell.value}</Notice>}
        <TextField
          label="Key or invitation link"
          type="password"
          name="key"
          autocomplete="current-password"
          value={key}
          onInput={setKey}
          hint="An API key begins with ll_. An invitation opens a session once, by its link."
          required
          mono
        />
        {refusal === null ? null : <Refused refusal={worded(refusal)} />}
        <Button look="primary" submits busy={busy}>
          Sign in
        </Button>
      </form>
      <p class="door-try">
        Only looking? <a href={to(['try'])}>Try it with your own listening history</a>. Nothing of it is kept.
      </p>
    </div>
  );
}

/** `#/invitation/<secret>`: the link that somebody was given. */
export function Invited({ secret }: { secret: string }): JSX.Element {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  useEffect(() => {
    // The secret leaves the address and the history before anything else happens.
    history.replaceState(null, '', '#/');
    signIn({ invitation: secret }).then(
      () => replace('#/'),
      (thrown: unknown) => setRefusal(refusalOf(thrown)),
    );
  }, [secret]);
  return (
    <div class="door">
      <div class="door-card">
        <h1 tabIndex={-1}>Opening your invitation</h1>
        {refusal === null ? (
          <Skeleton rows={2} />
        ) : (
          <>
            <Notice tone="bad" title="This invitation opens nothing">
              <p>
                {refusal.status === 401 ? 'It was used before, revoked, or its time is over. Ask whoever sent it for another.' : refusal.message}
              </p>
            </Notice>
            <p>
              <Button onPress={() => replace('#/')}>Sign in another way</Button>
            </p>
          </>
        )}
      </div>
    </div>
  );
}

/** The secret of a pasted invitation link; null where it is none. */
function invitationIn(text: string): string | null {
  return /#\/invitation\/([^/?\s]+)/.exec(text)?.[1] ?? null;
}

function worded(refusal: Refusal): Refusal {
  if (refusal.status !== 401) return refusal;
  return Object.assign(refusal, { message: 'Nothing opens by that. Check that it was copied whole, and that it wasn’t revoked.' });
}
