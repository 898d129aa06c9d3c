// A revenue sheet as rows for the API. Cells stay as they are written; the server reads amounts.

import type { Shape } from '../../api/client';
import { readSheet, SheetFault } from '../../sheets/csv';

export type ImportRow = Shape<'RevenueImportRow'>;

export const COLUMNS = ['period', 'territory', 'tier', 'listener', 'plan', 'subscribers', 'currency', 'gross', 'tax', 'store_fee', 'refunds', 'correction'] as const;
const NEEDED = ['period', 'currency', 'gross'];

/** An example to begin with. */
export const EXAMPLE = `${COLUMNS.filter((column) => column !== 'listener' && column !== 'correction').join(',')}\n`;

/** The rows of a sheet, and in which line of the file each stands. Throws `SheetFault`. */
export function revenueRows(text: string): { rows: ImportRow[]; lines: number[] } {
  const sheet = readSheet(text, COLUMNS, NEEDED);
  const rows = sheet.rows.map(({ line, cells }) => {
    const row: ImportRow = { period: cells.period ?? '', currency: cells.currency ?? '', gross: cells.gross ?? '' };
    for (const column of ['territory', 'tier', 'listener', 'plan', 'tax', 'store_fee', 'refunds', 'correction'] as const) {
      const cell = cells[column];
      if (cell !== undefined && cell !== '') row[column] = cell;
    }
    const subscribers = cells.subscribers ?? '';
    if (subscribers !== '') {
      if (!/^\d{1,15}$/.test(subscribers)) throw new SheetFault(`Line ${line}, column “subscribers”: “${subscribers}” isn’t a whole number.`);
      row.subscribers = Number.parseInt(subscribers, 10);
    }
    return row;
  });
  return { rows, lines: sheet.rows.map((row) => row.line) };
}
