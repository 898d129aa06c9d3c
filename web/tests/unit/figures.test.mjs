// Amounts: exact sums, and what a language makes of them, digit for digit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, urlOf } from './load.mjs';

const decimal = await load('figures/decimal.ts');

test('sums are exact, however many digits there are', () => {
  const cases = [
    [['0.1', '0.2'], '0.3'],
    [['9007199254740993.000001', '0.000001'], '9007199254740993.000002'],
    [['-33.333334', '33.333333'], '-0.000001'],
    [['14.199835', '-14.199835'], '0.000000'],
    [['1', '2.5', '-0.25'], '3.25'],
    [[], '0'],
  ];
  for (const [amounts, expected] of cases) assert.equal(decimal.sum(amounts), expected);
  assert.throws(() => decimal.sum(['1', 'many']), /not an amount/);
  assert.equal(decimal.minus('1.00', '0.000001'), '0.999999');
});

test('amounts are compared by value', () => {
  const cases = [
    ['1.5', '1.50', 0],
    ['-1', '0.000001', -1],
    ['10', '9.999999', 1],
    ['nothing', '0', -1],
  ];
  for (const [a, b, expected] of cases) assert.equal(Math.sign(decimal.compare(a, b)), expected, `${a} ${b}`);
});

test('parts of a whole, fractions and ledger units', () => {
  assert.equal(decimal.tenThousandths('14.199835', '314.230800'), 451);
  assert.equal(decimal.tenThousandths('1', '0'), 0);
  assert.deepEqual(decimal.cut('22/7', 6), { amount: '3.142857', exact: false });
  assert.deepEqual(decimal.cut('1.324865', 9), { amount: '1.324865000', exact: true });
  assert.deepEqual(decimal.ofMicros('6993000'), { amount: '6.993000000', exact: true });
  assert.deepEqual(decimal.ofMicros('1000/3'), { amount: '0.000333333', exact: false });
  assert.equal(decimal.cut('1/0', 2), null);
});

setLanguages(['en']);
await load('figures/decimal.ts', 'figures/format.ts');

function setLanguages(languages) {
  Object.defineProperty(globalThis, 'navigator', { value: { languages }, configurable: true });
}

/** Money as a browser of this language shows it; `|` stands before digits finer than a coin. */
async function shown(language, amount, currency) {
  setLanguages([language]);
  // A query makes it another module, which asks for the languages anew.
  const format = await import(`${urlOf('format')}?${language}`);
  return format.moneyPieces(amount, currency).map((piece) => (piece.kind === 'fine' ? `|${piece.text}` : piece.text)).join('');
}

test('every digit is shown, in the reader’s way', async () => {
  const cases = [
    ['en-GB', '1234567.891234', 'EUR', '€1,234,567.89|1234'],
    ['en-GB', '-0.000001', 'EUR', '-€0.00|0001'],
    ['en-GB', '345.870000', 'EUR', '€345.87'],
    ['en-GB', '9007199254740993.123456', 'USD', 'US$9,007,199,254,740,993.12|3456'],
    ['de-DE', '-1234.500001', 'EUR', '-1.234,50|0001\u00a0€'],
    ['en-GB', '12.345', 'JPY', 'JP¥12|.|345'],
    ['en-GB', '12.000', 'JPY', 'JP¥12'],
    ['ar-EG', '12.34', 'EGP', null],
  ];
  for (const [language, amount, currency, expected] of cases) {
    const text = await shown(language, amount, currency);
    if (expected !== null) assert.equal(text, expected, language);
    else assert.match(text, /١٢.*٣٤/u, 'digits of the language');
  }
  assert.equal(await shown('en-GB', 'n/a', 'EUR'), 'n/a EUR');
});
