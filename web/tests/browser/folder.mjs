// A data folder with two closed months and one that goes on: a small service, made up, whose figures
// are the same in each run of a month. Filled by the commands that an operator has.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What somebody may have put into a title: it must be seen, not run. */
export const INJECTED = '<img src=x onerror="document.title=\'run\'"><b>Loud</b>';

const PARTIES = [
  ['party_id', 'name', 'kinds', 'dpid', 'payout_currency', 'minimum_payout'],
  ['comet', `Comet ${INJECTED}`, 'artist', '', 'EUR', ''],
  ['low-tide', 'Low Tide', 'artist', '', 'EUR', ''],
  ['northern-lights', 'Northern Lights', 'label', 'PADPIDA20070627029', 'EUR', '10'],
  ['southern-cross', 'Southern Cross', 'label', '', 'EUR', '10'],
  ['paper-moon', 'Paper Moon Publishing', 'publisher', '', 'EUR', ''],
];

// Recording, title, label, artist, and how much it is heard.
const RECORDINGS = [
  ['harbour', 'Harbour at Six', 'northern-lights', 'comet', 120],
  ['loud', INJECTED, 'northern-lights', 'comet', 64],
  ['slow-train', 'Slow Train North', 'northern-lights', 'comet', 88],
  ['glasshouse', 'Glasshouse', 'northern-lights', 'low-tide', 45],
  ['salt', 'Salt', 'northern-lights', 'low-tide', 71],
  ['undertow', 'Undertow', 'southern-cross', 'low-tide', 52],
  ['meridian', 'Meridian', 'southern-cross', '', 97],
  ['lantern', 'Lantern', 'southern-cross', '', 33],
  ['first-snow', 'First Snow', 'southern-cross', '', 18],
];

const LICENCE = `id = "licence"
kind = "licence"
title = "What the service pays"
signed_on = "2025-12-01"
from = "2026-01-01"
currency = "EUR"

[[terms]]
id = "masters"
rights = ["master"]
pro_rata = { share = "52%" }

[[terms]]
id = "works"
rights = ["mechanical"]
pro_rata = { share = "10%" }
`;

const DEAL = `id = "comet-deal"
kind = "agreement"
title = "Comet's record deal"
grantor = "northern-lights"
signed_on = "2025-12-01"
from = "2026-01-01"
currency = "EUR"

[[terms]]
id = "all"
rights = ["master"]
artists = ["comet"]
pass_on = [{ payee = "comet", share = "22%" }]
`;

/** The first millisecond of the month that is `months` away from now's, UTC. */
export function monthStart(months, now = new Date()) {
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1);
}

/** `2026-10` */
export function period(months) {
  return new Date(monthStart(months)).toISOString().slice(0, 7);
}

