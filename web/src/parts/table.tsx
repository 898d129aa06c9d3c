// A table that an accountant can read: a caption, heads that stay, figures below each other. On a phone
// each row becomes a block. Arrow keys move between rows; a row's link is opened by Enter.

import './table.css';
import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon';
import { printing } from './printing';

/** A column. */
export interface Column<Row> {
  key: string;
  head: ComponentChildren;
  /** The head as text, for blocks on a phone; `head` where that is text. */
  label?: string;
  cell: (row: Row) => ComponentChildren;
  /** `figure`: to the right, digits below each other. */
  kind?: 'text' | 'figure' | 'wide';
  /** Sorts rows when the head is pressed; the first press gives the largest first where it is a figure. */
  order?: (a: Row, b: Row) => number;
}

interface TableProps<Row> {
  /** Says what the table is; read aloud, and shown where `captionShown`. */
  caption: string;
  captionShown?: boolean;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  /** Where a row leads to; its first cell becomes the link. */
  rowLink?: (row: Row) => string | null;
  /** Sums, in the columns' order; null where a column has none. */
  foot?: readonly ComponentChildren[];
  /** Stands in the place of rows where there are none. */
  empty?: ComponentChildren;
  /** Rows shown at first; a button shows more. */
  shown?: number;
  /** Smaller and tighter: inside of other things. */
  dense?: boolean;
}

const SHOWN = 100;

export function Table<Row>({ caption, captionShown = false, columns, rows, rowKey, rowLink, foot, empty, shown = SHOWN, dense = false }: TableProps<Row>): JSX.Element {
  const [sorting, setSorting] = useState<{ key: string; down: boolean } | null>(null);
  const [limit, setLimit] = useState(shown);
  const body = useRef<HTMLTableSectionElement>(null);
  const [room, overflows] = useOverflow();
  const order = sorting === null ? undefined : columns.find((column) => column.key === sorting.key)?.order;
  const sorted = order === undefined ? rows : [...rows].sort((a, b) => (sorting?.down ? order(b, a) : order(a, b)));
  if (rows.length === 0 && empty !== undefined) return <div class="table-empty">{empty}</div>;
  return (
    <div class="table-whole">
      <div ref={room} class="table-room" {...(overflows ? { role: 'group', 'aria-label': caption, tabIndex: 0 } : {})}>
        {/* The roles say again what the elements are: as blocks on a phone they would lose it. */}
        <table class={`table${dense ? ' table-dense' : ''}`} role="table">
          <caption class={captionShown ? undefined : 'unseen'}>{caption}</caption>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((column) => (
                <Head key={column.key} column={column} sorting={sorting} onSort={setSorting} />
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup" ref={body} onKeyDown={(event) => rove(event, body.current)}>
            {(printing.value ? sorted : sorted.slice(0, limit)).map((row) => (
              <Row key={rowKey(row)} row={row} columns={columns} link={rowLink?.(row) ?? null} />
            ))}
          </tbody>
          {foot === undefined ? null : (
            <tfoot role="rowgroup">
              <tr role="row">
                {columns.map((column, at) => (
                  <td key={column.key} role="cell" class={`table-${column.kind ?? 'text'}`} data-label={labelOf(column)}>
                    {foot[at] ?? null}
                  </td>
                ))}
              </tr>
            </tfoot>
          )}
        </table>
      </div>
      {rows.length > limit ? (
        <p class="table-more unprinted">
          <button type="button" class="table-more-button" onClick={() => setLimit(limit + SHOWN)}>
            Show {Math.min(SHOWN, rows.length - limit)} more of {rows.length}
          </button>
        </p>
      ) : null}
    </div>
  );
}

/** Whether what is in the element is wider than it: only then must the keyboard reach it, to scroll. */
function useOverflow(): [RefObject<HTMLDivElement | null>, boolean] {
  const element = useRef<HTMLDivElement>(null);
  const [overflows, setOverflows] = useState(false);
  useEffect(() => {
    const room = element.current;
    if (room === null) return undefined;
    const watcher = new ResizeObserver(() => setOverflows(room.scrollWidth > room.clientWidth));
    watcher.observe(room);
    return () => watcher.disconnect();
  }, []);
  return [element, overflows];
}

function Head<Row>({ column, sorting, onSort }: { column: Column<Row>; sorting: { key: string; down: boolean } | null; onSort: (to: { key: string; down: boolean }) => void }): JSX.Element {
  const sorted = sorting?.key === column.key ? (sorting.down ? 'descending' : 'ascending') : undefined;
  const figure = column.kind === 'figure';
  return (
    <th scope="col" role="columnheader" class={`table-${column.kind ?? 'text'}`} aria-sort={column.order === undefined ? undefined : (sorted ?? 'none')}>
      {column.order === undefined ? (
        column.head
      ) : (
        <button type="button" class={`table-sort${sorted === 'ascending' ? ' table-sort-up' : ''}`} onClick={() => onSort({ key: column.key, down: sorted === undefined ? figure : sorted === 'ascending' })}>
          {column.head}
          <span class={sorted === undefined ? 'table-sort-idle' : undefined}>
            <Icon name="down" size={12} />
          </span>
        </button>
      )}
    </th>
  );
}

function Row<Row>({ row, columns, link }: { row: Row; columns: readonly Column<Row>[]; link: string | null }): JSX.Element {
  return (
    <tr role="row" class={link === null ? undefined : 'table-linked'}>
      {columns.map((column, at) => (
        <td key={column.key} role="cell" class={`table-${column.kind ?? 'text'}`} data-label={labelOf(column)}>
          {at === 0 && link !== null ? (
            <a class="table-link" href={link}>
              {column.cell(row)}
            </a>
          ) : (
            column.cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}

function labelOf<Row>(column: Column<Row>): string {
  return column.label ?? (typeof column.head === 'string' ? column.head : '');
}

/** Up, down, Home and End between the rows' first links and buttons. */
function rove(event: KeyboardEvent, body: HTMLTableSectionElement | null): void {
  const inField = (event.target as HTMLElement).closest('input, select, textarea') !== null;
  if (body === null || inField || event.altKey || event.ctrlKey || event.metaKey) return;
  const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 };
  const rows = [...body.rows];
  const here = (event.target as HTMLElement).closest('tr');
  const at = rows.indexOf(here as HTMLTableRowElement);
  const wanted = event.key === 'Home' ? 0 : event.key === 'End' ? rows.length - 1 : event.key in steps ? at + (steps[event.key] ?? 0) : -1;
  const next = rows[wanted]?.querySelector<HTMLElement>('a, button');
  if (next === null || next === undefined) return;
  event.preventDefault();
  next.focus();
}
