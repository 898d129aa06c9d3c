//! Pools to lines, each pool once.

use super::gather::{Gathered, PoolPlays};
use crate::line::Line;
use crate::models::{Priced, Rows, Weights};
use ledgerline_money::sums::{Part, Source, Sums};
use ledgerline_money::{BigUint, Fraction, Micros, allocate, allocate_big};
use std::collections::BTreeMap;

/// What one payee gets of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Leaf {
    payee: u32,
    track: u32,
    way: u32,
    entry: u32,
    /// Which of the entry's leaves.
    leaf: u32,
}

impl Leaf {
    fn line(&self) -> (u32, u32, u32) {
        (self.payee, self.track, self.way)
    }
}

/// The lines of a pool, by payee, recording and way. They sum to its money; where nothing weighs
/// anything there is no money, and no line gets any.
pub(super) fn lines(
    gathered: &Gathered<'_>,
    plays: &PoolPlays,
    pool: u32,
    priced: &Priced,
) -> Vec<Line> {
    let leaves = leaves(gathered, plays);
    let mut lines: Vec<Line> = Vec::with_capacity(leaves.len());
    for leaf in &leaves {
        let plays = plays.entries[leaf.entry as usize].plays;
        match lines.last_mut() {
            Some(last) if (last.payee, last.track, last.way) == leaf.line() => last.plays += plays,
            _ => lines.push(Line {
                payee: leaf.payee,
                pool,
                track: leaf.track,
                way: leaf.way,
                plays,
                amount: Micros::ZERO,
            }),
        }
    }
    let amounts = match &priced.weights {
        Weights::Whole(weights) => {
            by_whole(gathered, plays, priced.money, (&leaves, &lines), weights)
        }
        Weights::Sums { sources, counts } => {
            by_sums(gathered, plays, priced.money, (&leaves, &lines), (sources, counts))
        }
    };
    for (line, amount) in lines.iter_mut().zip(amounts) {
        line.amount = amount;
    }
    lines
}

fn leaves(gathered: &Gathered<'_>, plays: &PoolPlays) -> Vec<Leaf> {
    let mut leaves = Vec::with_capacity(plays.entries.len());
    for (entry, of) in (0..).zip(&plays.entries) {
        for (leaf, to) in (0..).zip(gathered.leaves(of.part)) {
            leaves.push(Leaf { payee: to.payee, track: of.track, way: to.way, entry, leaf });
        }
    }
    leaves.sort_unstable();
    leaves
}

/// What each leaf of each part is of the right, over a denominator that all in the pool share.
fn multipliers(gathered: &Gathered<'_>, plays: &PoolPlays) -> Option<BTreeMap<u32, Vec<u128>>> {
    let mut parts: BTreeMap<u32, Vec<Fraction>> = BTreeMap::new();
    let mut common = 1_u128;
    for entry in &plays.entries {
        if parts.contains_key(&entry.part) {
            continue;
        }
        let held = gathered.parts[entry.part as usize].share;
        let mut shares = Vec::new();
        for leaf in gathered.leaves(entry.part) {
            let share = held.times(leaf.share).ok()?;
            let below = share.denominator().unsigned_abs();
            common = common.checked_mul(below / num_integer::gcd(common, below))?;
            shares.push(share);
        }
        parts.insert(entry.part, shares);
    }
    let scaled = |share: Fraction| {
        let times = common / share.denominator().unsigned_abs();
        share.numerator().unsigned_abs().checked_mul(times)
    };
    let all = parts.into_iter().map(|(part, shares)| {
        Some((part, shares.into_iter().map(scaled).collect::<Option<Vec<_>>>()?))
    });
    all.collect()
}

fn by_whole(
    gathered: &Gathered<'_>,
    plays: &PoolPlays,
    money: Micros,
    (leaves, lines): (&[Leaf], &[Line]),
    weights: &[u128],
) -> Vec<Micros> {
    let in_words = multipliers(gathered, plays).and_then(|multipliers| {
        let each = leaves.iter().map(|leaf| {
            let part = plays.entries[leaf.entry as usize].part;
            let multiplier = multipliers[&part][leaf.leaf as usize];
            weights[leaf.entry as usize].checked_mul(multiplier)
        });
        sum_by_line(leaves, lines, each)
    });
    let allocated = match in_words {
        Some(weights) => allocate(money, &weights),
        None => allocate_big(money, &by_line_unbounded(gathered, plays, (leaves, lines), weights)),
    };
    allocated.expect("a pool has money only where something weighs")
}

fn sum_by_line(
    leaves: &[Leaf],
    lines: &[Line],
    each: impl Iterator<Item = Option<u128>>,
) -> Option<Vec<u128>> {
    let mut sums: Vec<u128> = Vec::with_capacity(lines.len());
    let mut last = None;
    for (leaf, weight) in leaves.iter().zip(each) {
        if last == Some(leaf.line()) {
            let sum = sums.last_mut().expect("there was a leaf before");
            *sum = sum.checked_add(weight?)?;
        } else {
            sums.push(weight?);
            last = Some(leaf.line());
        }
    }
    Some(sums)
}

/// The same without limits: slow, and never met but in contracts that are made to.
fn by_line_unbounded(
    gathered: &Gathered<'_>,
    plays: &PoolPlays,
    (leaves, lines): (&[Leaf], &[Line]),
    weights: &[u128],
) -> Vec<BigUint> {
    let share = |leaf: &Leaf| {
        let part = plays.entries[leaf.entry as usize].part;
        let held = gathered.parts[part as usize].share.unbounded();
        held * gathered.leaves(part)[leaf.leaf as usize].share.unbounded()
    };
    let mut common = BigUint::from(1_u8);
    for leaf in leaves {
        common = num_integer::lcm(common, share(leaf).denom().magnitude().clone());
    }
    let mut sums = vec![BigUint::from(0_u8); lines.len()];
    let mut line = 0;
    for leaf in leaves {
        while (lines[line].payee, lines[line].track, lines[line].way) != leaf.line() {
            line += 1;
        }
        let share = share(leaf);
        let times = &common / share.denom().magnitude();
        sums[line] += share.numer().magnitude() * times * weights[leaf.entry as usize];
    }
    sums
}

fn by_sums(
    gathered: &Gathered<'_>,
    plays: &PoolPlays,
    money: Micros,
    (leaves, lines): (&[Leaf], &[Line]),
    (sources, counts): (&[Source], &[(u32, u32, u64)]),
) -> Vec<Micros> {
    let rows = Rows(counts);
    let sums = Sums { sources, items: plays.entries.len(), counts: &rows };
    let mut parts = Vec::with_capacity(leaves.len());
    let mut line = 0;
    for leaf in leaves {
        while (lines[line].payee, lines[line].track, lines[line].way) != leaf.line() {
            line += 1;
        }
        let part = plays.entries[leaf.entry as usize].part;
        parts.push(Part {
            line: u32::try_from(line).expect("fewer lines than leaves have numbers"),
            item: leaf.entry,
            share: gathered.leaves(part)[leaf.leaf as usize].share,
        });
    }
    let allocated = sums.allocate(money, &sums.total(), &parts, lines.len());
    allocated.expect("a pool has money only where something weighs")
}
