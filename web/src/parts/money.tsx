// An amount as the reader's language writes it, with every digit that the API sent. What lies below
// the smallest coin is written finer, so that the eye reads the coins and the digits are all there.

import './money.css';
import type { JSX } from 'preact';
import { coinDigits, count, moneyPieces } from '../figures/format';
import { sign } from '../figures/decimal';

interface MoneyProps {
  amount: string;
  currency: string;
  /** Leave the currency out: the column's head says it. */
  bare?: boolean;
  /** Colour what is below zero, and put a plus before what is above: a change. */
  signed?: boolean;
}

export function Money({ amount, currency, bare = false, signed = false }: MoneyProps): JSX.Element {
  const pieces = moneyPieces(amount, currency, bare ? 'bare' : 'symbol');
  const rest = unwritten(amount, currency);
  const is = sign(amount);
  const tone = signed && is !== 0 ? (is < 0 ? ' money-down' : ' money-up') : '';
  return (
    <span class={`money number${tone}`} data-amount={amount} data-currency={currency}>
      {signed && is > 0 ? '+' : null}
      {pieces.map((piece) => (piece.kind === 'fine' ? <span class="money-fine">{piece.text}</span> : piece.text))}
      {/* In a column, keeps points below each other; neither read nor copied. */}
      {rest === 0 ? null : (
        <span class="money-fine money-rest" aria-hidden="true">
          {'0'.repeat(rest)}
        </span>
      )}
    </span>
  );
}

/** How many zeros at the end of the API's digits aren't written. */
function unwritten(amount: string, currency: string): number {
  const fraction = /\.(\d+)$/.exec(amount)?.[1] ?? '';
  const fine = fraction.slice(coinDigits(currency));
  return fine.length - fine.replace(/0+$/, '').length;
}

/** Amounts of several currencies, one below the other: they are never added. */
export function Monies({ of, signed = false }: { of: readonly { amount: string; currency: string }[]; signed?: boolean }): JSX.Element {
  if (of.length === 0) return <span class="faint">–</span>;
  return (
    <span class="monies">
      {of.map(({ amount, currency }) => (
        <Money key={currency} amount={amount} currency={currency} signed={signed} />
      ))}
    </span>
  );
}

/** A whole number, grouped. */
export function Count({ of }: { of: number }): JSX.Element {
  return <span class="number" data-count={of}>{count(of)}</span>;
}
