//! A pool, allocated once by weights that are sums of many fractions with denominators of their
//! own, such as what all listeners' fees say of a recording.
//!
//! Such sums are exact, and their common denominator has thousands of digits. So each share is
//! first known from below, in 2⁻⁶⁴ of a ledger unit, with a bound on what is missing: enough to
//! say nearly every floor, and who of two has the larger remainder. Only where it isn't enough,
//! above all where remainders are exactly equal, are the fractions themselves added up. The
//! shares are those of exact arithmetic, always.

use crate::allocate::{AllocateError, signed};
use crate::{Fraction, Micros};
use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// How many items have their fractions added up in one pass.
const EXACT_ITEMS_MAX: usize = 1 << 16;
/// Bits behind the point of what is known of a share.
const BITS: u32 = 64;

/// Something that is shared out among items by counts: a listener's fee, by plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// How much is shared out, in any unit that is the same for all sources.
    pub amount: u128,
    /// By how many counts, over all items, also those of other pools.
    pub of: u64,
}

/// A part of an item's share, and on which line it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which line gets it; a line may get parts of several items.
    pub line: u32,
    /// Of which item.
    pub item: u32,
    /// Which part; those of an item add to 1.
    pub share: Fraction,
}

/// Counts by source and item, as often as they are asked for.
pub trait Counts {
    /// Hands every `(source, item, count)` to `each`, always the same, in any order; a pair may
    /// come several times, and then adds up.
    fn each(&self, each: &mut dyn FnMut(u32, u32, u64));
}

/// A pool's weights: item `i` weighs `Σ amount · count / of` over all sources.
pub struct Sums<'a> {
    /// What is shared out.
    pub sources: &'a [Source],
    /// How many items there are.
    pub items: usize,
    /// By which counts.
    pub counts: &'a dyn Counts,
}

