// A button with a menu: arrows go through it, a letter goes to what begins with it, Esc closes it, and the focus comes back.

import './menu.css';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icon';

export interface MenuItem {
  label: string;
  icon?: IconName;
  danger?: boolean;
  /** A line stands before it. */
  apart?: boolean;
  /** What it does, or where it leads. */
  act: (() => void) | string;
}

interface MenuProps {
  /** What the button is called. */
  label: string;
  items: readonly MenuItem[];
  /** Shown on the button; three dots where nothing is said. */
  children?: ComponentChildren;
  class?: string;
}

const GAP_PX = 4;

export function Menu({ label, items, children, class: looks = 'sign menu-button' }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  return (
    <>
      <button ref={button} type="button" class={looks} aria-label={label} title={label} aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
        {children ?? <Icon name="more" size={20} />}
      </button>
      {open && button.current !== null ? (
        <List
          id={id}
          label={label}
          items={items}
          at={button.current}
          onClose={(back) => {
            setOpen(false);
            if (back) button.current?.focus();
          }}
        />
      ) : null}
    </>
  );
}

function List({ id, label, items, at, onClose }: { id: string; label: string; items: readonly MenuItem[]; at: HTMLElement; onClose: (back: boolean) => void }): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = list.current;
    if (box === null) return;
    const from = at.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = box;
    const below = from.bottom + GAP_PX + height <= innerHeight - GAP_PX || from.top < height;
    box.style.top = `${Math.max(GAP_PX, Math.min(innerHeight - height - GAP_PX, below ? from.bottom + GAP_PX : from.top - GAP_PX - height))}px`;
    box.style.left = `${Math.max(GAP_PX, Math.min(innerWidth - width - GAP_PX, from.right - width))}px`;
    box.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, []);
  useEffect(() => {
    const elsewhere = (event: Event): void => {
      if (event.target instanceof Node && !list.current?.contains(event.target) && !at.contains(event.target)) onClose(false);
    };
    const moved = (): void => onClose(false);
    document.addEventListener('pointerdown', elsewhere, true);
    addEventListener('resize', moved);
    document.addEventListener('scroll', moved, true);
    return () => {
      document.removeEventListener('pointerdown', elsewhere, true);
      removeEventListener('resize', moved);
      document.removeEventListener('scroll', moved, true);
    };
  }, []);
  const keyed = (event: KeyboardEvent): void => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const now = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: (now + 1) % all.length, ArrowUp: (now - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key] ?? (event.key.length === 1 && event.key !== ' ' ? all.findIndex((item) => item.textContent?.toLowerCase().startsWith(event.key.toLowerCase())) : -1);
    if (event.key === 'Escape' || event.key === 'Tab') onClose(true);
    else if (to < 0) return;
    all[to]?.focus();
    event.stopPropagation();
    if (event.key !== 'Tab') event.preventDefault();
  };
  return (
    <div ref={list} id={id} class="menu" role="menu" aria-label={label} onKeyDown={keyed}>
      {items.map((item) => {
        const inside = (
          <>
            {item.icon === undefined ? <span class="menu-none" /> : <Icon name={item.icon} size={18} />}
            <span>{item.label}</span>
          </>
        );
        const looks = `menu-item${item.danger === true ? ' menu-danger' : ''}${item.apart === true ? ' menu-apart' : ''}`;
        const { act } = item;
        return typeof act === 'string' ? (
          <a key={item.label} class={looks} role="menuitem" tabIndex={-1} href={act} onClick={() => onClose(false)}>
            {inside}
          </a>
        ) : (
          <button
            key={item.label}
            type="button"
            class={looks}
            role="menuitem"
            tabIndex={-1}
            onClick={() => {
              onClose(true);
              act();
            }}
          >
            {inside}
          </button>
        );
      })}
    </div>
  );
}
