// An order that sounds like chance. Even chance puts three tracks of one artist behind each other sooner than anybody
// expects, so each artist's tracks are spread over the whole, and of each artist those of each album.

/** What a track is spread by: by these first ones first. */
export type Kinds<T> = readonly ((of: T) => string)[];

/** The list in another order. `random` gives numbers from 0 on that stay below 1; each item is as likely to be the first. */
export function shuffled<T>(list: readonly T[], kinds: Kinds<T>, random: () => number = Math.random): T[] {
  if (list.length < 2) return [...list];
  const at = Math.floor(random() * list.length);
  const first = list[at] as T;
  const rest = spread(list.filter((_, index) => index !== at), kinds, random);
  const kind = kinds[0];
  // What begins was chosen by itself: the next one shouldn't be of its kind if another is there.
  if (kind !== undefined && rest[0] !== undefined && kind(rest[0]) === kind(first)) {
    const other = rest.findIndex((one) => kind(one) !== kind(first));
    if (other > 0) rest.unshift(...rest.splice(other, 1));
  }
  return [first, ...rest];
}

/** Each kind's items lie at even distances from an offset by chance, each a little off its place. */
function spread<T>(list: readonly T[], kinds: Kinds<T>, random: () => number): T[] {
  const [kind, ...finer] = kinds;
  if (kind === undefined) return byChance(list, random);
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const of = kind(one);
    const group = groups.get(of);
    if (group === undefined) groups.set(of, [one]);
    else group.push(one);
  }
  const placed: { one: T; at: number }[] = [];
  for (const group of groups.values()) {
    const offset = random();
    for (const [index, one] of spread(group, finer, random).entries()) {
      placed.push({ one, at: (index + 0.9 * offset + 0.1 * random()) / group.length });
    }
  }
  return placed.sort((one, other) => one.at - other.at).map(({ one }) => one);
}

/** Fisher and Yates. */
function byChance<T>(list: readonly T[], random: () => number): T[] {
  const mixed = [...list];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const at = Math.floor(random() * (last + 1));
    [mixed[last], mixed[at]] = [mixed[at] as T, mixed[last] as T];
  }
  return mixed;
}
