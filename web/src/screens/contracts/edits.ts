// What a form does to a contract file besides changing a value: lines, terms and rows of a list come and go.
// Everything else stays as somebody wrote it.

import { quoted } from './fields';
import { type Entry, lineEnd, type Node, type Table, tablesOf, withComments } from './file';

/** A part of a file: the contract itself, a term, or its account. */
export interface Part {
  readonly kind: 'contract' | 'term' | 'account' | 'other';
  /** Of a term, from 1. */
  readonly number: number;
  /** As `fieldsOf` calls it. */
  readonly section: string;
  readonly from: number;
  readonly to: number;
  /** Its own table first, then those below it, such as `[terms.us_mechanical]`. */
  readonly tables: readonly Table[];
}

/** The parts in the order of the file; null where it says something that a form can't show. */
export function partsOf(text: string): Part[] | null {
  const tables = tablesOf(text);
  if (tables === null) return null;
  const groups: Table[][] = [];
  for (const table of tables) {
    if (table.name.includes('.') && groups.length > 0) groups.at(-1)?.push(table);
    else groups.push([table]);
  }
  let terms = 0;
  return groups.map((own, at) => {
    const [first] = own as [Table, ...Table[]];
    const kind = first.name === '' ? 'contract' : first.name === 'terms' ? 'term' : first.name === 'account' ? 'account' : 'other';
    if (kind === 'term') terms += 1;
    const id = first.entries.find(({ key }) => key === 'id')?.node.value;
    const section = kind === 'contract' ? '' : kind === 'term' ? `Term ${id ?? terms}` : first.name;
    return { kind, number: kind === 'term' ? terms : 0, section, from: first.from, to: groups[at + 1]?.[0]?.from ?? text.length, tables: own };
  });
}

/** Whether the contract is a licence; else an agreement. */
export function isLicence(parts: readonly Part[]): boolean {
  return valueOf(parts, 'kind') !== 'agreement';
}

/** What the contract itself says. */
export function valueOf(parts: readonly Part[], key: string): string | undefined {
  return parts[0]?.tables[0]?.entries.find((entry) => entry.key === key)?.node.value;
}

/** Everything that a part says, of all its tables. */
export function entriesOf(part: Part): { entry: Entry; table: Table }[] {
  return part.tables.flatMap((table) => table.entries.map((entry) => ({ entry, table })));
}

/** What a term says about money: one of these in each. */
export const RULES: Readonly<Record<string, { says: string; line: string }>> = {
  pro_rata: { says: 'A share of revenue, by plays', line: 'pro_rata = { share = "50%" }' },
  user_centric: { says: 'A share of each listener’s fee, by that listener’s plays', line: 'user_centric = { share = "50%" }' },
  artist_centric: { says: 'A share of revenue, by plays that are boosted and capped', line: 'artist_centric = { share = "50%", boost = { factor = "2", plays_min = 1000, listeners_min = 500 }, listener_plays_max = 1000 }' },
  fixed_per_play: { says: 'A price for each counted play', line: 'fixed_per_play = { rate = "0.005" }' },
  bands: { says: 'A price by how long a play was heard', line: 'bands = [{ from_ms = 30000, rate = "0.004" }]' },
  ladder: { says: 'A price that depends on how often it was heard before', line: 'ladder = { steps = ["0.0024", "0.0048", "0.0096"] }' },
  us_mechanical: { says: 'The US mechanical rate by its four steps', line: 'us_mechanical = { revenue_share = "15.3%", content_cost_share = "26.2%", content_cost_cap = "1.10", subscriber_floor = "0.60" }' },
  pass_on: { says: 'Parts of what the grantor is paid, passed on', line: 'pass_on = [{ payee = "", share = "50%" }]' },
};

const SCOPES: Readonly<Record<string, string>> = { recordings: '[]', releases: '[]', artists: '[]', labels: '[]', territories: '[]', tiers: '[]', uses: '["on_demand"]' };
const OF_POOLS: Readonly<Record<string, string>> = { per_play_minimum: '"0.0035"', eligible_plays_min: '1000', noise: '{ weight = "0.2", duration_ms_min = 120000 }', guarantee: '"1000"' };
const OF_ACCOUNTS: Readonly<Record<string, string>> = { recoup_share: '"100%"', costs_share: '"100%"', reserve: '{ share = "10%", periods = 6 }', withholding: '{ US = "30%" }', minimum_payout: '"50"', accounting_months: '6' };

/** Lines that a part may have besides, each with what stands in it at first. */
export function linesFor(part: Part, parts: readonly Part[]): Readonly<Record<string, string>> {
  const licence = isLicence(parts);
  const day = quoted(valueOf(parts, 'from') ?? '2026-01-01');
  const all: Readonly<Record<string, string>> =
    part.kind === 'contract' ? { title: '""', [licence ? 'licensor' : 'grantor']: '""' } : part.kind === 'account' ? OF_ACCOUNTS : part.kind === 'term' ? { ...SCOPES, from: day, until: day, ...(licence ? OF_POOLS : {}) } : {};
  const there = entriesOf(part).map(({ entry }) => entry.key);
  return Object.fromEntries(Object.entries(all).filter(([key]) => !there.includes(key)));
}

