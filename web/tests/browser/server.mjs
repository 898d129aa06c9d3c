// A real server on a filled folder, and people who were let in by invitations.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const START_MS = 30_000;
const STOP_MS = 15_000;

/** Who sends sales reports here: the standard's own example of a party id. */
const SENDER = { LEDGERLINE_DSR_SENDER_DPID: 'PADPIDA2013020802I', LEDGERLINE_DSR_SENDER_NAME: 'A Service' };

/** Starts it on a free port of this machine; `url` is where it listens. */
export async function serve(binary, data) {
  const child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data', data], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...SENDER } });
  const said = [];
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  const first = await new Promise((good, bad) => {
    const late = setTimeout(() => bad(new Error(`the server said nothing: ${said.join('')}`)), START_MS);
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(late);
      good(line);
    });
    child.once('exit', (code) => bad(new Error(`the server ended with ${code}: ${said.join('')}`)));
  });
  const url = /^listening on (\S+?)\/?$/.exec(first)?.[1];
  if (url === undefined) throw new Error(`the server's first line is not where it listens: ${first}`);
  const stop = () =>
    new Promise((done) => {
      if (child.exitCode !== null) return done();
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.removeAllListeners('exit');
      child.once('exit', () => {
        clearTimeout(late);
        done();
      });
      child.kill('SIGTERM');
    });
  return { url, stop, said };
}

/** Asks the API by a key, as a program does: what pages show is compared with it. */
export function asking(url, key) {
  return async (path, given = {}) => {
    const answer = await fetch(`${url}/api/v1${path}`, { ...given, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
}
