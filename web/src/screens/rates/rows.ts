// A sheet of rates of exchange as rows for the API. Cells stay as they are written; the server reads rates.

import type { Shape } from '../../api/client';
import { readSheet } from '../../sheets/csv';

export type ImportRow = Required<Shape<'RateImportRow'>>;

export const COLUMNS = ['base', 'quote', 'day', 'rate', 'inverse', 'source'] as const;

/** An example to begin with. */
export const EXAMPLE = `${COLUMNS.join(',')}\n`;

/** The rows of a sheet, and in which line of the file each stands. Throws `SheetFault`. */
export function rateRows(text: string): { rows: ImportRow[]; lines: number[] } {
  const sheet = readSheet(text, COLUMNS, ['base', 'quote', 'day', 'rate']);
  const rows = sheet.rows.map(({ cells }) => Object.fromEntries(COLUMNS.map((column) => [column, cells[column] ?? ''])) as unknown as ImportRow);
  return { rows, lines: sheet.rows.map((row) => row.line) };
}
