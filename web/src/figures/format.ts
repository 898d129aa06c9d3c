// Figures as the reader's language writes them. Amounts are put together from the digits that the API
// sent; Intl only says which marks and which digits the language uses.

import { decimal } from './decimal';

/** The reader's languages, as the browser says. */
export const languages: readonly string[] = navigator.languages.length > 0 ? [...navigator.languages] : ['en'];

/** A piece of a written amount; `fine` is what lies below the currency's smallest coin. */
export interface Piece {
  readonly kind: 'text' | 'fine';
  readonly text: string;
}

const formats = new Map<string, Intl.NumberFormat>();

function numbers(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(languages as string[], options);
    formats.set(key, format);
  }
  return format;
}

/** How many digits the currency's coins have; 2 for codes that nobody knows. */
export function coinDigits(currency: string): number {
  try {
    return numbers(`coins ${currency}`, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

/** An amount in pieces. Digits beyond the coins' are `fine`, without trailing zeros unless `all` are wanted. */
export function moneyPieces(amount: string, currency: string, style: 'symbol' | 'bare' = 'symbol', all = false): readonly Piece[] {
  const found = decimal(amount);
  // Rather what the API wrote than nothing or a guess.
  if (found === null) return [{ kind: 'text', text: `${amount} ${currency}` }];
  const coins = coinDigits(currency);
  const magnitude = (found.units < 0n ? -found.units : found.units).toString().padStart(found.scale + 1, '0');
  const whole = BigInt(magnitude.slice(0, magnitude.length - found.scale));
  const fraction = magnitude.slice(magnitude.length - found.scale).padEnd(coins, '0');
  const coarse = fraction.slice(0, coins);
  const fine = all ? fraction.slice(coins) : fraction.slice(coins).replace(/0+$/, '');
  return pieced(whole, found.units < 0n, coarse, fine, currency, style);
}

function pieced(whole: bigint, below: boolean, coarse: string, fine: string, currency: string, style: 'symbol' | 'bare'): readonly Piece[] {
  const options = style === 'symbol' ? currencyOptions(currency) : {};
  // Of zero there is no negative bigint, so the sign is taken from minus one and the digits replaced.
  const model = numbers(`whole ${style} ${currency}`, { ...options, minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const parts = model.formatToParts(below ? -(whole === 0n ? 1n : whole) : whole);
  const zero = numbers('zero', { useGrouping: false }).format(0);
  const written: Piece[] = [];
  for (const part of parts) {
    if (part.type === 'integer' && whole === 0n) written.push({ kind: 'text', text: zero });
    else if (part.type === 'decimal') {
      if (coarse !== '' || fine !== '') written.push({ kind: coarse === '' ? 'fine' : 'text', text: part.value });
    } else if (part.type === 'fraction') {
      if (coarse !== '') written.push({ kind: 'text', text: inDigitsOf(zero, coarse) });
      if (fine !== '') written.push({ kind: 'fine', text: inDigitsOf(zero, fine) });
    } else written.push({ kind: 'text', text: part.value });
  }
  return written;
}

function currencyOptions(currency: string): Intl.NumberFormatOptions {
  return /^[A-Z]{3}$/.test(currency) ? { style: 'currency', currency, currencyDisplay: 'symbol' } : {};
}

/** Latin digits in those of the language, whose zero is given: they follow each other. */
function inDigitsOf(zero: string, digits: string): string {
  const base = zero.codePointAt(0) ?? 48;
  return base === 48 ? digits : [...digits].map((digit) => String.fromCodePoint(base + digit.charCodeAt(0) - 48)).join('');
}

/** An amount as one text, with all of its digits. */
export function money(amount: string, currency: string): string {
  return moneyPieces(amount, currency).map((piece) => piece.text).join('');
}

/** A whole number: plays, lines, reports. */
export function count(value: number | bigint): string {
  return numbers('count', { maximumFractionDigits: 0 }).format(value);
}

/** How many of something: “1 row”, “3 rows”. */
export function counted(value: number, one: string, several = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : several}`;
}

/** Parts of ten thousand as a percentage: 1234 is 12.34 %. */
export function percent(tenThousandths: number, digits = 1): string {
  const options: Intl.NumberFormatOptions = { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits };
  return numbers(`percent ${digits}`, options).format(tenThousandths / 10_000);
}

/** `2026-03` as “March 2026”; anything else as it is. */
export function month(period: string, style: 'long' | 'short' = 'long'): string {
  const found = /^(\d{4})-(\d{2})$/.exec(period);
  if (found === null) return period;
  const date = new Date(Date.UTC(Number(found[1]), Number(found[2]) - 1, 1));
  return new Intl.DateTimeFormat(languages as string[], { month: style, year: 'numeric', timeZone: 'UTC' }).format(date);
}

/** `2026-03-05` as a day of the reader's calendar. Days of the books are UTC's. */
export function day(date: string, style: 'medium' | 'short' = 'medium'): string {
  const found = new Date(`${date.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(found.getTime())) return date;
  const options: Intl.DateTimeFormatOptions = style === 'medium' ? { day: 'numeric', month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' };
  return new Intl.DateTimeFormat(languages as string[], { ...options, timeZone: 'UTC' }).format(found);
}

/** An instant, to the second, in the reader's time zone. */
export function instant(at: string): string {
  const found = new Date(at);
  if (Number.isNaN(found.getTime())) return at;
  return new Intl.DateTimeFormat(languages as string[], { dateStyle: 'medium', timeStyle: 'medium' }).format(found);
}

/** Milliseconds as minutes and seconds: “2:05”, and “2:05.250” where they aren’t whole. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const rest = ms % 1000;
  const tail = rest === 0 ? '' : `.${String(rest).padStart(3, '0')}`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}${tail}`;
}

/** A country's name in the reader's language; the code where there is none. */
export function territory(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  try {
    return new Intl.DisplayNames(languages as string[], { type: 'region', fallback: 'code' }).of(code) ?? code;
  } catch {
    return code;
  }
}

const DAY_MS = 86_400_000;

/** A figure of a rule by its name, whose end is its unit: `fresh_ms` of a week is “Fresh: 7 days”. */
export function measured(name: string, value: number): readonly [label: string, text: string] {
  if (name.endsWith('_percent')) return [title(name.slice(0, -'_percent'.length)), percent(value * 100, 0)];
  if (!name.endsWith('_ms')) return [title(name), count(value)];
  const days = value >= DAY_MS && value % DAY_MS === 0;
  const text = days ? new Intl.NumberFormat(languages as string[], { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(value / DAY_MS) : duration(value);
  return [title(name.slice(0, -'_ms'.length)), text];
}

/** A word of the API for a person: `not_payable` is “not payable”. */
export function words(word: string): string {
  return word.replaceAll('_', ' ');
}

/** The same at the beginning of a line. */
export function title(word: string): string {
  const said = words(word);
  return said.charAt(0).toUpperCase() + said.slice(1);
}
