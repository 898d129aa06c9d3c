//! Pools to lines, each pool once.

use super::gather::{Gathered, NumberedLeaf, PoolPlays};
use crate::line::Line;
use crate::models::{Priced, Rows, Weights};
use ledgerline_money::sums::{Part, Sums};
use ledgerline_money::{BigRational, BigUint, Micros, allocate, allocate_big};

/// What one payee gets of one entry.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    /// Payee, then recording.
    to: u64,
    way: u32,
    entry: u32,
    /// In the list of all parts' leaves.
    at: u32,
}

impl Leaf {
    /// What makes a line of its own.
    fn line(&self) -> (u64, u32) {
        (self.to, self.way)
    }
}

/// Shares pools out, one after the other.
pub(super) struct SharingOut<'g> {
    gathered: &'g Gathered<'g>,
    /// By part: where its leaves begin; one more at the end.
    from: Vec<u32>,
    leaves: Vec<NumberedLeaf>,
    /// What each leaf is of its right, over a denominator that all have in common; empty where
    /// there is none that a word holds.
    multipliers: Vec<u64>,
}

impl<'g> SharingOut<'g> {
    pub(super) fn new(gathered: &'g Gathered<'g>) -> Self {
        let (mut from, mut leaves) = (vec![0], Vec::new());
        for part in 0..gathered.parts.len() {
            let part = u32::try_from(part).expect("parts have numbers");
            leaves.extend_from_slice(gathered.leaves(part));
            from.push(u32::try_from(leaves.len()).expect("fewer leaves than lines"));
        }
        let multipliers = multipliers(gathered).unwrap_or_default();
        Self { gathered, from, leaves, multipliers }
    }

    /// The lines of a pool, by payee, recording and way. They sum to its money; where nothing
    /// weighs anything there is no money, and no line gets any.
    pub(super) fn lines(&self, plays: &PoolPlays, pool: u32, priced: &Priced) -> Vec<Line> {
        let leaves = self.leaves(plays);
        let mut lines: Vec<Line> = Vec::with_capacity(leaves.len());
        for group in leaves.chunk_by(|left, right| left.line() == right.line()) {
            let counted = |leaf: &Leaf| plays.entries[leaf.entry as usize].plays;
            let [payee, track] = [group[0].to >> 32, group[0].to & u64::from(u32::MAX)];
            lines.push(Line {
                payee: u32::try_from(payee).expect("half of a word"),
                pool,
                track: u32::try_from(track).expect("half of a word"),
                way: group[0].way,
                plays: group.iter().map(counted).sum(),
                amount: Micros::ZERO,
            });
        }
        let amounts = match &priced.weights {
            Weights::Whole(weights) => self.by_whole(priced.money, &leaves, weights),
            Weights::Sums { sources, counts, total } => {
                let rows = Rows(counts);
                let sums = Sums { sources, items: plays.entries.len(), counts: &rows };
                self.by_sums(priced.money, (&leaves, lines.len()), &sums, total)
            }
        };
        assert_eq!(amounts.len(), lines.len(), "an amount for each line");
        for (line, amount) in lines.iter_mut().zip(amounts) {
            line.amount = amount;
        }
        lines
    }

    fn leaves(&self, plays: &PoolPlays) -> Vec<Leaf> {
        let mut leaves = Vec::with_capacity(plays.entries.len());
        for (entry, of) in (0..).zip(&plays.entries) {
            for at in self.from[of.part as usize]..self.from[of.part as usize + 1] {
                let NumberedLeaf { payee, way, .. } = self.leaves[at as usize];
                let to = u64::from(payee) << 32 | u64::from(of.track);
                leaves.push(Leaf { to, way, entry, at });
            }
        }
        leaves.sort_unstable_by_key(|leaf| (leaf.to, leaf.way, leaf.entry, leaf.at));
        leaves
    }

    fn by_whole(&self, money: Micros, leaves: &[Leaf], weights: &[u128]) -> Vec<Micros> {
        let allocated = match self.in_words(leaves, weights) {
            Some(weights) => allocate(money, &weights),
            None => allocate_big(money, &self.unbounded(leaves, weights)),
        };
        allocated.expect("a pool has money only where something weighs")
    }

    /// What each line weighs; none where words can't hold it.
    fn in_words(&self, leaves: &[Leaf], weights: &[u128]) -> Option<Vec<u128>> {
        if self.multipliers.is_empty() {
            return None;
        }
        let mut sums: Vec<u128> = Vec::with_capacity(leaves.len());
        let mut last = None;
        for leaf in leaves {
            let multiplier = self.multipliers[leaf.at as usize];
            let weight = weights[leaf.entry as usize].checked_mul(multiplier.into())?;
            if last == Some(leaf.line()) {
                let sum = sums.last_mut().expect("there was a leaf before");
                *sum = sum.checked_add(weight)?;
            } else {
                sums.push(weight);
                last = Some(leaf.line());
            }
        }
        Some(sums)
    }

    /// The same without limits: slow, and never met but in contracts that are made to.
    fn unbounded(&self, leaves: &[Leaf], weights: &[u128]) -> Vec<BigUint> {
        let share = |leaf: &Leaf| {
            // The part is the last one that begins at or before the leaf.
            let part = self.from.partition_point(|from| *from <= leaf.at) - 1;
            let held = self.gathered.parts[part].share.unbounded();
            held * self.leaves[leaf.at as usize].share.unbounded()
        };
        let mut common = BigUint::from(1_u8);
        for leaf in leaves {
            common = num_integer::lcm(common, share(leaf).denom().magnitude().clone());
        }
        let weight = |leaf: &Leaf| {
            let share = share(leaf);
            let times = &common / share.denom().magnitude();
            share.numer().magnitude() * times * weights[leaf.entry as usize]
        };
        let lines = leaves.chunk_by(|left, right| left.line() == right.line());
        lines.map(|leaves| leaves.iter().map(weight).sum()).collect()
    }

    fn by_sums(
        &self,
        money: Micros,
        (leaves, lines): (&[Leaf], usize),
        sums: &Sums<'_>,
        total: &BigRational,
    ) -> Vec<Micros> {
        let mut parts = Vec::with_capacity(leaves.len());
        let groups = leaves.chunk_by(|left, right| left.line() == right.line());
        for (line, leaves) in (0..).zip(groups) {
            parts.extend(leaves.iter().map(|leaf| Part {
                line,
                item: leaf.entry,
                share: self.leaves[leaf.at as usize].share,
            }));
        }
        let allocated = sums.allocate(money, total, &parts, lines);
        allocated.expect("a pool has money only where something weighs")
    }
}

/// What each leaf of each part is of its right, over the least denominator that all have.
fn multipliers(gathered: &Gathered<'_>) -> Option<Vec<u64>> {
    let mut shares = Vec::new();
    let mut common = 1_u64;
    for (number, part) in (0..).zip(&gathered.parts) {
        for leaf in gathered.leaves(number) {
            let share = part.share.times(leaf.share).ok()?;
            let below = u64::try_from(share.denominator()).ok()?;
            if !common.is_multiple_of(below) {
                common = common.checked_mul(below / num_integer::gcd(common, below))?;
            }
            shares.push(share);
        }
    }
    let scaled = |share: ledgerline_money::Fraction| {
        let times = common / u64::try_from(share.denominator()).ok()?;
        u64::try_from(share.numerator()).ok()?.checked_mul(times)
    };
    shares.into_iter().map(scaled).collect()
}
