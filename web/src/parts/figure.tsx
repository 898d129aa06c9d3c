// One figure and what it is: the answer to the question that somebody came with.

import './figure.css';
import type { ComponentChildren, JSX } from 'preact';

export function Figure({ label, children, note, large = false }: { label: ComponentChildren; children: ComponentChildren; note?: ComponentChildren; large?: boolean }): JSX.Element {
  return (
    <div class={`figure${large ? ' figure-large' : ''}`}>
      <dt>{label}</dt>
      <dd class="figure-value">{children}</dd>
      {note === undefined ? null : <dd class="figure-note">{note}</dd>}
    </div>
  );
}

/** Several of them in a row. */
export function Figures({ children }: { children: ComponentChildren }): JSX.Element {
  return <dl class="figures">{children}</dl>;
}

/** Names and values below each other. */
export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren] | null)[] }): JSX.Element {
  return (
    <dl class="facts">
      {of.map((fact) =>
        fact === null ? null : (
          <div key={fact[0]}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
