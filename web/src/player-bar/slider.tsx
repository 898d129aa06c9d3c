// A slider as the browser has it, so that fingers, keys and screen readers know it; only its looks are ours.

import './slider.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

interface SliderProps {
  label: string;
  value: number;
  max: number;
  step: number;
  /** How far an arrow key goes, and Page Up or Down. */
  arrow: number;
  page: number;
  /** The value in words. */
  said: (value: number) => string;
  /** Where it is let go, or a key was pressed. */
  onChange: (value: number) => void;
  /** While it is dragged; null once it isn't. */
  onDrag?: (value: number | null) => void;
  disabled?: boolean;
}

export function Slider({ label, value, max, step, arrow, page, said, onChange, onDrag, disabled = false }: SliderProps): JSX.Element {
  const [dragged, setDragged] = useState<number | null>(null);
  const shown = Math.min(max, Math.max(0, dragged ?? value));
  const drag = (to: number | null): void => {
    setDragged(to);
    onDrag?.(to);
  };
  const keys: Readonly<Record<string, number>> = { ArrowRight: shown + arrow, ArrowUp: shown + arrow, ArrowLeft: shown - arrow, ArrowDown: shown - arrow, PageUp: shown + page, PageDown: shown - page, Home: 0, End: max };
  return (
    <input
      type="range"
      class="slider"
      aria-label={label}
      aria-valuetext={said(shown)}
      min={0}
      max={max}
      step={step}
      value={shown}
      disabled={disabled}
      style={{ '--filled': `${max > 0 ? (shown / max) * 100 : 0}%` }}
      onInput={(event) => drag(event.currentTarget.valueAsNumber)}
      onChange={(event) => {
        onChange(event.currentTarget.valueAsNumber);
        drag(null);
      }}
      onKeyDown={(event) => {
        const to = keys[event.key];
        if (to === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        onChange(Math.min(max, Math.max(0, to)));
      }}
    />
  );
}