impl Sums<'_> {
    /// The sum of all weights, exactly.
    #[must_use]
    pub fn total(&self) -> BigRational {
        let mut counted = vec![0_u128; self.sources.len()];
        self.counts.each(&mut |source, _, count| counted[source as usize] += u128::from(count));
        let mut sums = ByDenominator::default();
        for (source, count) in self.sources.iter().zip(counted) {
            sums.add(*source, count);
        }
        sums.sum()
    }

    /// The shares of `pool` of lines 0 to `lines - 1`; they sum to it. Equal remainders and
    /// negative pools are as in [`allocate`](crate::allocate()). `total` is [`Sums::total`];
    /// `parts` come in the order of their lines, and have every item with a weight in full.
    ///
    /// # Errors
    /// [`AllocateError`] where `pool` isn't 0 and all weights are.
    pub fn allocate(
        &self,
        pool: Micros,
        total: &BigRational,
        parts: &[Part],
        lines: usize,
    ) -> Result<Vec<Micros>, AllocateError> {
        let magnitude = pool.get().unsigned_abs();
        if magnitude == 0 {
            return Ok(vec![Micros::ZERO; lines]);
        }
        if total.is_zero() {
            return Err(AllocateError::Nobody);
        }
        let items = self.near(magnitude, total);
        let mut near = vec![Near::default(); lines];
        for part in parts {
            let line = &mut near[part.line as usize];
            *line = line.plus(items[part.item as usize].part(part.share));
        }
        let exact = |wanted: &[usize]| self.exact(magnitude, total, parts, wanted);
        Ok(signed(pool, &round(magnitude, &near, &exact)))
    }

    /// Each item's share of the pool, from below.
    fn near(&self, magnitude: u64, total: &BigRational) -> Vec<Near> {
        let (above, below) = (big(total.numer()), big(total.denom()));
        // Pool by total in 2⁻¹²⁸ of a ledger unit: what one unit of weight gets.
        let rate: BigUint = ((below * magnitude) << (2 * BITS)) / above;
        let rates: Vec<u128> = self
            .sources
            .iter()
            .map(|source| {
                if source.of == 0 {
                    return 0;
                }
                let each = (&rate * source.amount / source.of) >> BITS;
                // A source without counts in this pool may be any size, and isn't asked.
                each.to_u128().unwrap_or(0)
            })
            .collect();
        let mut near = vec![Near::default(); self.items];
        self.counts.each(&mut |source, item, count| {
            let near = &mut near[item as usize];
            near.low += rates[source as usize] * u128::from(count);
            near.error = near.error.saturating_add(count);
        });
        // Of each count are missing: what was cut from its source's rate, less than 2; and what
        // was cut from `rate`, `amount / of` in 2⁻¹²⁸.
        let widest = self.sources.iter().filter(|source| source.of > 0);
        let widest = widest.map(|source| (source.amount / u128::from(source.of)) >> BITS).max();
        let each = u64::try_from(widest.unwrap_or(0)).map_or(u64::MAX, |cut| cut.saturating_add(3));
        for near in &mut near {
            near.error = near.error.saturating_mul(each);
        }
        near
    }

    /// The exact shares of the `wanted` lines.
    fn exact(
        &self,
        magnitude: u64,
        total: &BigRational,
        parts: &[Part],
        wanted: &[usize],
    ) -> Vec<BigRational> {
        let (above, below) = (big(total.denom()) * magnitude, big(total.numer()));
        let parts_of = |line: &usize| {
            let line = *line;
            let first = parts.partition_point(|part| (part.line as usize) < line);
            parts[first..].iter().take_while(move |part| part.line as usize == line)
        };
        let mut items: Vec<u32> = wanted.iter().flat_map(parts_of).map(|part| part.item).collect();
        items.sort_unstable();
        items.dedup();
        let mut weights = BTreeMap::new();
        for items in items.chunks(EXACT_ITEMS_MAX) {
            let mut sums = vec![ByDenominator::default(); items.len()];
            let mut places = vec![u32::MAX; self.items];
            for (place, item) in (0_u32..).zip(items) {
                places[*item as usize] = place;
            }
            self.counts.each(&mut |source, item, count| {
                let place = places[item as usize];
                if place != u32::MAX {
                    sums[place as usize].add(self.sources[source as usize], count.into());
                }
            });
            weights.extend(items.iter().zip(sums).map(|(item, sums)| (*item, sums.sum())));
        }
        // Not reduced: that would take longer than all that is done with them.
        let exactly = |part: &Part| {
            let (weight, share) = (&weights[&part.item], part.share);
            let above = weight.numer() * share.numerator() * BigInt::from(above.clone());
            BigRational::new_raw(
                above,
                weight.denom() * share.denominator() * BigInt::from(below.clone()),
            )
        };
        let sum = |line: &usize| parts_of(line).map(exactly).reduce(|sum, part| sum + part);
        wanted.iter().map(|line| sum(line).unwrap_or_else(BigRational::zero)).collect()
    }
}

/// What is known of a share: it lies from `low` to `low + error`, in 2⁻⁶⁴ of a ledger unit.
#[derive(Debug, Clone, Copy, Default)]
struct Near {
    low: u128,
    error: u64,
}

impl Near {
    fn part(self, share: Fraction) -> Self {
        if share == Fraction::ONE {
            return self;
        }
        let (above, below) = (share.numerator().unsigned_abs(), share.denominator().unsigned_abs());
        let rest = (self.low % below).checked_mul(above);
        match rest {
            Some(rest) => Self {
                low: self.low / below * above + rest / below,
                error: self.error.saturating_add(2),
            },
            // Too many digits for a word: the fractions themselves will say.
            None => Self { low: 0, error: u64::MAX },
        }
    }

    fn plus(self, other: Self) -> Self {
        Self { low: self.low + other.low, error: self.error.saturating_add(other.error) }
    }

    fn high(self) -> u128 {
        self.low + u128::from(self.error)
    }
}

