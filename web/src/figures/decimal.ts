// Decimal strings, as the API writes amounts: "-1234.567890". Every digit counts, so nothing here
// goes through a floating-point number. Only `drawn` does, and only for lengths on a screen.

/** An exact decimal: `units` of 10^-`scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const WRITTEN = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/** Reads a decimal string; null where it is none. */
export function decimal(text: string): Decimal | null {
  const found = WRITTEN.exec(text);
  if (found === null) return null;
  const [, sign, whole = '0', fraction = ''] = found;
  const magnitude = BigInt(whole + fraction);
  return { units: sign === '-' ? -magnitude : magnitude, scale: fraction.length };
}

/** Writes it as the API does, with all of its digits. */
export function written({ units, scale }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale);
  return `${units < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${fraction}`}`;
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale];
}

/** The exact sum of decimal strings. What is no decimal is an error: a sum that leaves out a row is wrong. */
export function sum(amounts: Iterable<string>): string {
  let total: Decimal = { units: 0n, scale: 0 };
  for (const amount of amounts) {
    const next = decimal(amount);
    if (next === null) throw new Error(`“${amount}” is not an amount`);
    const [a, b, scale] = aligned(total, next);
    total = { units: a + b, scale };
  }
  return written(total);
}

/** The exact difference. */
export function minus(a: string, b: string): string {
  const other = decimal(b);
  if (other === null) throw new Error(`“${b}” is not an amount`);
  return sum([a, written({ units: -other.units, scale: other.scale })]);
}

/** For `sort`: below zero where `a` is less. What is no decimal comes first. */
export function compare(a: string, b: string): number {
  const [left, right] = [decimal(a), decimal(b)];
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  const [x, y] = aligned(left, right);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** -1, 0 or 1. */
export function sign(amount: string): -1 | 0 | 1 {
  const found = decimal(amount);
  if (found === null || found.units === 0n) return 0;
  return found.units < 0n ? -1 : 1;
}

/** `part` of `whole` in parts of ten thousand, rounded towards zero; 0 where there is no whole. */
export function tenThousandths(part: string, whole: string): number {
  const [a, b] = [decimal(part), decimal(whole)];
  if (a === null || b === null || b.units === 0n) return 0;
  const [x, y] = aligned(a, b);
  return Number((x * 10_000n) / y);
}

/** How long a bar or how high a point is. Approximate: for drawing, never for writing. */
export function drawn(amount: string): number {
  return Number.parseFloat(amount);
}

/** A decimal or a fraction such as `22/7`, cut after `digits`; `exact` where nothing was cut off. Null where it is neither. */
export function cut(text: string, digits: number): { amount: string; exact: boolean } | null {
  const [above = '', below] = text.split('/', 2);
  const [numerator, denominator] = [decimal(above), decimal(below ?? '1')];
  if (numerator === null || denominator === null || denominator.units === 0n) return null;
  const over = numerator.units * 10n ** BigInt(digits + denominator.scale);
  const under = denominator.units * 10n ** BigInt(numerator.scale);
  return { amount: written({ units: over / under, scale: digits }), exact: over % under === 0n };
}

/** Ledger units, millionths of the currency, as an amount of it; a fraction of them is cut after three more digits. */
export function ofMicros(micros: string): { amount: string; exact: boolean } | null {
  const thousandths = cut(micros, 3);
  const found = thousandths === null ? null : decimal(thousandths.amount);
  if (thousandths === null || found === null) return null;
  return { amount: written({ units: found.units, scale: found.scale + 6 }), exact: thousandths.exact };
}
