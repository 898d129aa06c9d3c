// Two versions of a contract file side by side; on a phone, one below the other. What differs is marked by
// a sign as well as by colour.

import type { JSX } from 'preact';
import { type ChangedLine, sideBySide } from './difference';

export function Sides({ of, caption, before, after }: { of: readonly ChangedLine[]; caption: string; before: string; after: string }): JSX.Element {
  return (
    <table class="sides" role="table">
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">
            {before}
          </th>
          <th scope="col" role="columnheader">
            {after}
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {sideBySide(of).map((row, at) => (
          <tr key={at} role="row" class={row.same ? 'sides-same' : undefined}>
            <Line text={row.before} mark={row.same ? '' : '−'} tone={row.same ? '' : 'removed'} />
            <Line text={row.after} mark={row.same ? '' : '+'} tone={row.same ? '' : 'added'} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Line({ text, mark, tone }: { text: string | null; mark: string; tone: string }): JSX.Element {
  if (text === null) return <td role="cell" class="sides-none" />;
  return (
    <td role="cell" class={tone === '' ? undefined : `sides-${tone}`}>
      {mark === '' ? null : <span class="unseen">{tone}: </span>}
      <span class="sides-mark" aria-hidden="true">
        {mark}
      </span>
      <code>{text === '' ? '\u00a0' : text}</code>
    </td>
  );
}
