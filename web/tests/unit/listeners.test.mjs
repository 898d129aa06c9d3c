// Whose history is whose: a zip or a folder is a listener's, loose files are one listener's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { joined, sentOf, bytesOf } = await load('api/problem.ts', 'screens/try/zip.ts', 'screens/try/listeners.ts');

const dropped = (path, text = '[]') => ({ path, file: new File([text], path.split('/').at(-1)) });

for (const [what, paths, expected] of [
  ['a file', ['StreamingHistory0.json'], ['StreamingHistory0']],
  ['loose files', ['StreamingHistory0.json', 'StreamingHistory1.json'], ['StreamingHistory0']],
  ['zips', ['anna.zip', 'ben.zip'], ['anna', 'ben']],
  ['zips of one name', ['a/my_data.zip', 'b/my_data.zip'], ['my_data', 'my_data 2']],
  ['folders', ['anna/StreamingHistory0.json', 'anna/more/StreamingHistory1.json', 'ben/endsong_0.json'], ['anna', 'ben']],
]) {
  test(`${what}: ${expected.join(', ')}`, async () => {
    const found = await joined([], paths.map((path) => dropped(path)));
    assert.deepEqual(found.map(({ name }) => name), expected);
  });
}

test('one listener’s file is sent as it is, several behind each other as the query says', async () => {
  const one = await joined([], [dropped('StreamingHistory0.json', '[1]')]);
  const alone = sentOf(one);
  assert.deepEqual([await alone.body.text(), alone.query], ['[1]', { name: 'StreamingHistory0.json' }]);
  const both = await joined(one, [dropped('B, en: 1.zip', 'PK')]);
  const sent = sentOf(both);
  const files = sent.query.files.split(',').map((file) => file.split(':'));
  assert.deepEqual(files.map(([name]) => name), ['StreamingHistory0.zip', 'B- en- 1.zip']);
  assert.equal(files.reduce((sum, [, bytes]) => sum + Number(bytes), 0), sent.body.size);
  assert.equal(bytesOf(both), sent.body.size);
});

test('too many listeners, too much, and nothing at all are refused', async () => {
  const zips = Array.from({ length: 21 }, (_, at) => dropped(`${at}.zip`));
  await assert.rejects(joined([], zips), /21 listeners/);
  await assert.rejects(joined([], []), /None of these files/);
});
