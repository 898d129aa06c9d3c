// A list whose items are put in another order: with a finger or a mouse by their grips, or with a grip in focus by the arrow
// keys, Home and End. What moved where is said aloud.

import './sortable.css';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from './announce';
import { Icon } from './icon';

interface SortableProps<T> {
  label: string;
  items: readonly T[];
  keyOf: (item: T) => string;
  nameOf: (item: T) => string;
  /** Takes an item from one place to another, as the list is after it was taken out. */
  onMove: (from: number, to: number) => void;
  class?: string;
  /** An item, and the grip to be put into it. */
  children: (item: T, at: number, grip: JSX.Element) => ComponentChildren;
}

/** So near to the window's edge the page scrolls while something is dragged, and so far at once. */
const EDGE_PX = 72;
const STEP_PX = 14;

export function Sortable<T>({ label, items, keyOf, nameOf, onMove, class: looks = '', children }: SortableProps<T>): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const held = useRef<{ from: number; to: number; y: number } | null>(null);
  const gripOf = useRef<string | null>(null);

  // The item that was moved by keyboard is another element's neighbour now, and may have lost the focus.
  useEffect(() => {
    if (gripOf.current === null) return;
    const key = gripOf.current;
    gripOf.current = null;
    [...(list.current?.querySelectorAll<HTMLElement>('[data-grip]') ?? [])].find((grip) => grip.dataset['grip'] === key)?.focus();
  });

  const move = (from: number, to: number, item: T): void => {
    const target = Math.min(items.length - 1, Math.max(0, to));
    if (target === from) return;
    onMove(from, target);
    announce(`${nameOf(item)}: ${target + 1} of ${items.length}`);
  };

  const keyed = (event: KeyboardEvent, at: number, item: T): void => {
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    gripOf.current = keyOf(item);
    move(at, to, item);
  };

  /** Where an item that is let go at this height lands. */
  const placeAt = (y: number, from: number): number => {
    const middles = [...(list.current?.children ?? [])].map((row) => {
      const { top, height } = row.getBoundingClientRect();
      return top + height / 2;
    });
    return middles.filter((middle, at) => at !== from && middle < y).length;
  };

  const taken = (event: PointerEvent, from: number): void => {
    if (event.button !== 0) return;
    event.preventDefault();
    const grip = event.currentTarget as HTMLElement;
    grip.focus();
    grip.setPointerCapture(event.pointerId);
    held.current = { from, to: from, y: event.clientY };
    setDrag({ from, to: from });
    const scroll = setInterval(() => {
      const y = held.current?.y ?? innerHeight / 2;
      if (y < EDGE_PX) scrollBy(0, -STEP_PX);
      else if (y > innerHeight - EDGE_PX * 2) scrollBy(0, STEP_PX);
    }, 16);
    const moved = (now: PointerEvent): void => {
      if (held.current === null) return;
      const to = placeAt(now.clientY, from);
      held.current = { ...held.current, to, y: now.clientY };
      setDrag((before) => (before?.to === to ? before : { from, to }));
    };
    const ended = (now: Event): void => {
      clearInterval(scroll);
      grip.removeEventListener('pointermove', moved);
      grip.removeEventListener('pointerup', ended);
      grip.removeEventListener('pointercancel', ended);
      removeEventListener('keydown', escaped, true);
      const { to } = held.current ?? { to: from };
      held.current = null;
      setDrag(null);
      const item = items[from];
      if (now.type === 'pointerup' && item !== undefined) move(from, to, item);
    };
    const escaped = (key: KeyboardEvent): void => {
      if (key.key !== 'Escape') return;
      key.stopPropagation();
      ended(key);
    };
    grip.addEventListener('pointermove', moved);
    grip.addEventListener('pointerup', ended);
    grip.addEventListener('pointercancel', ended);
    addEventListener('keydown', escaped, true);
  };

  return (
    <ol class={`sortable ${looks}`} ref={list} aria-label={label}>
      {items.map((item, at) => (
        <li key={keyOf(item)} class={drag === null ? undefined : classAt(at, drag)}>
          {children(
            item,
            at,
            <button type="button" class="grip" data-grip={keyOf(item)} aria-label={`Move ${nameOf(item)}: place ${at + 1} of ${items.length}`} title="Drag, or use the arrow keys" onPointerDown={(event) => taken(event, at)} onKeyDown={(event) => keyed(event, at, item)}>
              <Icon name="grip" size={18} />
            </button>,
          )}
        </li>
      ))}
    </ol>
  );
}

function classAt(at: number, { from, to }: { from: number; to: number }): string | undefined {
  if (at === from) return 'sortable-held';
  // A line stands where it would land: before this one, or behind the last.
  if (to !== from && at === to) return to < from ? 'sortable-before' : 'sortable-after';
  return undefined;
}
