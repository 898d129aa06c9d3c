// Sheets as spreadsheets write them, and what is said where one can't be read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { readSheet } = await load('sheets/csv.ts');
const { revenueRows } = await load('sheets/csv.ts', 'screens/revenue/rows.ts');

const KNOWN = ['a', 'b', 'store_fee'];

test('cells are what was written between the separators', () => {
  const cases = [
    ['a,b\n1,2\n', [['1', '2']]],
    ['\uFEFFa;b\r\n1;2,5\r\n', [['1', '2,5']]],
    ['a\tb\n1\t2', [['1', '2']]],
    ['a,b\n"1,5","say ""ah"""\n', [['1,5', 'say "ah"']]],
    ['a,b\n"two\nlines",x\n\n3,4\n', [['two\nlines', 'x'], ['3', '4']]],
    ['A, B \n 1 ,2\n', [['1', '2']]],
    ['a,b\n1\n', [['1', '']]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(readSheet(text, KNOWN, []).rows.map(({ cells }) => [cells.a, cells.b]), expected, text);
  assert.deepEqual(readSheet('Store Fee\n1\n', KNOWN, []).columns, ['store_fee']);
});

test('lines are those of the file, also behind cells of several lines', () => {
  assert.deepEqual(readSheet('a,b\n"x\ny",1\n\n2,3\n', KNOWN, []).rows.map(({ line }) => line), [2, 5]);
});

test('what can’t be read says where', () => {
  const cases = [
    ['', /empty/],
    ['a,b\n', /no row/],
    ['a,c\n1,2\n', /column 2: “c” isn’t a column/],
    ['a,a\n1,2\n', /“a” stands there twice/],
    ['a\n1\n', /lacks the column “b”/],
    ['a,b\n1,2,3\n', /Line 2 has 3 cells/],
    ['a,b\n"1,2\n', /Line 2: a quote is opened/],
    ['a,b\n"1"x,2\n', /Line 2: “x” stands behind/],
    [`a,b\n${'1,2\n'.repeat(20_001)}`, /more than 20000 rows/],
  ];
  for (const [text, expected] of cases) assert.throws(() => readSheet(text, KNOWN, ['b']), expected, text.slice(0, 40));
});

test('amounts of revenue stay as they are written', () => {
  const { rows, lines } = revenueRows('period,territory,tier,subscribers,currency,gross,tax\n2026-10,SE,,12,EUR,9007199254740993.10,\n');
  assert.deepEqual(rows, [{ period: '2026-10', territory: 'SE', subscribers: 12, currency: 'EUR', gross: '9007199254740993.10' }]);
  assert.deepEqual(lines, [2]);
  assert.throws(() => revenueRows('period,currency,gross,subscribers\n2026-10,EUR,1,many\n'), /Line 2, column “subscribers”/);
});
