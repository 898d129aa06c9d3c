// The words for verdicts and statuses, in the order in which they are told, and their colours.

import type { FlowPart } from '../../parts/flow';

type Kind = readonly [key: string, label: string, series: FlowPart['series']];

/** What a report can come to: exactly one of these. */
export const VERDICTS: readonly Kind[] = [
  ['counted', 'Counted', 1],
  ['progress', 'Progress', 2],
  ['duplicate', 'Duplicate', 6],
  ['conflict', 'Conflict', 5],
  ['not_payable', 'Not payable', 4],
  ['adjudication', 'Waits for a person', 3],
];

/** Where a play can stand: exactly one of these. */
export const STATUSES: readonly Kind[] = [
  ['counted', 'Counted', 1],
  ['pending', 'Pending', 2],
  ['below_threshold', 'Too short', 6],
  ['held', 'Held', 3],
  ['adjudication', 'Waits for a person', 3],
  ['excluded', 'Excluded', 5],
  ['not_payable', 'Not payable', 4],
  ['conflict', 'Conflict', 5],
];

/** The counts by word as parts of a flow; a word that we don't know yet is shown as it is. */
export function partsOf(kinds: readonly Kind[], counts: Readonly<Record<string, number>>): FlowPart[] {
  const known = new Set(kinds.map(([key]) => key));
  const others = Object.keys(counts).filter((key) => !known.has(key));
  const all: readonly Kind[] = [...kinds, ...others.map((key): Kind => [key, key, 6])];
  return all
    .map(([key, label, series]) => ({ key, label, series, of: counts[key] ?? 0 }))
    .filter((part) => part.of !== 0 || ['counted', 'duplicate'].includes(part.key));
}

/** The sum of counts. */
export function summed(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}
