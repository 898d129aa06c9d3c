// A world of music for the player's tests: pieces that are made here, so that every sample of them is known, and the real
// files of the shared folder where there are any; listeners on every plan; windows with ears.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { basename, join as path } from 'node:path';
import { open } from '../browser.mjs';
import { PASSWORD, serve } from '../server.mjs';
import { ears } from './playing-ears.mjs';

export const RATE = 48_000;
/** Where the album's one piece is cut, in samples: no frame of any codec ends there. */
export const PARTS = [1_660_021, 1_595_707, 1_730_333];
/** How long the short tracks are, in seconds, and how far apart in decibels. */
export const SHORT_S = 20;
export const APART_DB = 18;
const REAL = path(import.meta.dirname, '../../../../../shared/data/audio');
/** What takes longer than this won't come, however busy the machine is. */
const READY_MS = 480_000;

/** The continuous piece: chords that change each second and a half, with attacks; never silent. */
export function piece() {
  const length = PARTS.reduce((sum, part) => sum + part, 0);
  const [left, right] = [new Float32Array(length), new Float32Array(length)];
  const chords = [[220, 277.18, 329.63], [246.94, 311.13, 369.99], [196, 246.94, 293.66], [164.81, 207.65, 246.94]];
  let seed = 1;
  for (let at = 0; at < length; at += 1) {
    const second = at / RATE;
    const beat = second % 1.5;
    const [low, middle, high] = chords[Math.floor(second / 1.5) % chords.length];
    const hit = 0.35 + 0.65 * Math.exp(-3 * beat);
    const wave = (hertz) => Math.sin(2 * Math.PI * hertz * second) + 0.3 * Math.sin(4 * Math.PI * hertz * second);
    // A little noise, so that lossless coding has something to do.
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const noise = 0.004 * (seed / 2 ** 31 - 1);
    left[at] = 0.16 * hit * (wave(low) + wave(middle)) + 0.05 * wave(high * 2) + noise;
    right[at] = 0.16 * hit * (wave(middle) + wave(high)) + 0.05 * wave(low / 2) - noise;
  }
  return [left, right];
}

/** A tone at a peak, the same on both sides. */
function tone(seconds, hertz, peak) {
  const side = Float32Array.from({ length: seconds * RATE }, (_, at) => peak * Math.sin((2 * Math.PI * hertz * at) / RATE));
  return [side, side];
}

/** 16 bits, stereo, with the tags that the form has. */
function wav([left, right], { title, artist, album, number }) {
  const data = Buffer.alloc(left.length * 4);
  for (let at = 0; at < left.length; at += 1) {
    data.writeInt16LE(quantised(left[at]), at * 4);
    data.writeInt16LE(quantised(right[at]), at * 4 + 2);
  }
  const chunk = (name, body) => {
    const head = Buffer.alloc(8);
    head.write(name, 0, 'latin1');
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  };
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(2, 2);
  format.writeUInt32LE(RATE, 4);
  format.writeUInt32LE(RATE * 4, 8);
  format.writeUInt16LE(4, 12);
  format.writeUInt16LE(16, 14);
  const tags = [['INAM', title], ['IART', artist], ['IPRD', album], ['ITRK', String(number)]];
  const list = Buffer.concat([Buffer.from('INFO'), ...tags.map(([name, text]) => chunk(name, Buffer.from(`${text}\0`)))]);
  const body = Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), chunk('LIST', list), chunk('data', data)]);
  return chunk('RIFF', body);
}

/** As a sample of 16 bits. */
export function quantised(sample) {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767)));
}

/** Puts the music into a folder; says which real files are among it. */
async function fillMusic(folder) {
  mkdirSync(path(folder, 'One Piece'), { recursive: true });
  mkdirSync(path(folder, 'Levels'), { recursive: true });
  const [left, right] = piece();
  let from = 0;
  for (const [at, length] of PARTS.entries()) {
    const cut = (channel) => channel.subarray(from, from + length);
    writeFileSync(path(folder, 'One Piece', `${at + 1}.wav`), wav([cut(left), cut(right)], { title: `Part ${at + 1}`, artist: 'Comet', album: 'One Piece', number: at + 1 }));
    from += length;
  }
  const levels = { Loud: 0.7, Soft: 0.7 * 10 ** (-APART_DB / 20) };
  for (const [at, [title, peak]] of Object.entries(levels).entries()) {
    writeFileSync(path(folder, 'Levels', `${at + 1}.wav`), wav(tone(SHORT_S, 440, peak), { title, artist: 'Low Tide', album: 'Levels', number: at + 1 }));
  }
  const real = existsSync(REAL) ? readdirSync(REAL).filter((name) => name.endsWith('.ogg')).sort() : [];
  for (const name of real) await copyFile(path(REAL, name), path(folder, name));
  return real;
}

