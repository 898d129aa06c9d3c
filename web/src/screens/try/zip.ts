// Files into one zip, in the browser: a folder is sent as the export service would have packed it.
// The format is PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16, without what large files need.

/** A file of the archive. */
interface Entry {
  name: Uint8Array<ArrayBuffer>;
  packed: Uint8Array<ArrayBuffer>;
  crc: number;
  length: number;
  offset: number;
}

const DEFLATE = 8;
/** Names are UTF-8. */
const FLAGS = 0x0800;
const VERSION = 20;
/** 1 January 1980, the format's first day: when a file was written is nobody's business. */
const DATE = 0x0021;

/** Packs files under their paths. */
export async function zipped(files: readonly { path: string; file: Blob }[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const entries: Entry[] = [];
  let offset = 0;
  const push = (bytes: Uint8Array<ArrayBuffer>): void => {
    parts.push(bytes);
    offset += bytes.length;
  };
  for (const { path, file } of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const entry: Entry = { name: new TextEncoder().encode(path), packed: await deflated(file), crc: crc32(bytes), length: bytes.length, offset };
    entries.push(entry);
    push(fields([4, 0x04034b50], ...shared(entry), [2, entry.name.length], [2, 0]));
    push(entry.name);
    push(entry.packed);
  }
  const directory = offset;
  for (const entry of entries) {
    push(fields([4, 0x02014b50], [2, VERSION], ...shared(entry), [2, entry.name.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, entry.offset]));
    push(entry.name);
  }
  push(fields([4, 0x06054b50], [2, 0], [2, 0], [2, entries.length], [2, entries.length], [4, offset - directory], [4, directory], [2, 0]));
  return new Blob(parts, { type: 'application/zip' });
}

type Field = readonly [bytes: 2 | 4, value: number];

/** What a local header and the directory say alike. */
function shared(entry: Entry): readonly Field[] {
  return [[2, VERSION], [2, FLAGS], [2, DEFLATE], [2, 0], [2, DATE], [4, entry.crc], [4, entry.packed.length], [4, entry.length]];
}

/** Numbers one after the other, the least byte first. */
function fields(...all: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(all.reduce((sum, [length]) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [length, value] of all) {
    if (length === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value >>> 0, true);
    at += length;
  }
  return bytes;
}

async function deflated(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const stream = file.stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The format's checksum (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
