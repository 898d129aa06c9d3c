// A contract file's values as fields of a form, each with its place in the text: what is edited in the form
// changes that place alone, so that comments, order and everything else stay as somebody wrote them.

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

/** What isn't understood here; the text can be edited all the same. */
class Strange extends Error {}

/** All fields in the order of the file; null where it says something that a form can't show. */
export function fieldsOf(text: string): Field[] | null {
  try {
    return read(text);
  } catch (thrown) {
    if (thrown instanceof Strange) return null;
    throw thrown;
  }
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

function isEnd(field: Field): boolean {
  return field.section === '' && field.path.join() === 'until';
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}"`;
}

function listed(value: string): string {
  const items = value.split(',').map((item) => item.trim()).filter((item) => item !== '');
  return `[${items.map(quoted).join(', ')}]`;
}

function read(text: string): Field[] {
  const fields: Field[] = [];
  let [at, section, path, terms] = [0, '', [] as string[], 0];
  while (at < text.length) {
    at = blank(text, at, true);
    if (at >= text.length) break;
    const rest = text.slice(at);
    const head = /^(?:\[\[([\w.-]+)\]\]|\[([\w.-]+)\])[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/.exec(rest);
    if (head !== null) {
      const name = head[1] ?? head[2] ?? '';
      if (name === 'terms') terms += 1;
      section = name === 'terms' || name.startsWith('terms.') ? `Term ${terms}` : (name.split('.')[0] ?? name);
      path = name.split('.').slice(1);
      at += head[0].length;
      continue;
    }
    const key = keyAt(text, at);
    at = value(text, key.end, section, [...path, key.name], fields);
    if (section === '' && key.name === 'from') fields.push({ section, path: ['until'], kind: 'absent', value: '', from: lineEnd(text, at), to: lineEnd(text, at) });
  }
  const ended = fields.some((field) => isEnd(field) && field.kind !== 'absent');
  return named(fields.filter((field) => !(ended && field.kind === 'absent')));
}

/** Terms are called by their ids. */
function named(fields: readonly Field[]): Field[] {
  const ids = new Map(fields.filter((field) => field.path.join() === 'id').map((field) => [field.section, field.value]));
  return fields.map((field) => (field.section.startsWith('Term ') ? { ...field, section: `Term ${ids.get(field.section) ?? field.section.slice(5)}` } : field));
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

function keyAt(text: string, at: number): { name: string; end: number } {
  const found = /^([\w-]+)[ \t]*=[ \t]*/.exec(text.slice(at));
  if (found === null) throw new Strange('no key');
  return { name: found[1] ?? '', end: at + found[0].length };
}

/** Behind blanks and comments. */
function blank(text: string, from: number, lines: boolean): number {
  let at = from;
  for (;;) {
    const mark = text[at];
    if (mark === ' ' || mark === '\t' || (lines && (mark === '\n' || mark === '\r'))) at += 1;
    else if (mark === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
      if (!lines) return at;
    } else return at;
  }
}

/** Reads the value that begins at `from`, adds its fields, and says where it ends. */
function value(text: string, from: number, section: string, path: readonly string[], fields: Field[]): number {
  const mark = text[from];
  if (mark === '{') return table(text, from, section, path, fields);
  if (mark === '[') return list(text, from, section, path, fields);
  const one = scalar(text, from);
  fields.push({ section, path, kind: one.kind, value: one.value, from, to: one.end });
  return one.end;
}

function scalar(text: string, from: number): { kind: 'text' | 'bare'; value: string; end: number } {
  const rest = text.slice(from);
  if (/^("""|''')/.test(rest)) throw new Strange('lines of text');
  const basic = /^"((?:[^"\\\n]|\\.)*)"/.exec(rest);
  if (basic !== null) return { kind: 'text', value: unescaped(basic[1] ?? ''), end: from + basic[0].length };
  const literal = /^'([^'\n]*)'/.exec(rest);
  if (literal !== null) return { kind: 'text', value: literal[1] ?? '', end: from + literal[0].length };
  const bare = /^[\w.+:-]+/.exec(rest);
  if (bare === null) throw new Strange('no value');
  return { kind: 'bare', value: bare[0], end: from + bare[0].length };
}

function unescaped(written: string): string {
  return written.replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/g, (_, what: string) => {
    if (/^[uU]/.test(what) && what.length > 1) return String.fromCodePoint(Number.parseInt(what.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[what] ?? what;
  });
}

function table(text: string, from: number, section: string, path: readonly string[], fields: Field[]): number {
  let at = blank(text, from + 1, true);
  while (text[at] !== '}') {
    const key = keyAt(text, at);
    at = blank(text, value(text, key.end, section, [...path, key.name], fields), true);
    if (text[at] === ',') at = blank(text, at + 1, true);
    else if (text[at] !== '}') throw new Strange('no end of a table');
  }
  return at + 1;
}

function list(text: string, from: number, section: string, path: readonly string[], fields: Field[]): number {
  const items: Field[] = [];
  const texts: string[] = [];
  let [at, number, plain] = [blank(text, from + 1, true), 0, true];
  while (text[at] !== ']') {
    number += 1;
    plain &&= text[at] === '"' || text[at] === "'";
    const known = items.length;
    at = blank(text, value(text, at, section, [...path, String(number)], items), true);
    texts.push(items[known]?.value ?? '');
    if (text[at] === ',') at = blank(text, at + 1, true);
    else if (text[at] !== ']') throw new Strange('no end of a list');
  }
  // A list of texts is one field, unless one of them has the comma that would stand between them.
  if (plain && !texts.some((one) => one.includes(','))) fields.push({ section, path, kind: 'list', value: texts.join(', '), from, to: at + 1 });
  else fields.push(...items);
  return at + 1;
}