/** A server with that music, its administrator, and how to let listeners in. */
export async function musicWorld({ binary, browser }) {
  const folder = mkdtempSync(path(tmpdir(), 'ledgerline-playing-'));
  const data = path(folder, 'data');
  const music = path(folder, 'music');
  const real = await fillMusic(music);
  // Not waited for as a whole: pages go on meanwhile.
  const run = async (...args) => (await promisify(execFile)(binary, [...args, '--data', data])).stdout;
  await run('catalog', 'scan', music);
  let server = await serve(binary, data);
  const { url } = server;
  const key = (await run('keys', 'create', '--scope', 'counts:read,access:write')).trim().split('\n').at(-1);
  const link = await once(() => server.printed.map((line) => /#\/set-up\/(\S+)/.exec(line)?.[1]).find((found) => found !== undefined));
  const setUp = await fetch(`${url}/api/v1/set-up`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ secret: link, name: 'Ada', password: PASSWORD, sign_up: 'open', new_plan: 'premium' }) });
  if (!setUp.ok) throw new Error(`set-up: ${setUp.status} ${await setUp.text()}`);
  const api = async (at, given = {}) => {
    const answer = await fetch(`${url}/api/v1${at}`, { ...given, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' } });
    if (!answer.ok) throw new Error(`${at}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  let accounts = 0;
  const world = {
    url,
    real,
    api,
    tracks: {},
    albums: {},
    /** Makes an account with a plan, signs it in, and says by which token it sends. */
    async account(name, plan = 'premium') {
      accounts += 1;
      const as = { name: `${name}-${accounts}`, password: PASSWORD };
      await api('/accounts', { method: 'POST', body: JSON.stringify({ ...as, role: 'listener', plan, territory: 'SE' }) });
      const context = await browser.newContext();
      const signed = await context.request.post(`${url}/api/v1/session`, { data: as });
      if (!signed.ok()) throw new Error(`sign in: ${signed.status()} ${await signed.text()}`);
      return { context, token: (await signed.json()).csrf_token };
    },
    /** The cookies of a new listener. */
    async listener(name, plan) {
      const { context } = await world.account(name, plan);
      const cookies = await context.storageState();
      await context.close();
      return cookies;
    },
    /** Asks the API as a new listener's player does, without a page; refusals are answers too. */
    async asking(name) {
      const { context, token } = await world.account(name);
      return async (at, data) => (await context.request.post(`${url}/api/v1${at}`, { data, headers: { 'X-CSRF-Token': token } })).json();
    },
    /** A window of a listener, with ears; what it is offered, asks for and reports is noted. `options` are the player's. */
    async window(who, { options, also = [] } = {}) {
      const window = await open(browser, url, { who, also });
      await window.page.addInitScript(ears);
      if (options !== undefined) await window.page.addInitScript((given) => localStorage.setItem('ledgerline-player-options', given), JSON.stringify(options));
      return withNotes(window);
    },
    /** Waits until a track has all its rungs. */
    async ready(title) {
      const id = world.tracks[title];
      if (id === undefined) throw new Error(`no track is called ${title}: ${Object.keys(world.tracks).join(', ')}`);
      await once(async () => isIngested(JSON.parse(await run('ingest', 'status', '--json')), id), READY_MS, 1_000);
      return id;
    },
    /** Ends the server as a crash does. */
    crash: () => server.kill(),
    /** Starts it again at the same address, with more words where they are given. */
    async restart(words = []) {
      await server.stop();
      server = await serve(binary, data, words, new URL(url).port);
    },
    playOf,
    /** A play as the server judges it: of whom, by the address of its sound, and which. */
    play: ({ listener, playId }) => api(`/plays/${encodeURIComponent(listener)}/${encodeURIComponent(playId)}`),
    /** How many counted plays a listener has. */
    async countedOf(listener) {
      const { rows } = await api('/counts?by=user');
      return Number(rows.find((row) => Object.values(row).includes(listener))?.counted ?? 0);
    },
    async end() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const { items } = await api('/albums');
  for (const { id, title } of items) {
    world.albums[title] = id;
    for (const track of (await api(`/albums/${id}`)).tracks) world.tracks[track.title] = track.id;
  }
  // Those that the first test wants come first.
  const files = [...PARTS.keys()].map((at) => [`Part ${at + 1}`, path(music, 'One Piece', `${at + 1}.wav`)]);
  files.push(['Loud', path(music, 'Levels', '1.wav')], ['Soft', path(music, 'Levels', '2.wav')]);
  const known = new Set(files.map(([title]) => title));
  world.realTitles = Object.keys(world.tracks).filter((title) => !known.has(title));
  const detail = await Promise.all(world.realTitles.map(async (title) => [title, await api(`/tracks/${world.tracks[title]}`)]));
  for (const [title, track] of detail) {
    const file = real.find((name) => name.includes(slug(track.title))) ?? real.find((name) => slug(track.title).includes(basename(name, '.ogg')));
    if (file !== undefined) files.push([title, path(music, file)]);
  }
  for (const [title, file] of files) await run('ingest', 'add', '--track', world.tracks[title], file);
  return world;
}

/** Asks until there is an answer: whatever is neither nothing nor false. */
export async function once(ask, withinMs = 30_000, everyMs = 100) {
  const until = Date.now() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > until) throw new Error(`this didn't come about in ${withinMs} ms: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function slug(title) {
  return title.toLowerCase().replace(/^.*: /, '').replace(/[^a-z0-9]+/g, '-').replace(/(^-|-$)/g, '');
}

function isIngested(status, id) {
  const of = status.jobs.filter((job) => job.track_id === id);
  const failed = of.find((job) => job.state === 'failed');
  if (failed !== undefined) throw new Error(`ingest failed: ${JSON.stringify(failed)}`);
  return of.length > 0 && of.every((job) => job.state === 'done');
}

/** Whose a play is, as its addresses say, and which. */
function playOf(offer) {
  return { playId: offer.play_id, listener: new URL(offer.rungs[0].path, 'http://x').searchParams.get('l') ?? '' };
}

/** What a window's page is offered, asks for and reports; and what its element does. */
function withNotes(window) {
  const { page } = window;
  const notes = { offers: [], reports: [], asked: [], failed: [] };
  page.on('request', (request) => {
    const at = new URL(request.url());
    if (at.pathname.startsWith('/audio/')) notes.asked.push({ base: at.origin, rung: /\/([a-z0-9-]+)\./.exec(at.pathname)?.[1] ?? at.pathname, ms: performance.now() });
    if (at.pathname === '/api/v1/playback/report') notes.reports.push(...JSON.parse(request.postData() ?? '[]'));
  });
  page.on('response', async (response) => {
    const at = new URL(response.url());
    if (response.status() >= 400) notes.failed.push(`${response.status()} ${at.pathname}`);
    if (!/\/api\/v1\/(tracks\/[^/]+\/play|playback\/renew)$/.test(at.pathname) || !response.ok()) return;
    const offer = await response.json().catch(() => undefined);
    if (offer === undefined) return;
    notes.offers.push({ ...playOf(offer), trackId: offer.track.track_id, offer, ms: performance.now(), renewed: at.pathname.endsWith('renew'), follows: at.searchParams.has('follows') });
  });
  return {
    ...window,
    notes,
    /** Opens an album and presses the button that everybody presses. */
    async press(albumId) {
      await window.go(`#/albums/${albumId}`);
      await this.pressHere();
    },
    pressHere: () => page.locator('main').getByRole('button', { name: 'Play', exact: true }).click(),
    /** A system's key: play, pause, seekto … */
    act: (action, details = {}) => page.evaluate(([name, given]) => globalThis.ears.actions[name]({ action: name, ...given }), [action, details]),
    /** Until something is true of what the ears hear. */
    until: (condition, given, timeout = 60_000) => page.waitForFunction(condition, given, { polling: 50, timeout }),
    hears: (ask, given) => page.evaluate(ask, given),
    /** Fails where something went wrong in the page, or the server refused what it shouldn't. */
    sound(expected = /^$/) {
      const failed = notes.failed.filter((one) => !expected.test(one));
      if (window.faults.length + failed.length > 0) throw new Error([...window.faults, ...notes.failed].join('\n'));
    },
  };
}
