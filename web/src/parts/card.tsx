// A piece of a screen with a heading: a section, so that a screen reader can go from one to the next.

import './card.css';
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface CardProps {
  title: string;
  /** A sentence below the heading. */
  note?: ComponentChildren;
  /** Stands at the heading's end: choices, a button. */
  aside?: ComponentChildren;
  /** Without padding: a table reaches from edge to edge. */
  flush?: boolean;
  children: ComponentChildren;
}

export function Card({ title, note, aside, flush = false, children }: CardProps): JSX.Element {
  const id = useId();
  return (
    <section class={`card${flush ? ' card-flush' : ''}`} aria-labelledby={id}>
      <header class="card-head">
        <div>
          <h2 id={id}>{title}</h2>
          {note === undefined ? null : <p class="card-note">{note}</p>}
        </div>
        {aside === undefined ? null : <div class="card-aside unprinted">{aside}</div>}
      </header>
      <div class="card-body">{children}</div>
    </section>
  );
}

/** Cards side by side where there is room for two. */
export function Columns({ children }: { children: ComponentChildren }): JSX.Element {
  return <div class="columns">{children}</div>;
}
