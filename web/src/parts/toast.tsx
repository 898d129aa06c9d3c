// A sentence that comes and goes: that something was done, and how it is taken back, or why it couldn't be.

import './toast.css';
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { announce } from './announce';

interface Hint {
  readonly text: string;
  readonly tone: 'plain' | 'bad';
  readonly link?: { readonly label: string; readonly href: string };
}

const STAYS_MS = 6_000;
const shown = signal<Hint | null>(null);

/** Says something for a few seconds; the newest stands. */
export function hint(text: string, tone: Hint['tone'] = 'plain', link?: Hint['link']): void {
  shown.value = link === undefined ? { text, tone } : { text, tone, link };
  announce(text);
}

/** Stands once, in the page's frame. */
export function Hints(): JSX.Element | null {
  const now = shown.value;
  useEffect(() => {
    if (now === null) return undefined;
    const timer = setTimeout(() => {
      shown.value = null;
    }, STAYS_MS);
    return () => clearTimeout(timer);
  }, [now]);
  if (now === null) return null;
  return (
    <p class={`toast toast-${now.tone}`}>
      <span>{now.text}</span> {now.link === undefined ? null : <a href={now.link.href}>{now.link.label}</a>}
    </p>
  );
}
