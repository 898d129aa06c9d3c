// Reports wait on the device until they are durable on the server, and are sent in their order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { MemoryShelf, Outbox } = await load('api/problem.ts', 'api/client.ts', 'player/reports.ts');
const outboxOf = (...given) => {
  const outbox = new Outbox(...given);
  outbox.isNow('me');
  return outbox;
};
const report = (play_id, duration_listened_ms) => ({ play_id, track_id: 'T', grant: 'g', duration_listened_ms, started_at: 1, event: 'progress' });

test('what was acknowledged is forgotten, and nothing else', async () => {
  const sent = [];
  const shelf = new MemoryShelf();
  const outbox = outboxOf(shelf, () => 7, () => {}, async (reports) => {
    sent.push(...reports);
    return { accepted: reports.length };
  });
  await shelf.put('me', report('a', 1));
  await shelf.put('me', report('b', 2));
  await outbox.flush();
  assert.deepEqual(sent.map(({ play_id, sent_at }) => [play_id, sent_at]), [['a', 7], ['b', 7]]);
  assert.deepEqual(await shelf.oldest('me', 9), []);
});

test('what was made offline is sent later, under the same play', async () => {
  const shelf = new MemoryShelf();
  let online = false;
  const sent = [];
  const outbox = outboxOf(shelf, () => 0, () => {}, async (reports) => {
    if (!online) throw new TypeError('offline');
    sent.push(...reports.map(({ play_id }) => play_id));
    return { accepted: reports.length };
  });
  await outbox.add(report('a', 30_000));
  await outbox.flush();
  await outbox.add(report('a', 31_000));
  await outbox.flush();
  assert.equal((await shelf.oldest('me', 9)).length, 2);
  online = true;
  await outbox.flush();
  assert.deepEqual(sent, ['a', 'a']);
  assert.deepEqual(await shelf.oldest('me', 9), []);
});

test('an answer that was lost is asked for again', async () => {
  const shelf = new MemoryShelf();
  const taken = [];
  let lost = 1;
  const outbox = outboxOf(shelf, () => 0, () => {}, async (reports) => {
    taken.push(...reports.map(({ play_id }) => play_id));
    lost -= 1;
    if (lost >= 0) throw new TypeError('the answer was lost');
    return { accepted: reports.length };
  });
  await outbox.add(report('a', 30_000));
  await outbox.flush();
  await outbox.flush();
  // The server got it twice: its key is the play's, so it is one.
  assert.deepEqual(taken, ['a', 'a']);
  assert.deepEqual(await shelf.oldest('me', 9), []);
});

test('what the server finds wrong is not sent for ever; who plays elsewhere is told', async () => {
  const shelf = new MemoryShelf();
  const refused = outboxOf(shelf, () => 0, () => {}, async () => {
    throw Object.assign(new Error('wrong'), { status: 422 });
  });
  await refused.add(report('a', 1));
  await refused.flush();
  assert.deepEqual(await shelf.oldest('me', 9), []);
  const told = [];
  const moved = outboxOf(shelf, () => 0, (playIds) => told.push(...playIds), async () => ({ accepted: 1, elsewhere: true }));
  await moved.add(report('b', 1));
  await moved.flush();
  assert.deepEqual(told, ['b']);
});

test('reports are sent as who listened', async () => {
  const shelf = new MemoryShelf();
  const sent = [];
  const outbox = new Outbox(shelf, () => 0, () => {}, async (reports) => {
    sent.push(...reports.map(({ play_id }) => play_id));
    return { accepted: reports.length };
  });
  await shelf.put('ada', report('a', 1));
  await shelf.put('bo', report('b', 1));
  await outbox.add(report('nobody', 1));
  await outbox.flush();
  assert.deepEqual(sent, []);
  outbox.isNow('bo');
  await outbox.flush();
  assert.deepEqual(sent, ['b']);
  outbox.isNow('ada');
  await outbox.flush();
  assert.deepEqual(sent, ['b', 'a']);
});
