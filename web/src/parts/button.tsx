// What can be pressed. One `primary` on a screen; `quiet` where it stands in a line of others, `link`
// where it opens what a cell of a table names.

import './button.css';
import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icon';

type Look = 'primary' | 'plain' | 'quiet' | 'danger' | 'link';

interface ButtonProps {
  children?: ComponentChildren;
  look?: Look;
  icon?: IconName;
  /** What it does, where there is only a sign. */
  label?: string;
  /** At work: it says so and can't be pressed again. */
  busy?: boolean;
  disabled?: boolean;
  submits?: boolean;
  pressed?: boolean;
  expanded?: boolean;
  controls?: string;
  onPress?: (event: MouseEvent) => void;
}

export function Button({ children, look = 'plain', icon, label, busy = false, disabled = false, submits = false, pressed, expanded, controls, onPress }: ButtonProps): JSX.Element {
  return (
    <button
      type={submits ? 'submit' : 'button'}
      class={`button button-${look}${children === undefined ? ' button-sign' : ''}`}
      aria-label={label}
      title={children === undefined ? label : undefined}
      aria-busy={busy || undefined}
      aria-disabled={busy || disabled || undefined}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-controls={controls}
      onClick={(event) => {
        // `aria-disabled` rather than `disabled`: the focus stays where it was.
        if (busy || disabled) event.preventDefault();
        else onPress?.(event);
      }}
    >
      {busy ? <span class="button-spin" aria-hidden="true" /> : icon === undefined ? null : <Icon name={icon} size={18} />}
      {children === undefined ? null : <span>{children}</span>}
    </button>
  );
}

/** A link that looks like a button: it leads somewhere, or hands over a file. */
export function LinkButton({ children, href, look = 'plain', icon, download }: { children: ComponentChildren; href: string; look?: Look; icon?: IconName; download?: boolean | string }): JSX.Element {
  return (
    <a class={`button button-${look}`} href={href} download={download}>
      {icon === undefined ? null : <Icon name={icon} size={18} />}
      <span>{children}</span>
    </a>
  );
}

/** Buttons side by side, in the next line where there is no room. */
export function Buttons({ children }: { children: ComponentChildren }): JSX.Element {
  return <div class="buttons unprinted">{children}</div>;
}