/** Whether a line of a part may go. */
export function mayGo(part: Part, parts: readonly Part[], { entry, table }: { entry: Entry; table: Table }): boolean {
  if (table.name.includes('.')) return false;
  if (part.kind === 'contract') return ['title', 'licensor'].includes(entry.key) || (entry.key === 'grantor' && isLicence(parts));
  return part.kind === 'account' || (part.kind === 'term' && (entry.key in SCOPES || entry.key in OF_POOLS || ['from', 'until'].includes(entry.key)));
}

/** With a line more in a part, behind its others. */
export function withLine(text: string, part: Part, key: string, written: string): string {
  const own = part.tables[0];
  const last = own?.entries.at(-1);
  const at = last === undefined ? (own?.begin ?? text.length) : lineEnd(text, last.node.to);
  return `${ended(text.slice(0, at))}${key} = ${written}\n${text.slice(at)}`;
}

/** Without a line and the comments right above it. */
export function withoutLine(text: string, entry: Entry): string {
  return text.slice(0, withComments(text, entry.from)) + text.slice(lineEnd(text, entry.node.to));
}

/** With an account's part at the end. */
export function withAccount(text: string): string {
  return `${ended(text)}\n[account]\nminimum_payout = "50"\n`;
}

/** With another term behind the others: about masters, by the simplest rule of the contract's kind. */
export function withTerm(text: string, parts: readonly Part[]): string {
  const terms = parts.filter((part) => part.kind === 'term');
  const ids = terms.map((term) => entriesOf(term).find(({ entry }) => entry.key === 'id')?.entry.node.value);
  let number = terms.length + 1;
  while (ids.includes(`term-${number}`)) number += 1;
  const rule = isLicence(parts) ? RULES.pro_rata : RULES.pass_on;
  const at = terms.at(-1)?.to ?? parts[0]?.to ?? text.length;
  const before = ended(text.slice(0, at)).replace(/\n+$/, '\n');
  const after = text.slice(at);
  return `${before}\n[[terms]]\nid = "term-${number}"\nrights = ["master"]\n${rule?.line ?? ''}\n${after === '' ? '' : `\n${after}`}`;
}

/** Without a term. */
export function withoutPart(text: string, part: Part): string {
  return text.slice(0, part.from) + text.slice(part.to);
}

/** The name of a term's rule; nothing where it has none. */
export function ruleOf(part: Part): string | undefined {
  const below = part.tables.slice(1).map(({ name }) => name.split('.')[1] ?? '');
  return Object.keys(RULES).find((rule) => below.includes(rule) || part.tables[0]?.entries.some(({ key }) => key === rule));
}

/** With another rule in the place of a term's. */
export function withRule(text: string, part: Part, rule: string): string {
  const line = `${RULES[rule]?.line ?? ''}\n`;
  const own = part.tables[0];
  // From behind, so that the places before stay as they are.
  let found = text;
  for (const [at, table] of [...part.tables.entries()].slice(1).reverse()) {
    if ((table.name.split('.')[1] ?? '') in RULES) found = found.slice(0, table.from) + found.slice(part.tables[at + 1]?.from ?? part.to);
  }
  const rules = (own?.entries ?? []).filter(({ key }) => key in RULES);
  for (const entry of rules.slice(1).reverse()) found = found.slice(0, entry.from) + found.slice(lineEnd(found, entry.node.to));
  const [entry] = rules;
  if (entry !== undefined) return found.slice(0, entry.from) + line + found.slice(lineEnd(found, entry.node.to));
  const last = own?.entries.at(-1);
  const at = last === undefined ? (own?.begin ?? 0) : lineEnd(found, last.node.to);
  return ended(found.slice(0, at)) + line + found.slice(at);
}

/** With an item more at the end of a list. */
export function withItem(text: string, list: Node, written: string): string {
  const last = list.items.at(-1);
  if (last === undefined) return `${text.slice(0, list.from)}[${written}]${text.slice(list.to)}`;
  const rest = text.slice(last.to, list.to);
  const comma = /^\s*,/.exec(rest)?.[0] ?? '';
  const spread = text.slice(list.from, last.from).includes('\n');
  const joint = comma === '' ? ',' : comma;
  return text.slice(0, last.to) + joint + (spread ? `\n    ${written},` : ` ${written}`) + text.slice(last.to + comma.length);
}

/** Without one of a list's items. */
export function withoutItem(text: string, list: Node, at: number): string {
  const [item, before, after] = [list.items[at], list.items[at - 1], list.items[at + 1]];
  if (item === undefined) return text;
  if (after !== undefined) return text.slice(0, item.from) + text.slice(after.from);
  return text.slice(0, before?.to ?? item.from) + text.slice(item.to);
}

/** With a value more at the end of a table in braces. */
export function withKey(text: string, table: Node, key: string, written: string): string {
  const last = table.entries.at(-1);
  if (last === undefined) return `${text.slice(0, table.from)}{ ${key} = ${written} }${text.slice(table.to)}`;
  return `${text.slice(0, last.node.to)}, ${key} = ${written}${text.slice(last.node.to)}`;
}

/** With another id for the contract itself. */
export function withId(text: string, id: string): string {
  const entry = tablesOf(text)?.[0]?.entries.find(({ key }) => key === 'id');
  return entry === undefined ? text : text.slice(0, entry.node.from) + quoted(id) + text.slice(entry.node.to);
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
