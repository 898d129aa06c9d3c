// How much of a whole, as a length beside the figure that says it.

import './bar.css';
import type { JSX } from 'preact';

/** `tenThousandths` of the whole; `series` chooses the colour. Decoration: the figure stands beside it. */
export function Bar({ tenThousandths, series = 1 }: { tenThousandths: number; series?: 1 | 2 | 3 | 4 | 5 | 6 }): JSX.Element {
  const part = Math.max(0, Math.min(10_000, tenThousandths));
  return (
    <span class="bar" aria-hidden="true">
      <span class={`bar-part bar-${series}`} style={{ inlineSize: `${part / 100}%` }} />
    </span>
  );
}
