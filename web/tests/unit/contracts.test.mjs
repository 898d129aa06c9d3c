// A contract file in a form: a value that is changed changes its place and nothing else. Two files side by side.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from './load.mjs';

const { fieldsOf, withField, wrongIn } = await load('screens/contracts/file.ts', 'screens/contracts/fields.ts');
const edits = await load('screens/contracts/edits.ts');
const { placed } = await load('screens/contracts/faults.ts');
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

test('a term comes behind the others and goes again; nothing else moves', () => {
  const folder = new URL('../../../adapters/contract-files/templates/', import.meta.url);
  for (const text of [FILE, ...readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'))]) {
    const parts = edits.partsOf(text);
    const more = edits.withTerm(text, parts);
    const terms = edits.partsOf(more).filter(({ kind }) => kind === 'term');
    assert.equal(terms.length, parts.filter(({ kind }) => kind === 'term').length + 1);
    const added = terms.at(-1);
    assert.match(added.section, /^Term term-\d+$/);
    assert.ok(edits.ruleOf(added) === (edits.isLicence(parts) ? 'pro_rata' : 'pass_on'), more);
    assert.equal(edits.withoutPart(more, added).trimEnd(), text.trimEnd());
    for (const rule of Object.keys(edits.RULES)) {
      for (const term of terms) {
        const ruled = edits.withRule(more, term, rule);
        const now = edits.partsOf(ruled).filter(({ kind }) => kind === 'term')[term.number - 1];
        assert.equal(edits.ruleOf(now), rule, ruled);
        assert.equal(edits.entriesOf(now).filter(({ entry, table }) => entry.key in edits.RULES || table.name.includes('.')).length, 1, ruled);
      }
    }
  }
});

test('lines, payees and countries come and go', () => {
  const term = () => edits.partsOf(FILE).find(({ kind }) => kind === 'term');
  const withTiers = edits.withLine(FILE, term(), 'tiers', '["premium"]');
  assert.ok(withTiers.includes('eligible_plays_min = 1000\ntiers = ["premium"]\n\n[terms.artist_centric]'), withTiers);
  const tiers = edits.entriesOf(edits.partsOf(withTiers)[1]).find(({ entry }) => entry.key === 'tiers');
  assert.equal(edits.withoutLine(withTiers, tiers.entry), FILE);
  assert.deepEqual(Object.keys(edits.linesFor(edits.partsOf(FILE)[0], edits.partsOf(FILE))), ['licensor']);
  const passOn = (text) => edits.entriesOf(edits.partsOf(text)[1]).find(({ entry }) => entry.key === 'pass_on').entry.node;
  const third = edits.withItem(FILE, passOn(FILE), '{ payee = "x", share = "1%" }');
  assert.ok(third.includes(`{ payee = 'low-tide', share = "3%" }, { payee = "x", share = "1%" }]`), third);
  assert.equal(edits.withoutItem(third, passOn(third), 2), FILE);
  assert.ok(edits.withoutItem(FILE, passOn(FILE), 0).includes(`pass_on = [{ payee = 'low-tide', share = "3%" }]`));
  const account = edits.partsOf(FILE).find(({ kind }) => kind === 'account');
  const taxed = edits.withKey(FILE, edits.entriesOf(account)[0].entry.node, 'DE', '"0%"');
  assert.ok(taxed.includes('withholding = { US = "30%", DE = "0%" }'), taxed);
  const spread = 'pass_on = [\n    { payee = "a", share = "1%" },\n    { payee = "b", share = "2%" }, # last\n]\n';
  const list = (text) => edits.entriesOf(edits.partsOf(text)[0])[0].entry.node;
  const longer = edits.withItem(spread, list(spread), '{ payee = "c", share = "3%" }');
  assert.equal(list(longer).items.length, 3);
  assert.ok(longer.includes('# last'), longer);
  assert.equal(edits.withId(FILE, 'other "id"').split('\n')[1], 'id = "other \\"id\\""  # its name');
});

test('a fault stands at its field, else at its part', () => {
  const at = (fragment, offset = 0) => {
    const before = FILE.slice(0, FILE.indexOf(fragment) + offset).split('\n');
    return { file: 'f', line: before.length, column: [...before.at(-1)].length + 1, what: 'wrong' };
  };
  const [fields, parts] = [fieldsOf(FILE), edits.partsOf(FILE)];
  const found = (fault) => placed(FILE, [fault], fields, parts).map(({ field, part }) => `${field?.path.join('.') ?? '-'} of ${part?.section}`)[0];
  assert.equal(found(at('"22%"')), 'pass_on.1.share of Term all');
  assert.equal(found(at('eligible_plays_min')), 'eligible_plays_min of Term all');
  assert.equal(found(at('[[terms]]')), '- of Term all');
  assert.equal(found(at('"30%"', 2)), 'withholding.US of account');
  assert.equal(placed('# 𝄞\ntitle = "x"\n', [{ file: 'f', line: 1, column: 4, what: '' }], [], []).length, 1);
});

test('lines that differ stand beside each other', () => {
  const rows = sideBySide(difference('a\nb\nc\nd\n', 'a\nB\nB2\nd\ne\n')).map(({ before, after, same }) => `${before ?? ''}|${after ?? ''}|${same}`);
  assert.deepEqual(rows, ['a|a|true', 'b|B|false', 'c|B2|false', 'd|d|true', '|e|false']);
  assert.deepEqual(difference('', 'x\n'), [{ kind: 'added', text: 'x' }]);
  assert.deepEqual(difference('x\n', 'x\n'), [{ kind: 'same', text: 'x' }]);
});
