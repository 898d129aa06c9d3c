// A contract file in a form: a value that is changed changes its place and nothing else. Two files side by side.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from './load.mjs';

const { fieldsOf, withField, wrongIn } = await load('screens/contracts/fields.ts');
const { difference, sideBySide } = await load('screens/contracts/difference.ts');

const FILE = `# Signed in the winter.
id = "comet-deal"  # its name
title = "Comet's \\"first\\" deal"
from = "2026-01-01"

[[terms]]
id = "all"
rights = [
    "master", # not the works
    "mechanical",
]
pass_on = [{ payee = "comet", share = "22%" }, { payee = 'low-tide', share = "3%" }]
eligible_plays_min = 1000

[terms.artist_centric]
share = "52%"

[account]
withholding = { US = "30%" }
`;

const named = (fields) => fields.map(({ section, path, kind, value }) => `${section}|${path.join('.')}|${kind}|${value}`);

test('every value of a file is a field', () => {
  assert.deepEqual(named(fieldsOf(FILE)), [
    '|id|text|comet-deal',
    '|title|text|Comet\'s "first" deal',
    '|from|text|2026-01-01',
    '|until|absent|',
    'Term all|id|text|all',
    'Term all|rights|list|master, mechanical',
    'Term all|pass_on.1.payee|text|comet',
    'Term all|pass_on.1.share|text|22%',
    'Term all|pass_on.2.payee|text|low-tide',
    'Term all|pass_on.2.share|text|3%',
    'Term all|eligible_plays_min|bare|1000',
    'Term all|artist_centric.share|text|52%',
    'account|withholding.US|text|30%',
  ]);
});

test('a changed value changes its place alone', () => {
  const cases = [
    ['title', 'Say "no" \\ yes', 'title = "Say \\"no\\" \\\\ yes"'],
    ['until', '2027-01-01', 'from = "2026-01-01"\nuntil = "2027-01-01"\n'],
    ['pass_on.2.share', '4%', `{ payee = 'low-tide', share = "4%" }`],
    ['eligible_plays_min', '500', 'eligible_plays_min = 500'],
    ['rights', 'master, ', 'rights = ["master"]'],
  ];
  for (const [path, value, expected] of cases) {
    const field = fieldsOf(FILE).find((one) => one.path.join('.') === path);
    const changed = withField(FILE, field, value);
    assert.ok(changed.includes(expected), changed);
    const others = (text) => named(fieldsOf(text)).filter((one) => !one.includes(`|${path}|`));
    assert.deepEqual(others(changed), others(FILE));
    assert.ok(changed.includes('# Signed in the winter.') && changed.includes('# its name'));
  }
});

test('an end is set and taken away again', () => {
  const end = (text) => fieldsOf(text).find((one) => one.section === '' && one.path.join() === 'until');
  const ended = withField(FILE, end(FILE), '2027-01-01');
  assert.equal(end(ended).kind, 'text');
  assert.equal(withField(ended, end(ended), ''), FILE);
});

test('what can’t stand there is said, and what isn’t understood is left to the text', () => {
  const field = (path) => fieldsOf(FILE).find((one) => one.path.join('.') === path);
  assert.match(wrongIn(field('eligible_plays_min'), 'a lot'), /number/);
  assert.match(wrongIn(field('until'), 'soon'), /day/);
  assert.equal(wrongIn(field('title'), ''), undefined);
  for (const text of ['title = """\nlong\n"""\n', 'nothing', 'id = \n', 'a = [1', '[[terms]\nid = "x"\n']) assert.equal(fieldsOf(text), null, text);
});

test('the form shows each template that the program brings', () => {
  const folder = new URL('../../../adapters/contract-files/templates/', import.meta.url);
  const names = readdirSync(folder);
  assert.ok(names.length > 5);
  for (const name of names) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const fields = fieldsOf(text);
    assert.ok(fields !== null && fields.length > 5, name);
    for (const one of fields.filter(({ kind }) => kind === 'text')) assert.equal(withField(text, one, one.value), text, `${name} ${one.path}`);
  }
});

test('lines that differ stand beside each other', () => {
  const rows = sideBySide(difference('a\nb\nc\nd\n', 'a\nB\nB2\nd\ne\n')).map(({ before, after, same }) => `${before ?? ''}|${after ?? ''}|${same}`);
  assert.deepEqual(rows, ['a|a|true', 'b|B|false', 'c|B2|false', 'd|d|true', '|e|false']);
  assert.deepEqual(difference('', 'x\n'), [{ kind: 'added', text: 'x' }]);
  assert.deepEqual(difference('x\n', 'x\n'), [{ kind: 'same', text: 'x' }]);
});
