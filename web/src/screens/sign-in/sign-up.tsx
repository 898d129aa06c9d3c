// Anybody makes an account, where whoever runs the server lets them.

import './sign-in.css';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { get, post } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { Answered } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Refused } from '../../parts/notice';
import { replace } from '../../router';
import { enter } from '../../session/session';
import { NewAccountFields, asked, useNewAccount } from './new-account';

export default function SignUpScreen(): JSX.Element {
  const [account, change] = useNewAccount();
  const joining = useDoing();
  const door = useAnswer((signal) => get('/api/v1/set-up', { signal }), []);
  useEffect(() => {
    document.title = 'Make an account · Ledgerline';
  }, []);
  const join = async (): Promise<void> => {
    enter(await post('/api/v1/sign-up', { json: asked(account) }));
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
        <h1 tabIndex={-1}>Make an account</h1>
        <Answered of={door}>
          {({ sign_up }) =>
            sign_up === 'open' ? (
              <>
                <NewAccountFields of={account} onChange={change} refusal={joining.refusal ?? null} />
                {joining.refusal === undefined || joining.refusal.code === 'name_taken' ? null : <Refused refusal={joining.refusal} />}
                <Button look="primary" submits busy={joining.busy}>
                  Make my account
                </Button>
              </>
            ) : (
              <p>Accounts are made by invitation here. Ask whoever runs this server for one.</p>
            )
          }
        </Answered>
      </form>
      <p class="door-try">
        Have one already? <a href="#/">Sign in</a>.
      </p>
    </div>
  );
}
