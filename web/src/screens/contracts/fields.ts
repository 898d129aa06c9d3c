// A contract file's values as fields of a form, each with its place in the text: what is edited in the form
// changes that place alone, so that comments, order and everything else stay as somebody wrote them.

import { type Entry, lineEnd, type Node, type Table, tablesOf } from './file';

/** A value that a form can show. */
export interface Field {
  /** Which part of the file: empty for the contract itself. */
  readonly section: string;
  /** Where in its part: `pass_on`, `1`, `share`. */
  readonly path: readonly string[];
  /** `text` is written in quotes, `bare` without (a number), a `list` is texts in brackets; `absent` isn't there yet. */
  readonly kind: 'text' | 'bare' | 'list' | 'absent';
  /** A list's texts stand with commas. */
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** All fields in the order of the file; null where it says something that a form can't show. */
export function fieldsOf(text: string): Field[] | null {
  const tables = tablesOf(text);
  return tables === null ? null : named(tables.flatMap((table, at) => ofTable(text, tables, table, at)));
}

/** The file with another value in the field's place; a field that is absent is written below `from`. */
export function withField(text: string, field: Field, value: string): string {
  const key = field.path.at(-1) ?? '';
  if (field.kind === 'absent') return value === '' ? text : `${text.slice(0, field.from)}${key} = ${quoted(value)}\n${text.slice(field.to)}`;
  // A contract's end that is emptied is no end: its line goes, since an empty day is none.
  if (value === '' && isEnd(field)) return text.slice(0, text.lastIndexOf('\n', field.from) + 1) + text.slice(lineEnd(text, field.to));
  const written = field.kind === 'text' ? quoted(value) : field.kind === 'list' ? listed(value) : value;
  return text.slice(0, field.from) + written + text.slice(field.to);
}

/** Why a value can't stand in its place; undefined where it can. */
export function wrongIn(field: Field, value: string): string | undefined {
  if (field.kind === 'bare' && !/^[\w.+:-]+$/.test(value)) return 'A number, such as 1000.';
  if (field.kind === 'absent' && value !== '' && !/^\d{4}-\d{2}-\d{2}$/.test(value)) return 'A day, such as 2027-01-01.';
  return undefined;
}

/** A text as it stands in a file. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}"`;
}

function isEnd(field: Field): boolean {
  return field.section === '' && field.path.join() === 'until';
}

function listed(value: string): string {
  const items = value.split(',').map((item) => item.trim()).filter((item) => item !== '');
  return `[${items.map(quoted).join(', ')}]`;
}

function ofTable(text: string, tables: readonly Table[], table: Table, at: number): Field[] {
  const terms = tables.slice(0, at + 1).filter(({ name }) => name === 'terms').length;
  const inTerm = table.name === 'terms' || table.name.startsWith('terms.');
  const section = inTerm ? `Term ${terms}` : (table.name.split('.')[0] ?? '');
  const path = table.name.split('.').slice(1);
  const ended = table.entries.some(({ key }) => key === 'until');
  return table.entries.flatMap((entry: Entry) => {
    const fields = ofNode(entry.node, section, [...path, entry.key]);
    if (table.name !== '' || entry.key !== 'from' || ended) return fields;
    const below = lineEnd(text, entry.node.to);
    return [...fields, { section, path: ['until'], kind: 'absent' as const, value: '', from: below, to: below }];
  });
}

function ofNode(node: Node, section: string, path: readonly string[]): Field[] {
  const { kind, from, to } = node;
  if (kind === 'table') return node.entries.flatMap((entry) => ofNode(entry.node, section, [...path, entry.key]));
  if (kind !== 'list') return [{ section, path, kind, value: node.value, from, to }];
  // A list of texts is one field, unless one of them has the comma that would stand between them.
  const plain = node.items.every((item) => item.kind === 'text' && !item.value.includes(','));
  if (plain) return [{ section, path, kind: 'list', value: node.items.map((item) => item.value).join(', '), from, to }];
  return node.items.flatMap((item, at) => ofNode(item, section, [...path, String(at + 1)]));
}

/** Terms are called by their ids. */
function named(fields: readonly Field[]): Field[] {
  const ids = new Map(fields.filter((field) => field.path.join() === 'id').map((field) => [field.section, field.value]));
  return fields.map((field) => (field.section.startsWith('Term ') ? { ...field, section: `Term ${ids.get(field.section) ?? field.section.slice(5)}` } : field));
}
