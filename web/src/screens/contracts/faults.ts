// What a dry run finds wrong in contract files, at the field that it is about.

import type { Shape } from '../../api/client';
import type { Part } from './edits';
import type { Field } from './fields';

export type Fault = Shape<'FileFault'>;

/** Where in the text a fault is; the server counts characters, not the halves of some. */
export function offsetOf(text: string, { line, column }: { line: number; column: number }): number {
  const lines = text.split('\n');
  const above = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const before = [...(lines[line - 1] ?? '')].slice(0, column - 1).join('');
  return Math.min(text.length, above + before.length);
}

/** The faults of a file, each with its field and its part, as far as there is one. */
export interface Placed {
  readonly fault: Fault;
  readonly field: Field | undefined;
  readonly part: Part | undefined;
}

export function placed(text: string, faults: readonly Fault[], fields: readonly Field[], parts: readonly Part[]): Placed[] {
  return faults.map((fault) => {
    const at = offsetOf(text, fault);
    const part = parts.findLast(({ from }) => from <= at);
    // Where it points at the key, or between, the field that ends next in the same line is meant.
    const end = text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at);
    const inside = fields.find((field) => field.kind !== 'absent' && field.from <= at && at < field.to);
    const line = fields.find((field) => field.kind !== 'absent' && field.from >= at && field.from <= end);
    return { fault, field: inside ?? line, part };
  });
}
