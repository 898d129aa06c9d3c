// `#/invitation/<secret>`: the link that somebody was given. It makes an account, or opens one session; with
// `/once` behind it that at once.

import './sign-in.css';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { post } from '../../api/client';
import { useDoing } from '../../api/doing';
import type { Refusal } from '../../api/problem';
import { Button } from '../../parts/button';
import { Notice, Refused } from '../../parts/notice';
import { replace } from '../../router';
import { enter, signIn } from '../../session/session';
import { NewAccountFields, asked, useNewAccount } from './new-account';

export function Invited({ secret, once }: { secret: string; once: boolean }): JSX.Element {
  // The address forgets the secret at once; the page has it as long as it is shown.
  const kept = useRef(secret);
  const [account, change] = useNewAccount();
  const joining = useDoing();
  useEffect(() => {
    document.title = 'You are invited · Ledgerline';
    history.replaceState(null, '', '#/');
    if (once) void joining.run(look);
  }, []);
  const join = async (): Promise<void> => {
    enter(await post('/api/v1/sign-up', { json: { ...asked(account), invitation: kept.current } }));
    replace('#/');
  };
  const look = async (): Promise<void> => {
    await signIn({ invitation: kept.current });
    replace('#/');
  };
  return (
    <div class="door">
      <form
        class="door-card"
        onSubmit={(event) => {
          event.preventDefault();
          void joining.run(join);
        }}
      >
        <h1 tabIndex={-1}>You are invited</h1>
        <p>Choose a name and a password: that is your account from now on.</p>
        <NewAccountFields of={account} onChange={change} refusal={joining.refusal ?? null} />
        {joining.refusal === undefined ? null : <InvitationRefused refusal={joining.refusal} />}
        <Button look="primary" submits busy={joining.busy}>
          Make my account
        </Button>
        <Button look="quiet" busy={joining.busy} onPress={() => void joining.run(look)}>
          Only this once, without an account
        </Button>
      </form>
    </div>
  );
}

function InvitationRefused({ refusal }: { refusal: Refusal }): JSX.Element | null {
  if (refusal.code === 'name_taken') return null;
  if (refusal.status !== 401) return <Refused refusal={refusal} />;
  return (
    <Notice tone="bad" title="This invitation opens nothing">
      <p>It was used before, revoked, or its time is over. Ask whoever sent it for another.</p>
      <p>
        <a href="#/" onClick={() => replace('#/')}>
          Sign in another way
        </a>
      </p>
    </Notice>
  );
}
