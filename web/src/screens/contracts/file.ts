// A contract file as a tree whose every piece knows its place in the text. It reads as much of TOML as such
// files need; what it doesn't understand is left to the text.

/** A value and where it stands: `to` is behind its last character. */
export interface Node {
  /** `text` stands in quotes, `bare` doesn't: a number. */
  readonly kind: 'text' | 'bare' | 'table' | 'list';
  /** Of a text or a bare word, what it says. */
  readonly value: string;
  readonly from: number;
  readonly to: number;
  /** Of a table. */
  readonly entries: readonly Entry[];
  /** Of a list. */
  readonly items: readonly Node[];
}

/** `key = value`; `from` is where the key begins. */
export interface Entry {
  readonly key: string;
  readonly from: number;
  readonly node: Node;
}

/** The lines below a heading such as `[[terms]]`; the contract's own have none, and no name. */
export interface Table {
  readonly name: string;
  /** Where its heading begins, or the comments right above it. */
  readonly from: number;
  /** Behind its heading's line. */
  readonly begin: number;
  readonly entries: readonly Entry[];
}

/** What isn't understood here. */
class Strange extends Error {}

/** All tables in the order of the file, the contract's own first; null where it says something strange. */
export function tablesOf(text: string): Table[] | null {
  try {
    return read(text);
  } catch (thrown) {
    if (thrown instanceof Strange) return null;
    throw thrown;
  }
}

/** Behind the line in which `at` is. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

/** Where the line of `at` begins, or the lines of comments right above it. */
export function withComments(text: string, at: number): number {
  let begin = text.lastIndexOf('\n', at - 1) + 1;
  for (;;) {
    const above = text.lastIndexOf('\n', begin - 2) + 1;
    if (begin === 0 || !/^[ \t]*#/.test(text.slice(above, begin))) return begin;
    begin = above;
  }
}

function read(text: string): Table[] {
  let entries: Entry[] = [];
  const tables: Table[] = [{ name: '', from: 0, begin: 0, entries }];
  let at = 0;
  while (at < text.length) {
    at = blank(text, at, true);
    if (at >= text.length) break;
    const head = /^(?:\[\[([\w.-]+)\]\]|\[([\w.-]+)\])[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/.exec(text.slice(at));
    if (head !== null) {
      entries = [];
      tables.push({ name: head[1] ?? head[2] ?? '', from: withComments(text, at), begin: at + head[0].length, entries });
      at += head[0].length;
      continue;
    }
    const key = keyAt(text, at);
    const node = value(text, key.end);
    entries.push({ key: key.name, from: at, node });
    at = node.to;
  }
  return tables;
}

function keyAt(text: string, at: number): { name: string; end: number } {
  const found = /^([\w-]+)[ \t]*=[ \t]*/.exec(text.slice(at, at + 200));
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

function value(text: string, from: number): Node {
  const mark = text[from];
  if (mark === '{') return table(text, from);
  if (mark === '[') return list(text, from);
  return scalar(text, from);
}

function scalar(text: string, from: number): Node {
  const rest = text.slice(from);
  const plain = (kind: 'text' | 'bare', said: string, length: number): Node => ({ kind, value: said, from, to: from + length, entries: [], items: [] });
  if (/^("""|''')/.test(rest)) throw new Strange('lines of text');
  const basic = /^"((?:[^"\\\n]|\\.)*)"/.exec(rest);
  if (basic !== null) return plain('text', unescaped(basic[1] ?? ''), basic[0].length);
  const literal = /^'([^'\n]*)'/.exec(rest);
  if (literal !== null) return plain('text', literal[1] ?? '', literal[0].length);
  const bare = /^[\w.+:-]+/.exec(rest);
  if (bare === null) throw new Strange('no value');
  return plain('bare', bare[0], bare[0].length);
}

function unescaped(written: string): string {
  return written.replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/g, (_, what: string) => {
    if (/^[uU]/.test(what) && what.length > 1) return String.fromCodePoint(Number.parseInt(what.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[what] ?? what;
  });
}

function table(text: string, from: number): Node {
  const entries: Entry[] = [];
  let at = blank(text, from + 1, true);
  while (text[at] !== '}') {
    const key = keyAt(text, at);
    const node = value(text, key.end);
    entries.push({ key: key.name, from: at, node });
    at = blank(text, node.to, true);
    if (text[at] === ',') at = blank(text, at + 1, true);
    else if (text[at] !== '}') throw new Strange('no end of a table');
  }
  return { kind: 'table', value: '', from, to: at + 1, entries, items: [] };
}

function list(text: string, from: number): Node {
  const items: Node[] = [];
  let at = blank(text, from + 1, true);
  while (text[at] !== ']') {
    const node = value(text, at);
    items.push(node);
    at = blank(text, node.to, true);
    if (text[at] === ',') at = blank(text, at + 1, true);
    else if (text[at] !== ']') throw new Strange('no end of a list');
  }
  return { kind: 'list', value: '', from, to: at + 1, entries: [], items };
}
