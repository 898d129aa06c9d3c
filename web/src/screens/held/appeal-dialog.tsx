// Opens an appeal: against a play, or against the unpaid plays of a recording on a statement.

import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { post } from '../../api/client';
import { type Refusal, refusalOf } from '../../api/problem';
import { month } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Button } from '../../parts/button';
import { Dialog, DialogActions } from '../../parts/dialog';
import { TextField } from '../../parts/field';
import { Refused } from '../../parts/notice';
import { session } from '../../session/session';

const GROUNDS_MAX = 4000;
const APPELLANT_MAX = 256;

export type Against =
  | { kind: 'play'; play_id: string; user_id: string; source: string }
  | { kind: 'line'; track_id: string; period: string; payee: string };

export function AppealDialog({ against, onClose }: { against: Against | null; onClose: (opened: boolean) => void }): JSX.Element {
  const [appellant, setAppellant] = useState('');
  const [grounds, setGrounds] = useState('');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  // Before the dialog is seen: what somebody types at once must stand.
  useLayoutEffect(() => {
    if (against === null) return;
    setAppellant(against.kind === 'line' ? against.payee : (session.peek()?.parties?.[0] ?? ''));
    setGrounds('');
    setRefusal(null);
  }, [against]);
  const open = async (): Promise<void> => {
    if (against === null) return;
    const { kind: _, ...named } = against;
    setBusy(true);
    setRefusal(null);
    try {
      await post('/api/v1/appeals', { json: { ...named, appellant, grounds } });
      announce('The appeal is open.');
      onClose(true);
    } catch (thrown) {
      setRefusal(refusalOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title="Appeal" open={against !== null} onClose={() => onClose(false)}>
      <form
        class="appeal"
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        <p class="small soft">
          {against === null ? '' : against.kind === 'play' ? `Against how play ${against.play_id} stands.` : `Against the unpaid plays of ${against.track_id} in ${month(against.period)}, on the statement of ${against.payee}.`} The rules are run again on the same evidence, and a person decides. Each appeal is answered with a reason.
        </p>
        <TextField label="Who appeals" value={appellant} onInput={setAppellant} lengthMax={APPELLANT_MAX} required />
        <TextField label="Why" lines={5} value={grounds} onInput={setGrounds} lengthMax={GROUNDS_MAX} hint="What the rule couldn’t know: a playlist, a shop that plays the recording, a class." required />
        {refusal === null ? null : <Refused refusal={refusal} />}
        <DialogActions>
          <Button onPress={() => onClose(false)}>Cancel</Button>
          <Button look="primary" submits busy={busy}>
            Open the appeal
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
