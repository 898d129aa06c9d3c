// Says aloud what changed where nobody looks: a screen reader reads it once it has finished its sentence.

import { signal } from '@preact/signals';
import type { JSX } from 'preact';

const said = signal('');

/** Has a sentence read aloud. */
export function announce(sentence: string): void {
  // The same sentence twice is read twice only if the text changes in between.
  said.value = said.peek() === sentence ? `${sentence}\u00a0` : sentence;
}

/** Stands once, in the page's frame. */
export function Announcer(): JSX.Element {
  return (
    <p class="unseen" role="status" aria-live="polite">
      {said}
    </p>
  );
}
