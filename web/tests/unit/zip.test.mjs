// What the try page packs must be a zip to others: each entry unpacks to what went in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { load } from './load.mjs';

const { zipped, crc32 } = await load('screens/try/zip.ts');

test('the checksum is the known one', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
});

test('entries unpack to what went in', async () => {
  const files = [
    { path: 'a/StreamingHistory0.json', text: JSON.stringify(Array.from({ length: 500 }, (_, at) => ({ at, trackName: 'Salt' }))) },
    { path: 'a/ünder.json', text: '[]' },
  ];
  const blob = await zipped(files.map(({ path, text }) => ({ path, file: new Blob([text]) })));
  const bytes = Buffer.from(await blob.arrayBuffer());
  const end = bytes.length - 22;
  assert.equal(bytes.readUInt32LE(end), 0x06054b50);
  assert.equal(bytes.readUInt16LE(end + 10), files.length);
  let at = bytes.readUInt32LE(end + 16);
  for (const { path, text } of files) {
    assert.equal(bytes.readUInt32LE(at), 0x02014b50);
    const [crc, packed, length, nameLength, local] = [16, 20, 24, 28, 42].map((offset) => (offset === 28 ? bytes.readUInt16LE(at + offset) : bytes.readUInt32LE(at + offset)));
    assert.equal(bytes.subarray(at + 46, at + 46 + nameLength).toString(), path);
    assert.equal(bytes.readUInt32LE(local), 0x04034b50);
    const data = bytes.subarray(local + 30 + nameLength, local + 30 + nameLength + packed);
    const unpacked = inflateRawSync(data);
    assert.equal(unpacked.toString(), text);
    assert.equal(unpacked.length, length);
    assert.equal(crc32(unpacked), crc);
    at += 46 + nameLength;
  }
});
