// Days, instants and months, readable and exact: the machine's form stands in `datetime`.

import type { JSX } from 'preact';
import * as format from '../figures/format';

export function Day({ of }: { of: string }): JSX.Element {
  return <time class="number" dateTime={of}>{format.day(of)}</time>;
}

export function Instant({ of }: { of: string }): JSX.Element {
  return <time class="number" dateTime={of} title={of}>{format.instant(of)}</time>;
}

export function Month({ of }: { of: string }): JSX.Element {
  return <time dateTime={of}>{format.month(of)}</time>;
}
