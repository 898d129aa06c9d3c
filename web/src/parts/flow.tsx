// Where a whole goes: one column on the left, its parts on the right, and bands between them whose
// widths are what flows. The parts are a list to whoever doesn't see the bands.

import './flow.css';
import type { ComponentChildren, JSX } from 'preact';
import { count, percent } from '../figures/format';

/** A part of the whole. */
export interface FlowPart {
  key: string;
  label: string;
  of: number;
  series: 1 | 2 | 3 | 4 | 5 | 6;
  note?: ComponentChildren;
}

const ROW_PX = 46;

export function Flow({ label, whole, parts }: { label: string; whole: number; parts: readonly FlowPart[] }): JSX.Element {
  const height = parts.length * ROW_PX;
  return (
    <div class="flow">
      <div class="flow-whole">
        <span class="flow-count number">{count(whole)}</span>
        <span class="flow-label">{label}</span>
      </div>
      <svg class="flow-bands" viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" height={height} aria-hidden="true" focusable="false">
        {bands(whole, parts, height).map((band) => (
          <path key={band.key} class={`flow-band flow-${band.series}`} d={band.d} />
        ))}
      </svg>
      <ul class="flow-parts" aria-label={`${label}, by what became of them`}>
        {parts.map((part) => (
          <li key={part.key}>
            <span class={`flow-mark legend-${part.series}`} aria-hidden="true" />
            <span class="flow-name">{part.label}</span>
            <span class="flow-count number">{count(part.of)}</span>
            <span class="flow-share number">{whole === 0 ? '–' : percent((part.of / whole) * 10_000)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function bands(whole: number, parts: readonly FlowPart[], height: number): { key: string; series: number; d: string }[] {
  let from = 0;
  return parts.flatMap((part, at) => {
    if (part.of <= 0 || whole <= 0) return [];
    const thick = (part.of / whole) * height;
    const right = (at + 0.5) * ROW_PX;
    // Never thinner than can be seen, nor thicker than its row.
    const half = Math.max(1, Math.min(ROW_PX * 0.36, thick / 2));
    const [top, bottom] = [from, from + Math.max(thick, 0.75)];
    from += thick;
    const d = `M0 ${top}C50 ${top} 50 ${right - half} 100 ${right - half}V${right + half}C50 ${right + half} 50 ${bottom} 0 ${bottom}Z`;
    return [{ key: part.key, series: part.series, d }];
  });
}
