// What is to be paid as a file for the bank. Names and accounts go with the request, and nothing of them
// is stored: neither on the server nor in this browser.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { address, send } from '../../api/client';
import { useDoing } from '../../api/doing';
import { save } from '../../api/save';
import { counted, month } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Button } from '../../parts/button';
import { Dialog, DialogActions } from '../../parts/dialog';
import { Choices, TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { DropText, type TextFile } from '../../sheets/drop';

const FORMS = [
  { value: 'pain001', label: 'Credit transfer (pain.001)' },
  { value: 'csv', label: 'CSV' },
] as const;
type Form = (typeof FORMS)[number]['value'];

export function BankFileDialog({ period, payouts, open, onClose }: { period: string; payouts: number; open: boolean; onClose: () => void }): JSX.Element {
  const [form, setForm] = useState<Form>('pain001');
  const [accounts, setAccounts] = useState<TextFile | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [debtor, setDebtor] = useState({ name: '', iban: '', bic: '' });
  const [on, setOn] = useState('');
  const writing = useDoing();
  useEffect(() => {
    // Whoever closes the dialog leaves no account behind.
    if (open) return;
    setAccounts(null);
    setWrong(null);
    writing.clear();
  }, [open]);
  const transfer = form === 'pain001';
  const ready = !transfer || (accounts !== null && Object.values(debtor).every((text) => text.trim() !== ''));
  const write = async (): Promise<void> => {
    const done = await writing.run(async () => {
      const asked = { form, ...(accounts === null ? {} : { accounts: accounts.text }), ...(transfer ? { debtor } : {}), ...(on === '' ? {} : { on }) };
      const text = await send('POST', address('/api/v1/royalty/closes/{period}/payouts/file', { period }), { body: JSON.stringify(asked), type: 'application/json' });
      save(String(text), `payouts-${period}.${transfer ? 'xml' : 'csv'}`, transfer ? 'application/xml' : 'text/csv');
      announce('The file is written.');
    });
    if (done) onClose();
  };
  return (
    <Dialog title={`File for the bank, ${month(period)}`} open={open} onClose={onClose}>
      <form
        class="payouts-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void write();
        }}
      >
        <Choices label="As" value={form} options={FORMS} onChange={setForm} />
        <DropText
          line={accounts === null ? 'Drop the sheet of accounts here' : `${accounts.name} was read`}
          hint={`A CSV with the columns payee, name, iban and bic${transfer ? '' : '; without one the file has no accounts'}. It is read and not kept.`}
          accept=".csv,text/csv"
          onFiles={([file]) => {
            setWrong(null);
            setAccounts(file ?? null);
          }}
          onWrong={setWrong}
        />
        {wrong === null ? null : <Notice tone="bad">{wrong}</Notice>}
        {transfer ? (
          <>
            <TextField label="Who pays" value={debtor.name} onInput={(name) => setDebtor({ ...debtor, name })} lengthMax={140} required />
            <div class="payouts-pair">
              <TextField label="IBAN that is debited" value={debtor.iban} onInput={(iban) => setDebtor({ ...debtor, iban })} lengthMax={64} mono required />
              <TextField label="BIC of its bank" value={debtor.bic} onInput={(bic) => setDebtor({ ...debtor, bic })} lengthMax={32} mono required />
            </div>
            <TextField label="Day on which the bank is to pay" type="date" value={on} onInput={setOn} hint="Tomorrow, where none is chosen." />
          </>
        ) : null}
        {writing.refusal === undefined ? null : <Refused refusal={writing.refusal} />}
        <p class="small soft">{`It has ${counted(payouts, 'payout')}. A file written twice has the same payment ids, so the bank pays once.`}</p>
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" icon="download" submits busy={writing.busy} disabled={!ready}>
            Write the file
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
