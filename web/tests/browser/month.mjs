// How long the clicks take that lead from a line of a printed statement to a raw report, in a month of ten
// million plays: `LEDGERLINE_BINARY=… node tests/browser/month.mjs`. Not a test, for it needs minutes and 10 GB
// of disk; it prints figures and keeps nothing. With a data folder that has such a month as its argument it
// walks there.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { launch, open, settled } from './browser.mjs';
import { asking, serve } from './server.mjs';

/** Of so many reports some ten million plays count. */
const REPORTS = 37_000_000;
const TRACKS = 200_000;
const PARTIES = 20_000;
const LABELS = 2_000;
const PERIOD = '2025-03';
const PAPERS = 'http://papers.invalid';
/** Payees whose statements are opened, and lines of each that are walked. */
const PAYEES = 6;
const LINES = [1, 4, 9];
const PLAYS = 'Plays behind the line';
const REPORTS_OF = 'Raw reports of the play';

const binary = process.env.LEDGERLINE_BINARY;
if (binary === undefined) {
  console.error('LEDGERLINE_BINARY must say which program is measured; a release build tells most');
  process.exit(2);
}
const given = process.argv[2];
const folder = given === undefined ? mkdtempSync(join(tmpdir(), 'ledgerline-month-')) : undefined;
const data = given ?? join(folder, 'data');
try {
  if (folder !== undefined) await fill();
  await walk();
} finally {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

function run(...args) {
  return execFileSync(binary, [...args, '--data', data], { encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** A service of some size, its month played, and closed. */
async function fill() {
  const label = (track) => `party${String((track * 7919) % LABELS).padStart(5, '0')}`;
  const artist = (track) => `party${String(LABELS + ((track * 104_729) % (PARTIES - LABELS))).padStart(5, '0')}`;
  const numbers = (count, row) => Array.from({ length: count }, (_, at) => row(at)).join('\n');
  const file = (name, head, rows) => {
    const path = join(folder, name);
    writeFileSync(path, `${head}\n${rows}\n`);
    return path;
  };
  const parties = file('parties.csv', 'party_id,name,payout_currency', numbers(PARTIES, (at) => `party${String(at).padStart(5, '0')},Party ${at},EUR`));
  const recordings = file('recordings.csv', 'track_id,title,label,artists', numbers(TRACKS, (at) => `t${at + 1},Recording ${at + 1},${label(at + 1)},${artist(at + 1)}`));
  const shares = file('shares.csv', 'right,track_id,holder,share', numbers(TRACKS, (at) => `master,t${at + 1},${(at + 1) % 3 === 0 ? artist(at + 1) : label(at + 1)},100%`));
  run('catalog', 'rights', 'import', parties, recordings, shares);
  const terms = join(folder, 'terms');
  mkdirSync(terms);
  writeFileSync(join(terms, 'licence.toml'), 'id = "licence"\nkind = "licence"\nsigned_on = "2020-01-01"\nfrom = "2020-01-01"\ncurrency = "EUR"\n\n[[terms]]\nid = "masters"\nrights = ["master"]\npro_rata = { share = "55%" }\n');
  run('royalty', 'terms', 'import', join(terms, 'licence.toml'));
  const places = ['SE', 'NO', 'DK', 'FI', 'DE', 'GB', 'US', 'FR', '*'];
  run('royalty', 'revenue', 'import', file('revenue.csv', 'period,territory,tier,plan,subscribers,currency,gross', places.map((place) => `${PERIOD},${place},*,individual,100000,EUR,1000000.00`).join('\n')));
  console.log(`${REPORTS} reports are made up and counted`);
  const made = spawn(binary, ['demo', 'generate', '--reports', REPORTS, '--tracks', TRACKS, '--start', `${PERIOD}-01`, '--days', 30, '--data', data], { stdio: ['ignore', 'pipe', 'ignore'] });
  const counted = spawn(binary, ['replay', '-', '--clock', 'event', '--source', 'player', '--data', data], { stdio: [made.stdout, 'ignore', 'inherit'] });
  const [code] = await once(counted, 'exit');
  if (code !== 0) throw new Error(`replay ended with ${code}`);
  console.log(run('royalty', 'close', '--period', PERIOD).split('\n').slice(0, 2).join(' '));
}

/** From the links of papers, with the mouse, as a rights holder. */
async function walk() {
  process.env.LEDGERLINE_PUBLIC_ADDRESS = PAPERS;
  const key = run('keys', 'create', '--scope', 'counts:read,appeals:write,ledger:read,royalty:read,access:write').trim().split('\n').at(-1);
  const server = await serve(binary, data);
  const browser = await launch();
  try {
    const api = asking(server.url, key);
    const { items } = await api(`/royalty/closes/${PERIOD}/statements?limit=200`);
    const payees = items.map(({ payee }) => payee).filter((_, at) => at % Math.ceil(items.length / PAYEES) === 0);
    const took = [];
    for (const payee of payees) {
      const { link } = await api('/invitations', { method: 'POST', body: JSON.stringify({ role: 'rights_holder', parties: [payee], note: 'clicks', days: 1 }) });
      const window = await open(browser, server.url);
      await window.page.addInitScript(watch);
      await window.page.goto(`${server.url}${link}/once`);
      await window.page.waitForSelector('.who');
      // What the first screen asks for is work too, which must not be measured along with the clicks.
      await settled(window.page);
      const paper = await fetch(`${server.url}/api/v1/royalty/statements/${PERIOD}/${payee}.pdf`, { headers: { Authorization: `Bearer ${key}` } });
      const links = linksOf(Buffer.from(await paper.arrayBuffer()));
      for (const line of LINES.filter((line) => line <= links.length)) took.push(await clicks(window.page, links[line - 1].replace(PAPERS, server.url)));
      await window.close();
    }
    const all = took.flat().sort((a, b) => a - b);
    for (const walked of took) console.log(`line, play: ${walked.join(', ')} ms`);
    console.log(`${took.length} ways of ${Math.max(...took.map((walked) => walked.length))} clicks: median ${all[all.length >> 1]} ms, longest ${all.at(-1)} ms`);
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** The paper's link to a line, and from there to a play's raw reports: what each took until it was on the screen. */
async function clicks(page, link) {
  const plays = page.getByRole('table', { name: PLAYS });
  await page.goto('about:blank');
  await page.goto(link);
  const line = await drawn(page, PLAYS);
  const play = plays.getByRole('link').first();
  // A line whose plays have no keys leads no further.
  if ((await play.count()) === 0) return [Math.round(line)];
  await play.click();
  return [Math.round(line), Math.round(await drawn(page, REPORTS_OF))];
}

async function drawn(page, name) {
  const took = await page.waitForFunction((name) => globalThis.shown[name] > 0 && globalThis.shown[name], name);
  return took.jsonValue();
}

/** Runs in the page: notes when tables with rows are drawn, in milliseconds since the page was asked for or since the last click.
    Who waits for a table from outside looks at it now and then only, half a second apart at worst. */
function watch() {
  globalThis.shown = {};
  let begun = 0;
  addEventListener('click', () => ([begun, globalThis.shown] = [performance.now(), {}]), true);
  const look = () => {
    for (const { caption, tBodies } of document.querySelectorAll('table')) {
      const name = caption?.textContent ?? '';
      if (name in globalThis.shown || (tBodies[0]?.rows.length ?? 0) === 0) continue;
      globalThis.shown[name] = Number.NaN;
      // Behind the next frame it has been painted.
      requestAnimationFrame(() => setTimeout(() => (globalThis.shown[name] = performance.now() - begun)));
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true });
}

/** The addresses that a PDF links to, in its order: annotations stand in packed streams. */
function linksOf(pdf) {
  const text = pdf.toString('latin1');
  const parts = [text];
  for (const { index, 0: begin } of text.matchAll(/stream\r?\n/g)) {
    const from = index + begin.length;
    try {
      parts.push(inflateSync(pdf.subarray(from, text.indexOf('endstream', from)), { finishFlush: 2 }).toString('latin1'));
    } catch {
      // Not packed that way, as fonts may be.
    }
  }
  const found = parts.flatMap((part) => [...part.matchAll(/\/URI ?\(([^)]*)\)/g)].map(([, link]) => link));
  return [...new Set(found)].filter((link) => link.includes('/#/explain/')).sort((a, b) => Number(a.split('/').at(-1)) - Number(b.split('/').at(-1)));
}
