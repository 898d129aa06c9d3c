// The head of a screen: where it is, what it is, what can be done with it as a whole.

import './screen.css';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';

interface ScreenProps {
  title: string;
  /** Shown instead of the title's text, where it is more than text. */
  heading?: ComponentChildren;
  note?: ComponentChildren;
  /** Where one came from; links, the outermost first. */
  crumbs?: readonly { label: string; href: string }[];
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Screen({ title, heading, note, crumbs = [], actions, children }: ScreenProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Ledgerline`;
  }, [title]);
  return (
    <div class="screen">
      <header class="screen-head">
        {crumbs.length === 0 ? null : (
          <nav aria-label="Breadcrumb" class="crumbs unprinted">
            <ol>
              {crumbs.map((crumb) => (
                <li key={crumb.href}>
                  <a href={crumb.href}>{crumb.label}</a>
                </li>
              ))}
            </ol>
          </nav>
        )}
        <div class="screen-line">
          <div>
            <h1 tabIndex={-1}>{heading ?? title}</h1>
            {note === undefined ? null : <p class="screen-note">{note}</p>}
          </div>
          {actions === undefined ? null : <div class="screen-actions unprinted">{actions}</div>}
        </div>
      </header>
      {children}
    </div>
  );
}
