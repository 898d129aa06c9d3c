// Checks signed addresses of audio, as core/delivery/src/url.rs makes them. Nothing is looked up: the keys are those that
// `ledgerline keys export-signing` prints, one a line, in the file below. After a change: nginx -s reload.

import crypto from 'crypto';
import fs from 'fs';

const KEYS_FILE = '/etc/ledgerline/url-keys';

const keys = {};
fs.readFileSync(KEYS_FILE)
  .toString()
  .split('\n')
  .forEach((line) => {
    const found = /^([0-9a-f]{8}) ([0-9a-f]{64})$/.exec(line.trim());
    if (found) keys[found[1]] = Buffer.from(found[2], 'hex');
  });

const ONE_FORM = /^(\/audio\/[!-"$->@-~]+)\?e=([1-9][0-9]{0,15})&l=([!-%'-~]*)&p=([!-%'-~]*)&k=([0-9a-f]{8})&s=([A-Za-z0-9_-]{43})$/;

/** `ok`, or why an address opens nothing: `unsigned`, `unknown`, `forged`, `expired`. */
function verdict(r) {
  const uri = r.variables.request_uri;
  const found = uri.length <= 2048 && ONE_FORM.exec(uri);
  if (!found) return 'unsigned';
  const key = keys[found[5]];
  if (!key) return 'unknown';
  const claims = found.slice(1, 6).join('\n');
  const code = crypto.createHmac('sha256', key).update(`ledgerline-url/1\n${claims}`).digest('base64url');
  if (!same(code, found[6])) return 'forged';
  return Number(found[2]) > Date.now() / 1000 ? 'ok' : 'expired';
}

/** In a time that doesn't depend on where they differ. */
function same(one, other) {
  let differs = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) differs |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return differs === 0;
}

/** The path alone: everybody's copy is the same one. */
function path(r) {
  return r.variables.request_uri.split('?')[0];
}

export default { verdict, path };
