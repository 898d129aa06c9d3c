// A real server on a filled folder, and people who were let in by invitations.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const START_MS = 30_000;
const STOP_MS = 15_000;

/** Who sends sales reports here: the standard's own example of a party id. */
const SENDER = { LEDGERLINE_DSR_SENDER_DPID: 'PADPIDA2013020802I', LEDGERLINE_DSR_SENDER_NAME: 'A Service' };

/** Starts it on a port of this machine, 0 for a free one, with more words where they are given; `url` is where it listens. */
export async function serve(binary, data, words = [], port = 0) {
  const child = spawn(binary, ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...SENDER } });
  const said = [];
  const printed = [];
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  const first = await new Promise((good, bad) => {
    const late = setTimeout(() => bad(new Error(`the server said nothing: ${said.join('')}`)), START_MS);
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed.push(line);
      clearTimeout(late);
      good(printed[0]);
    });
    child.once('exit', (code) => bad(new Error(`the server ended with ${code}: ${said.join('')}`)));
  });
  const url = /^listening on (\S+?)\/?$/.exec(first)?.[1];
  if (url === undefined) throw new Error(`the server's first line is not where it listens: ${first}`);
  const stop = () =>
    new Promise((done) => {
      if (child.exitCode !== null || child.signalCode !== null) return done();
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.removeAllListeners('exit');
      child.once('exit', () => {
        clearTimeout(late);
        done();
      });
      child.kill('SIGTERM');
    });
  /** As a crash does. */
  const kill = () =>
    new Promise((done) => {
      child.removeAllListeners('exit');
      child.once('exit', done);
      child.kill('SIGKILL');
    });
  return { url, stop, kill, said, printed };
}

/** What everybody of these tests has as a password. */
export const PASSWORD = 'a long one for tests';

/** Makes an account where the page asks for one. */
export async function join(page, name, button = 'Make my account') {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: button }).click();
}

/** Asks the API by a key, as a program does: what pages show is compared with it. */
export function asking(url, key) {
  return async (path, given = {}) => {
    const answer = await fetch(`${url}/api/v1${path}`, { ...given, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
}
