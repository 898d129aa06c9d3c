// Ids and hashes: shown as far as one reads them, whole for whoever copies.

import './code.css';
import type { JSX } from 'preact';
import { announce } from './announce';
import { Button } from './button';

export function Id({ of }: { of: string }): JSX.Element {
  return <code class="code">{of}</code>;
}

/** A long hash: its beginning, and a button that copies all of it. */
export function Hash({ of, what, shown = 16 }: { of: string; what: string; shown?: number }): JSX.Element {
  return (
    <span class="hash">
      <code class="code" title={of}>
        {of.length > shown ? `${of.slice(0, shown)}…` : of}
      </code>
      <Button look="quiet" icon="copy" label={`Copy ${what}`} onPress={() => void copy(of, what)} />
    </span>
  );
}

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied ${what}.`);
  } catch {
    announce(`The browser doesn’t let this page copy; ${what} can be selected instead.`);
  }
}