/// Floors and the largest remainders of shares that sum to `magnitude`.
fn round(magnitude: u64, near: &[Near], exact: &dyn Fn(&[usize]) -> Vec<BigRational>) -> Vec<u64> {
    let whole = |known: u128| (known >> BITS).to_u64().expect("a share is at most the pool");
    let mut floors: Vec<u64> = near.iter().map(|near| whole(near.low)).collect();
    let mut remainders: Vec<(u128, u128)> = Vec::with_capacity(near.len());
    let mut unclear = Vec::new();
    for (index, near) in near.iter().enumerate() {
        let cut = u128::from(floors[index]) << BITS;
        remainders.push((near.low - cut, near.high() - cut));
        if near.error == u64::MAX || remainders[index].1 >> BITS > 0 {
            unclear.push(index);
        }
    }
    for (index, share) in unclear.iter().zip(exact(&unclear)) {
        let (floor, remainder) = share.numer().div_rem(share.denom());
        floors[*index] = floor.to_u64().expect("a share is at most the pool");
        let (low, rest) = (remainder << BITS).div_rem(share.denom());
        let low = low.to_u128().expect("a remainder is below one");
        remainders[*index] = (low, low + u128::from(!rest.is_zero()));
    }
    let sum: u128 = floors.iter().map(|floor| u128::from(*floor)).sum();
    let rest = usize::try_from(u128::from(magnitude) - sum)
        .expect("fewer units are left than there are shares");
    for index in largest(rest, &remainders, exact) {
        floors[index] += 1;
    }
    floors
}

/// The indices of the `rest` largest remainders, each known from – to; of equal ones the lower.
fn largest(
    rest: usize,
    remainders: &[(u128, u128)],
    exact: &dyn Fn(&[usize]) -> Vec<BigRational>,
) -> Vec<usize> {
    if rest == 0 {
        return Vec::new();
    }
    assert!(rest < remainders.len(), "fewer units are left than there are shares");
    let nth = |rank: usize, side: fn(&(u128, u128)) -> u128| {
        let mut sides: Vec<u128> = remainders.iter().map(side).collect();
        *sides.select_nth_unstable_by(rank, |left, right| right.cmp(left)).1
    };
    // At least `rest` reach `surely_out`; at most `rest` lie above `surely_in`.
    let surely_out = nth(rest - 1, |(low, _)| *low);
    let surely_in = nth(rest, |(_, high)| *high);
    let (mut chosen, mut unclear) = (Vec::with_capacity(rest), Vec::new());
    for (index, (low, high)) in remainders.iter().enumerate() {
        match (*low > surely_in, *high < surely_out) {
            (true, _) => chosen.push(index),
            (false, true) => {}
            (false, false) => unclear.push(index),
        }
    }
    let wanted = rest - chosen.len();
    if wanted < unclear.len() {
        let exact: Vec<BigRational> =
            exact(&unclear).into_iter().map(|share| share.fract()).collect();
        let mut ranked: Vec<usize> = (0..unclear.len()).collect();
        let order = |left: &usize, right: &usize| match exact[*right].cmp(&exact[*left]) {
            Ordering::Equal => left.cmp(right),
            order => order,
        };
        ranked.select_nth_unstable_by(wanted, order);
        chosen.extend(ranked[..wanted].iter().map(|place| unclear[*place]));
    } else {
        chosen.extend(unclear);
    }
    chosen
}

/// A sum of fractions, added up by denominator first.
#[derive(Debug, Clone, Default)]
struct ByDenominator {
    numerators: BTreeMap<u64, BigUint>,
}

impl ByDenominator {
    fn add(&mut self, source: Source, count: u128) {
        if count == 0 {
            return; // It may be a count of none out of none.
        }
        let numerator = match source.amount.checked_mul(count) {
            Some(small) => small.into(),
            None => BigUint::from(source.amount) * count,
        };
        *self.numerators.entry(source.of).or_default() += numerator;
    }

    /// Over the least common denominator, which is far shorter than the product of all.
    fn sum(self) -> BigRational {
        let mut common = BigUint::one();
        for of in self.numerators.keys() {
            let rest = (&common % of).to_u64().expect("a remainder is below its divisor");
            common *= of / rest.gcd(of);
        }
        let over_common = |(of, sum): (&u64, &BigUint)| &common / of * sum;
        let numerator: BigUint = self.numerators.iter().map(over_common).sum();
        BigRational::new(numerator.into(), common.into())
    }
}

fn big(number: &BigInt) -> &BigUint {
    number.magnitude()
}
