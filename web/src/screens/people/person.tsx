// One account: its role, its plan, whether it gets in, another password, and its end.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { patch, post, remove, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { announce } from '../../parts/announce';
import { Button } from '../../parts/button';
import { Hash } from '../../parts/code';
import { Dialog, DialogActions } from '../../parts/dialog';
import { SelectField, TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';

/** What somebody can be. */
export const ROLES = [
  { value: 'listener', label: 'Listener' },
  { value: 'creator', label: 'Creator' },
  { value: 'rights_holder', label: 'Rights holder' },
  { value: 'label', label: 'Label' },
  { value: 'finance', label: 'Finance' },
  { value: 'admin', label: 'Admin' },
] as const;

/** What somebody can have. */
export const PLANS = [
  { value: 'free', label: 'Free' },
  { value: 'premium', label: 'Premium' },
  { value: 'family', label: 'Family' },
  { value: 'student', label: 'Student' },
] as const;

/** Whether a role goes with parties. */
export function seesParties(role: Shape<'Role'>): boolean {
  return role === 'creator' || role === 'rights_holder' || role === 'label';
}

/** Ids of parties, as they were typed. */
export function partiesIn(text: string): string[] {
  return text.split(/[\s,;]+/).filter((party) => party !== '');
}

export function PersonDialog({ of, onClose, onChanged }: { of: Shape<'Account'>; onClose: () => void; onChanged: () => void }): JSX.Element {
  const [role, setRole] = useState(of.role);
  const [parties, setParties] = useState(of.parties?.join(', ') ?? '');
  const [plan, setPlan] = useState(of.plan);
  const [until, setUntil] = useState(of.plan_until ?? '');
  const [password, setPassword] = useState<string | null>(null);
  const doing = useDoing();
  const path = { account_id: of.account_id };
  const change = async (json: Shape<'ChangeAccountRequest'>, told: string): Promise<void> => {
    await patch('/api/v1/accounts/{account_id}', { path, json });
    announce(told);
    onChanged();
  };
  const save = (): Promise<void> => {
    const asRole = role === of.role && partiesIn(parties).join(' ') === (of.parties ?? []).join(' ') ? {} : { role, parties: seesParties(role) ? partiesIn(parties) : [] };
    const asPlan = plan === of.plan && until === (of.plan_until ?? '') ? {} : { plan, ...(until === '' ? {} : { plan_until: until }) };
    return change({ ...asRole, ...asPlan }, `${of.name} is changed.`);
  };
  const reset = async (): Promise<void> => {
    const made = await post('/api/v1/accounts/{account_id}/password', { path, json: {} });
    setPassword(made.password ?? null);
  };
  const end = async (): Promise<void> => {
    await remove('/api/v1/accounts/{account_id}', { path });
    announce(`${of.name} is deleted.`);
    onChanged();
  };
  return (
    <Dialog title={of.name} open onClose={onClose}>
      <form
        class="people-form"
        onSubmit={(event) => {
          event.preventDefault();
          void doing.run(save);
        }}
      >
        <SelectField label="Role" value={role} options={ROLES} onChange={(chosen) => setRole(ROLES.find((one) => one.value === chosen)?.value ?? role)} />
        {seesParties(role) ? <TextField label="Parties" value={parties} onInput={setParties} hint="ids, separated by commas: whose things they see" required={role !== 'creator'} /> : null}
        <SelectField label="Plan" value={plan} options={PLANS} onChange={(chosen) => setPlan(PLANS.find((one) => one.value === chosen)?.value ?? plan)} />
        {plan === 'free' ? null : <TextField label="Until (optional)" type="date" value={until} onInput={setUntil} hint={plan === 'student' ? 'a student’s plan needs an end' : 'free again from this day on'} required={plan === 'student'} />}
        {doing.refusal === undefined ? null : <Refused refusal={doing.refusal} />}
        {password === null ? null : (
          <Notice tone="good" title="The password is shown only now">
            <p>All sessions of {of.name} have ended.</p>
            <Hash of={password} what="the password" shown={100} />
          </Notice>
        )}
        <DialogActions>
          <Button look="danger" onPress={() => void doing.run(end)}>
            Delete
          </Button>
          <Button onPress={() => void doing.run(reset)}>New password</Button>
          <Button onPress={() => void doing.run(() => change({ enabled: !of.enabled }, `${of.name} is ${of.enabled ? 'disabled' : 'enabled'}.`))}>{of.enabled ? 'Disable' : 'Enable'}</Button>
          <Button look="primary" submits busy={doing.busy}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
