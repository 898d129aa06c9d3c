// Reads a sheet as text: RFC 4180 with the separators that spreadsheets write. It says where it can't,
// by line and column, and keeps each cell as it is written: amounts aren't numbers here.

/** Rows below a sheet's heads, each by column; `line` is where it begins in the file, from 1. */
export interface Sheet {
  readonly columns: readonly string[];
  readonly rows: readonly { readonly line: number; readonly cells: Readonly<Record<string, string>> }[];
}

/** Why a text isn't a sheet; the message says where. */
export class SheetFault extends Error {}

/** More rows than this belong into the command line. */
export const ROWS_MAX = 20_000;
const SEPARATORS = [',', ';', '\t'] as const;

/** Reads a sheet that may have these columns and must have the `needed` ones. Heads are taken without regard to case and blanks. */
export function readSheet(text: string, known: readonly string[], needed: readonly string[]): Sheet {
  const [head, ...below] = records(text.replace(/^\uFEFF/, ''));
  if (head === undefined) throw new SheetFault('The sheet is empty: its first line must name the columns.');
  const columns = head.cells.map((cell) => cell.trim().toLowerCase().replace(/[\s-]+/g, '_'));
  check(columns, known, needed);
  const rows = below.map(({ line, cells }) => {
    if (cells.length > columns.length) throw new SheetFault(`Line ${line} has ${cells.length} cells, but there are ${columns.length} columns. Is a separator inside of a cell without quotes?`);
    return { line, cells: Object.fromEntries(columns.map((column, at) => [column, (cells[at] ?? '').trim()])) };
  });
  if (rows.length === 0) throw new SheetFault('The sheet has heads and no row below them.');
  return { columns, rows };
}

/** The heads of a sheet as they are written. */
export function headings(text: string): string[] {
  const head = records(text.replace(/^\uFEFF/, ''))[0];
  if (head === undefined) throw new SheetFault('The sheet is empty: its first line must name the columns.');
  const heads = head.cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
  const twice = heads.find((one, at) => heads.indexOf(one) !== at);
  if (twice !== undefined) throw new SheetFault(`Line 1: the column “${twice}” stands there twice.`);
  return heads;
}

function check(columns: readonly string[], known: readonly string[], needed: readonly string[]): void {
  const strange = columns.find((column) => !known.includes(column));
  if (strange !== undefined) throw new SheetFault(`Line 1, column ${columns.indexOf(strange) + 1}: “${strange}” isn’t a column of such a sheet. They are ${known.join(', ')}.`);
  const twice = columns.find((column, at) => columns.indexOf(column) !== at);
  if (twice !== undefined) throw new SheetFault(`Line 1: the column “${twice}” stands there twice.`);
  const missing = needed.filter((column) => !columns.includes(column));
  if (missing.length > 0) throw new SheetFault(`Line 1 lacks the column ${missing.map((column) => `“${column}”`).join(' and ')}.`);
}

/** Splits into records; empty lines aren't any. */
function records(text: string): { line: number; cells: string[] }[] {
  const separator = separatorOf(text);
  const found: { line: number; cells: string[] }[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const begun = line;
    const cells: string[] = [];
    for (;;) {
      const cell = text[at] === '"' ? quoted(text, at, line, separator) : bare(text, at, separator);
      cells.push(cell.text);
      line += cell.lines;
      at = cell.end;
      if (text[at] !== separator) break;
      at += 1;
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    line += 1;
    if (cells.length === 1 && cells[0]?.trim() === '') continue;
    found.push({ line: begun, cells });
    if (found.length > ROWS_MAX + 1) throw new SheetFault(`The sheet has more than ${ROWS_MAX} rows. Import it by the command line, or in parts.`);
  }
  return found;
}

/** The separator that the first line has most of. */
function separatorOf(text: string): string {
  const first = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const times = (separator: string): number => first.split(separator).length;
  return [...SEPARATORS].sort((a, b) => times(b) - times(a))[0] ?? ',';
}

function bare(text: string, from: number, separator: string): { text: string; end: number; lines: number } {
  let end = from;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { text: text.slice(from, end), end, lines: 0 };
}

function quoted(text: string, from: number, line: number, separator: string): { text: string; end: number; lines: number } {
  let at = from + 1;
  let cell = '';
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) throw new SheetFault(`Line ${line}: a quote is opened and never closed.`);
    cell += text.slice(at, end);
    if (text[end + 1] !== '"') {
      const after = text[end + 1];
      if (after !== undefined && after !== separator && after !== '\n' && after !== '\r') throw new SheetFault(`Line ${line}: “${after}” stands behind a closing quote.`);
      return { text: cell, end: end + 1, lines: cell.split('\n').length - 1 };
    }
    cell += '"';
    at = end + 2;
  }
}
