// `#/set-up/<secret>`: the link that the server prints as long as it has no account. The first one is made here.

import '../sign-in/sign-in.css';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { Button } from '../../parts/button';
import { CheckField, SelectField, TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { replace } from '../../router';
import { enter } from '../../session/session';
import { NewAccountFields, asked, useNewAccount } from '../sign-in/new-account';

const PLANS = [
  { value: 'free', label: 'Free' },
  { value: 'premium', label: 'Premium' },
] as const;

export function SetUp({ secret }: { secret: string }): JSX.Element {
  // The address forgets the secret at once; the page has it as long as it is shown.
  const kept = useRef(secret);
  const [account, change] = useNewAccount();
  const [folder, setFolder] = useState('');
  const [plan, setPlan] = useState<Shape<'Plan'>>('premium');
  const [open, setOpen] = useState(false);
  const setting = useDoing();
  useEffect(() => {
    document.title = 'Set up · Ledgerline';
    history.replaceState(null, '', '#/');
  }, []);
  const set = async (): Promise<void> => {
    const house = { new_plan: plan, sign_up: open ? ('open' as const) : ('invited' as const), ...(folder.trim() === '' ? {} : { music_folder: folder.trim() }) };
    enter(await post('/api/v1/set-up', { json: { ...asked(account), ...house, secret: kept.current } }));
    replace('#/');
  };
  return (
    <div class="door">
      <form
        class="door-card"
        onSubmit={(event) => {
          event.preventDefault();
          void setting.run(set);
        }}
      >
        <h1 tabIndex={-1}>Set up Ledgerline</h1>
        <p>You become its administrator. All of this can be changed later.</p>
        <NewAccountFields of={account} onChange={change} refusal={setting.refusal ?? null} />
        <TextField label="Music folder (optional)" value={folder} onInput={setFolder} lengthMax={4096} hint="A folder on the server, from its root: /srv/music" mono />
        <SelectField label="Plan of new accounts" value={plan} options={PLANS} onChange={(chosen) => setPlan(chosen === 'free' ? 'free' : 'premium')} />
        <CheckField label="Anybody may make an account" checked={open} onChange={setOpen} hint="Otherwise whoever you invite." />
        {setting.refusal === undefined ? null : setting.refusal.status === 401 ? (
          <Notice tone="bad" title="This link opens nothing">
            <p>It was used, or the server was started again since. Its newest start printed the link that does.</p>
          </Notice>
        ) : (
          <Refused refusal={setting.refusal} />
        )}
        <Button look="primary" submits busy={setting.busy}>
          Set up
        </Button>
      </form>
    </div>
  );
}
