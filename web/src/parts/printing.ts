// On paper there is no button that shows more: while the page is printed, tables show all of their rows.

import { signal } from '@preact/signals';

/** Whether the page is being printed. */
export const printing = signal(false);

/** Shows everything, and then prints it. */
export function printAll(): void {
  printing.value = true;
  // Once it is drawn: the first frame begins with what is there before the change.
  requestAnimationFrame(() => requestAnimationFrame(() => print()));
}

addEventListener('beforeprint', () => {
  printing.value = true;
});
addEventListener('afterprint', () => {
  printing.value = false;
});
