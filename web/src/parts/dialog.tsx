// A dialog above the page: the browser keeps the focus inside, Esc closes it, and the focus goes back
// to where it was.

import './dialog.css';
import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button';

export function Dialog({ title, open, onClose, children }: { title: string; open: boolean; onClose: () => void; children: ComponentChildren }): JSX.Element | null {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before anything else can happen: between its end and that of an ordinary effect nothing has the focus.
  useLayoutEffect(() => {
    const dialog = element.current;
    if (!open || dialog === null) return undefined;
    const before = document.activeElement;
    if (!dialog.open) dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div class="dialog-inner">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <Button look="quiet" icon="cross" label="Close" onPress={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** What can be done at the end of a dialog. */
export function DialogActions({ children }: { children: ComponentChildren }): JSX.Element {
  return <div class="dialog-actions">{children}</div>;
}
