// Two texts line by line: which lines both have, which only one has.

export interface ChangedLine {
  kind: string;
  text: string;
}

/** Beyond so many pairs of lines, what differs in the middle is shown as a whole. */
const PAIRS_MAX = 4_000_000;

/** The shortest way from one to the other, by the longest common run of lines. */
export function difference(before: string, after: string): ChangedLine[] {
  const [a, b] = [lines(before), lines(after)];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const said = (kind: string, of: readonly string[]): ChangedLine[] => of.map((text) => ({ kind, text }));
  return [...said('same', a.slice(0, head)), ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)), ...said('same', a.slice(a.length - tail))];
}

function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function middle(a: readonly string[], b: readonly string[]): ChangedLine[] {
  if (a.length * b.length > PAIRS_MAX) return [...a.map((text) => ({ kind: 'removed', text })), ...b.map((text) => ({ kind: 'added', text }))];
  // `longest[i][j]`: how many lines the rests from i and from j have in common.
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = a[i] === b[j] ? (longest[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0);
    }
  }
  const found: ChangedLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]];
    if (one !== undefined && one === other) {
      found.push({ kind: 'same', text: one });
      [i, j] = [i + 1, j + 1];
    } else if (one !== undefined && (other === undefined || (longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0))) {
      found.push({ kind: 'removed', text: one });
      i += 1;
    } else {
      found.push({ kind: 'added', text: other ?? '' });
      j += 1;
    }
  }
  return found;
}

/** A row of two texts side by side. */
export interface Side {
  before: string | null;
  after: string | null;
  same: boolean;
}

/** Lines that were removed stand beside those that came in their place. */
export function sideBySide(of: readonly ChangedLine[]): Side[] {
  const rows: Side[] = [];
  let [removed, added]: [string[], string[]] = [[], []];
  const flush = (): void => {
    for (let at = 0; at < Math.max(removed.length, added.length); at += 1) rows.push({ before: removed[at] ?? null, after: added[at] ?? null, same: false });
    [removed, added] = [[], []];
  };
  for (const { kind, text } of of) {
    if (kind === 'removed') removed.push(text);
    else if (kind === 'added') added.push(text);
    else {
      flush();
      rows.push({ before: text, after: text, same: true });
    }
  }
  flush();
  return rows;
}
