// A small world of music for what listeners do with the pages: three tracks and two more, with a cover, words, and times.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { open } from '../browser.mjs';
import { PASSWORD, serve } from '../server.mjs';

const RATE = 48_000;
/** What takes longer than this won't come, however busy the machine is. */
const READY_MS = 240_000;

/** Album, artist, genre, whether it has a cover, and its tracks: title, seconds, hertz. */
export const ALBUMS = [
  { title: 'Tide Tables', artist: 'Low Tide', genre: 'Ambient', cover: true, tracks: [['First Light', 40, 220], ['Slack Water', 21, 277], ['Neap', 22, 330]] },
  { title: 'A Title That Is Much Too Long for Any Tile, and for Most Heads of Pages as Well', artist: 'Comet', genre: 'Folk', cover: false, tracks: [['Tail', 20, 392], ['Return', 23, 440]] },
];
export const WORDS = '[00:00.50]The first line\n[00:05.00]and the second\n[00:10.00]\n[00:15.00]the line to press\n[00:35.00]the last one\n';

/** The music, a server, its administrator, and listeners who are let in. */
export async function listeningWorld({ binary, browser }) {
  const folder = mkdtempSync(path(tmpdir(), 'ledgerline-listening-'));
  const data = path(folder, 'data');
  const files = fillMusic(path(folder, 'music'));
  const run = (...args) => {
    const done = spawnSync(binary, [...args, '--data', data], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`ledgerline ${args.join(' ')}: ${done.stderr}${done.stdout}`);
    return done.stdout;
  };
  run('catalog', 'scan', path(folder, 'music'));
  const server = await serve(binary, data);
  const key = run('keys', 'create', '--scope', 'counts:read,access:write').trim().split('\n').at(-1);
  const api = async (at, given = {}) => {
    const answer = await fetch(`${server.url}/api/v1${at}`, { ...given, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' } });
    if (!answer.ok) throw new Error(`${at}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const secret = await until(() => server.printed.map((line) => /#\/set-up\/(\S+)/.exec(line)?.[1]).find((found) => found !== undefined));
  const setUp = await fetch(`${server.url}/api/v1/set-up`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ secret, name: 'Ada', password: PASSWORD, sign_up: 'open', new_plan: 'premium' }) });
  if (!setUp.ok) throw new Error(`set-up: ${setUp.status} ${await setUp.text()}`);
  const [tracks, albums, artists] = [{}, {}, {}];
  for (const { id, title } of (await api('/albums')).items) {
    const album = await api(`/albums/${id}`);
    albums[title] = id;
    for (const artist of album.artists) artists[artist.name] = artist.id;
    for (const track of album.tracks) tracks[track.title] = track.id;
  }
  for (const [title, file] of Object.entries(files)) run('ingest', 'add', '--track', tracks[title], file);
  await until(() => {
    const { jobs } = JSON.parse(run('ingest', 'status', '--json'));
    const failed = jobs.find((job) => job.state === 'failed');
    if (failed !== undefined) throw new Error(`ingest failed: ${JSON.stringify(failed)}`);
    return Object.values(tracks).every((id) => jobs.some((job) => job.track_id === id && job.state === 'done'));
  }, READY_MS);
  const listener = async (name) => {
    await api('/accounts', { method: 'POST', body: JSON.stringify({ name, password: PASSWORD, role: 'listener', plan: 'premium', territory: 'SE' }) });
    const context = await browser.newContext();
    const signed = await context.request.post(`${server.url}/api/v1/session`, { data: { name, password: PASSWORD } });
    if (!signed.ok()) throw new Error(`sign in: ${signed.status()} ${await signed.text()}`);
    const cookies = await context.storageState();
    await context.close();
    return cookies;
  };
  return {
    url: server.url,
    api,
    tracks,
    albums,
    artists,
    listener,
    /** A window of somebody's; its faults fail the test. */
    async as(who, given, work) {
      const window = await open(browser, server.url, { ...given, who });
      try {
        const result = await work(window);
        if (window.faults.length > 0) throw new Error(window.faults.join('\n'));
        return result;
      } finally {
        await window.close();
      }
    },
    async end() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function until(ask, withinMs = 30_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`this didn't come about in ${withinMs} ms: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function fillMusic(folder) {
  const files = {};
  for (const [number, { title: album, artist, genre, cover, tracks }] of ALBUMS.entries()) {
    const at = path(folder, String(number));
    mkdirSync(at, { recursive: true });
    if (cover) writeFileSync(path(at, 'cover.png'), png());
    for (const [index, [title, seconds, hertz]] of tracks.entries()) {
      const file = path(at, `${index + 1}.wav`);
      writeFileSync(file, wav(seconds, hertz, { INAM: title, IART: artist, IPRD: album, ITRK: String(index + 1), IGNR: genre, ICRD: '2026' }));
      files[title] = file;
    }
  }
  writeFileSync(path(folder, '0', '1.lrc'), WORDS);
  writeFileSync(path(folder, '0', '2.txt'), 'no words');
  return files;
}

/** A tone that swells, of 16 bits, one channel. */
function wav(seconds, hertz, tags) {
  const sound = Buffer.alloc(seconds * RATE * 2);
  for (let at = 0; at < seconds * RATE; at += 1) {
    const second = at / RATE;
    sound.writeInt16LE(Math.round(9_000 * (0.6 + 0.4 * Math.sin(second)) * Math.sin(2 * Math.PI * hertz * second)), at * 2);
  }
  const chunk = (name, body) => {
    const head = Buffer.alloc(8);
    head.write(name, 0, 'latin1');
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  };
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(1, 2);
  format.writeUInt32LE(RATE, 4);
  format.writeUInt32LE(RATE * 2, 8);
  format.writeUInt16LE(2, 12);
  format.writeUInt16LE(16, 14);
  const list = Buffer.concat([Buffer.from('INFO'), ...Object.entries(tags).map(([name, text]) => chunk(name, Buffer.from(`${text}\0`)))]);
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), chunk('LIST', list), chunk('data', sound)]));
}

/** A picture of 400 by 400, from one colour to another. */
function png() {
  const edge = 400;
  const rows = Buffer.alloc(edge * (edge * 3 + 1));
  for (let y = 0; y < edge; y += 1) {
    for (let x = 0; x < edge; x += 1) rows.set([40 + Math.floor((y / edge) * 180), 60 + Math.floor((x / edge) * 90), 140], y * (edge * 3 + 1) + 1 + x * 3);
  }
  const chunk = (kind, body) => {
    const inside = Buffer.concat([Buffer.from(kind, 'latin1'), body]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length);
    check.writeUInt32BE(crc32(inside));
    return Buffer.concat([length, inside, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(edge, 0);
  head.writeUInt32BE(edge, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}