/** Makes the folder; `remove` takes it away again. With `open`, the last month has neither revenue nor a close yet. */
export function fill(binary, { open = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerline-browser-'));
  const data = join(folder, 'data');
  const run = (args, input) => {
    const done = spawnSync(binary, [...args, '--data', data], { input, encoding: 'utf8', maxBuffer: 64 << 20 });
    if (done.status !== 0) throw new Error(`ledgerline ${args.join(' ')}: ${done.stderr}${done.stdout}`);
    return done.stdout;
  };
  const file = (name, text) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  run(['catalog', 'rights', 'import', file('parties.csv', sheet(PARTIES)), file('recordings.csv', sheet(recordings())), file('works.csv', sheet(works())), file('releases.csv', sheet(releases())), file('shares.csv', sheet(shares()))]);
  run(['royalty', 'terms', 'import', file('licence.toml', LICENCE), file('comet.toml', DEAL)]);
  run(['royalty', 'revenue', 'import', file('revenue.csv', sheet(revenue(open ? [-2, 0] : [-2, -1, 0])))]);
  run(['royalty', 'fx', 'import', file('rates.csv', sheet(rates()))]);
  run(['royalty', 'advances', 'import', file('advances.csv', sheet(advances()))]);
  run(['catalog', 'devices', 'add', file('bots.txt', 'bot-9\n')]);
  run(['replay', '-', '--clock', 'event', '--source', 'web'], plays().join(''));
  run(['royalty', 'close', '--period', period(-2)]);
  // Phones that come home after the close: the next one adjusts.
  run(['replay', '-', '--clock', 'event', '--source', 'web'], latePlays().join(''));
  if (!open) run(['royalty', 'close', '--period', period(-1)]);
  // A phone that comes home after months: a person decides.
  run(['replay', '-', '--source', 'web'], forgotten());
  const key = (scope) => run(['keys', 'create', '--scope', scope]).trim().split('\n').at(-1);
  return { folder, data, run, file, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function sheet(rows) {
  const cell = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value);
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

function recordings() {
  const rows = RECORDINGS.map(([track, title, label, artist]) => [track, title, 214000, label, artist, `w-${track}`]);
  return [['track_id', 'title', 'duration_ms', 'label', 'artists', 'works'], ...rows];
}

function works() {
  return [['work_id', 'title', 'writers'], ...RECORDINGS.map(([track, title]) => [`w-${track}`, title, 'paper-moon(composer)'])];
}

function releases() {
  const of = (label) => RECORDINGS.filter((row) => row[2] === label).map(([track]) => track).join(';');
  return [
    ['release_id', 'title', 'label', 'tracks'],
    ['lights-out', 'Lights Out', 'northern-lights', of('northern-lights')],
    ['south', 'South', 'southern-cross', of('southern-cross')],
  ];
}

function shares() {
  const masters = RECORDINGS.map(([track, , label]) => ['master', track, '', label, '100%']);
  const songs = RECORDINGS.map(([track]) => ['mechanical', '', `w-${track}`, 'paper-moon', '100%']);
  return [['right', 'track_id', 'work_id', 'holder', 'share'], ...masters, ...songs];
}

/** The revenue of a month as a sheet. */
export function revenueSheet(months) {
  return sheet(revenue([months]));
}

function revenue(of) {
  const rows = of.flatMap((months) => [
    [period(months), 'SE', 'premium', 'individual', 420 + months * 17, 'EUR', `${4195 + months * 170}.80`, '638.00'],
    [period(months), 'DE', 'premium', 'individual', 310 - months * 9, 'EUR', `${3096 - months * 90}.90`, '494.47'],
    [period(months), '*', '*', 'individual', 90, 'EUR', '719.10', '114.81'],
  ]);
  return [['period', 'territory', 'tier', 'plan', 'subscribers', 'currency', 'gross', 'tax'], ...rows];
}

/** Rates of two months' ends; whoever published one has a name that must be seen, not run. */
function rates() {
  const day = (months) => new Date(monthStart(months + 1) - 1).toISOString().slice(0, 10);
  return [
    ['base', 'quote', 'day', 'rate', 'inverse', 'source'],
    ...[-3, -2].flatMap((months) => [
      ['USD', 'EUR', day(months), `0.9${230 + months}`, 'yes', 'Central bank'],
      ['SEK', 'EUR', day(months), '0.0887', 'no', INJECTED],
    ]),
  ];
}

function advances() {
  return [
    ['contract', 'payee', 'kind', 'amount', 'currency', 'on', 'name', 'note'],
    ['comet-deal', 'comet', 'advance', '150.00', 'EUR', '2025-12-05', 'signing', `On signing ${INJECTED}`],
    ['comet-deal', 'comet', 'cost', '42.505', 'EUR', '2026-01-09', 'video', ''],
  ];
}

const TERRITORIES = ['SE', 'DE', 'NO', 'SE', 'DE', 'SE'];
const HOUR = 3_600_000;

function latePlays() {
  const start = monthStart(-2) + 17 * 24 * HOUR;
  return Array.from({ length: 14 }, (_, at) => {
    const play = { play_id: `late-${at}`, user_id: `listener-${at}`, track_id: at % 2 === 0 ? 'slow-train' : 'salt', device_id: `phone-${at}`, territory: 'SE', tier: 'premium' };
    return `${JSON.stringify({ ...play, started_at: start + at * HOUR, duration_listened_ms: 120_000 })}\n`;
  });
}

function forgotten() {
  const play = { play_id: 'forgotten-1', user_id: 'listener-3', track_id: 'salt', device_id: 'phone-3', territory: 'SE', tier: 'premium' };
  return `${JSON.stringify({ ...play, started_at: monthStart(-2) + 30 * HOUR, duration_listened_ms: 90_000 })}\n`;
}

/** Months of plays by listeners who play little, a listener who loops one recording, and a bot. */
function plays() {
  const lines = [];
  const add = (play) => lines.push(`${JSON.stringify(play)}\n`);
  for (const months of [-2, -1, 0]) {
    const start = monthStart(months);
    const end = Math.min(monthStart(months + 1), Date.now() - HOUR);
    let number = 0;
    for (const [index, [track, , , , usually]] of RECORDINGS.entries()) {
      // Some grow and some fade from month to month.
      const heard = usually + (months + 1) * (index % 2 === 0 ? 11 : -7);
      for (let at = 0; at < heard; at += 1) {
        number += 1;
        // Spread over the month, more of it in the evenings and towards its end.
        const part = ((number * 7919) % 10_000) / 10_000;
        const started = start + Math.floor(part ** 0.85 * (end - start - HOUR));
        const play = { play_id: `p${months + 2}-${track}-${at}`, user_id: `listener-${number % 61}`, track_id: track, device_id: `phone-${number % 61}`, territory: TERRITORIES[number % 6], tier: number % 5 === 0 ? 'free' : 'premium' };
        add({ ...play, started_at: started, duration_listened_ms: number % 17 === 0 ? 12_000 : 60_000 + ((number * 1373) % 150_000) });
        // A phone that never got its answer.
        if (number % 9 === 0) add({ ...play, started_at: started, duration_listened_ms: 45_000 });
      }
    }
    if (months === 0) continue;
    for (let at = 0; at < 130; at += 1) {
      add({ play_id: `loop${months + 2}-${at}`, user_id: 'listener-loop', track_id: 'harbour', device_id: 'desk', territory: 'SE', tier: 'premium', started_at: start + 5 * 24 * HOUR + at * 215_000, duration_listened_ms: 214_000 });
    }
    for (let at = 0; at < 25; at += 1) {
      add({ play_id: `bot${months + 2}-${at}`, user_id: `listener-b${at}`, track_id: 'meridian', device_id: 'bot-9', territory: 'DE', tier: 'premium', started_at: start + 9 * 24 * HOUR + at * 400_000, duration_listened_ms: 40_000 });
    }
  }
  return lines;
}
