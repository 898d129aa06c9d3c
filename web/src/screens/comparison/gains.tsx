// Gains to the right and losses to the left of a line in the middle, as long as they are large. It is a list
// to whoever doesn't see the bars; each figure stands beside its bar.

import type { JSX } from 'preact';
import { drawn, sign, tenThousandths } from '../../figures/decimal';
import { percent } from '../../figures/format';
import { Money } from '../../parts/money';

interface Gain {
  name: string;
  /** What changes, below zero where it is a loss. */
  gain: string;
  /** What there was before. */
  from: string;
  currency: string;
}

export function Gains({ label, rows }: { label: string; rows: readonly Gain[] }): JSX.Element {
  const longest = Math.max(...rows.map((row) => Math.abs(drawn(row.gain))), 0);
  return (
    <ul class="gains" aria-label={label}>
      {rows.map((row) => {
        const is = sign(row.gain);
        const part = longest === 0 ? 0 : (Math.abs(drawn(row.gain)) / longest) * 50;
        return (
          <li key={row.name}>
            <span class="gains-name">{row.name}</span>
            <svg class="gains-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
              {is === 0 ? null : <rect class={is > 0 ? 'gains-up' : 'gains-down'} x={is > 0 ? 50 : 50 - part} y="0" width={Math.max(part, 0.3)} height="10" />}
              <path class="gains-middle" d="M50 0v10" vector-effect="non-scaling-stroke" />
            </svg>
            <span class="gains-figure">
              <Money signed amount={row.gain} currency={row.currency} />
              <span class="gains-part faint small number">{sign(row.from) === 0 ? 'new' : `${is > 0 ? '+' : ''}${percent(tenThousandths(row.gain, row.from))}`}</span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
