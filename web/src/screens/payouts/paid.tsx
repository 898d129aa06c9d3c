// That the bank has paid: said on purpose, for the payouts that were chosen, all of them or none.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { post, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { sum } from '../../figures/decimal';
import { count, counted, month } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Button } from '../../parts/button';
import { Dialog, DialogActions } from '../../parts/dialog';
import { TextField } from '../../parts/field';
import { Money } from '../../parts/money';
import { Refused } from '../../parts/notice';

export function PaidDialog({ period, rows, open, onClose }: { period: string; rows: readonly Shape<'PaidPayout'>[]; open: boolean; onClose: (booked: boolean) => void }): JSX.Element {
  const [on, setOn] = useState(today);
  const booking = useDoing();
  useEffect(() => {
    if (!open) booking.clear();
  }, [open]);
  const currencies = [...new Set(rows.map((row) => row.currency))].sort();
  const book = async (): Promise<void> => {
    const done = await booking.run(async () => {
      const paid = rows.map(({ payee, currency, amount }) => ({ period, payee, currency, amount }));
      const { booked, already } = await post('/api/v1/royalty/payouts/paid', { json: { on, paid } });
      announce(`${counted(booked, 'payout')} booked as paid${already === 0 ? '' : `, ${count(already)} were before`}.`);
    });
    if (done) onClose(true);
  };
  return (
    <Dialog title={`Book as paid, ${month(period)}`} open={open} onClose={() => onClose(false)}>
      <form
        class="payouts-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (rows.length > 0) void book();
        }}
      >
        <p>
          {counted(rows.length, 'payout')}
          {currencies.map((currency, at) => (
            <span key={currency}>
              {at === 0 ? ', ' : ' and '}
              <Money amount={sum(rows.filter((row) => row.currency === currency).map((row) => row.amount))} currency={currency} />
            </span>
          ))}
          . Each becomes an entry of the ledger, which is never taken back: book only what the bank has carried out.
        </p>
        <TextField label="Day of the payment" type="date" value={on} onInput={setOn} required />
        {booking.refusal === undefined ? null : <Refused refusal={booking.refusal} />}
        <DialogActions>
          <Button onPress={() => onClose(false)}>Cancel</Button>
          <Button look="primary" submits busy={booking.busy} disabled={rows.length === 0 || on === ''}>
            Book as paid
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Days of the books are UTC's. */
function today(): string {
  return new Date().toISOString().slice(0, 10);
}
