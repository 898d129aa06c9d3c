// A round button that is a sign only, in a row of others. Its name is read aloud, and shown when it is pointed at.

import './sign.css';
import type { JSX } from 'preact';

interface SignProps {
  label: string;
  children: JSX.Element;
  onPress: () => void;
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
}

export function Sign({ label, children, onPress, pressed, expanded, disabled = false }: SignProps): JSX.Element {
  return (
    <button type="button" class="sign" aria-label={label} title={label} aria-pressed={pressed} aria-expanded={expanded} aria-disabled={disabled || undefined} onClick={() => (disabled ? undefined : onPress())}>
      {children}
    </button>
  );
}
