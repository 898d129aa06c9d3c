//! The fast ways of allocation agree with fractions that are simply added up.

use ledgerline_money::sums::{Counts, Part, Source, Sums};
use ledgerline_money::{AllocateError, Fraction, Micros, allocate, allocate_big};
use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};
use proptest::prelude::*;

/// Floor and largest remainder as one would write it down, of any fractions.
fn plain(pool: i64, weights: &[BigRational]) -> Result<Vec<i64>, AllocateError> {
    let total: BigRational = weights.iter().sum();
    if pool == 0 {
        return Ok(vec![0; weights.len()]);
    }
    if total.is_zero() {
        return Err(AllocateError::Nobody);
    }
    let magnitude = BigRational::from_integer(BigInt::from(pool.unsigned_abs()));
    let exact: Vec<BigRational> =
        weights.iter().map(|weight| weight * &magnitude / &total).collect();
    let mut shares: Vec<BigInt> = exact.iter().map(|share| share.floor().to_integer()).collect();
    let left = magnitude.to_integer() - shares.iter().sum::<BigInt>();
    let mut ranked: Vec<usize> = (0..exact.len()).collect();
    ranked.sort_by_key(|index| (std::cmp::Reverse(exact[*index].fract()), *index));
    for index in ranked.iter().take(left.to_usize().unwrap()) {
        shares[*index] += 1;
    }
    let sign = BigInt::from(pool.signum());
    Ok(shares.iter().map(|share| (share * &sign).to_i64().unwrap()).collect())
}

fn whole(weights: &[BigUint]) -> Vec<BigRational> {
    weights.iter().map(|weight| BigRational::from_integer(weight.clone().into())).collect()
}

fn numbers(shares: Result<Vec<Micros>, AllocateError>) -> Result<Vec<i64>, AllocateError> {
    shares.map(|shares| shares.into_iter().map(Micros::get).collect())
}

/// Few and small numbers, so that many are equal; and some as large as they come.
fn weight() -> impl Strategy<Value = u128> {
    prop_oneof![6 => 0..4_u128, 2 => 0..1_000_u128, 1 => any::<u64>().prop_map(u128::from), 1 => any::<u128>()]
}

fn pool() -> impl Strategy<Value = i64> {
    prop_oneof![3 => -5..50_i64, 3 => -1_000_000..1_000_000_000_i64, 1 => any::<i64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whole_weights_of_any_size(pool in pool(), weights in prop::collection::vec(weight(), 0..40)) {
        let big: Vec<BigUint> = weights.iter().map(|weight| (*weight).into()).collect();
        let expected = plain(pool, &whole(&big));
        prop_assert_eq!(&numbers(allocate(Micros::new(pool), &weights)), &expected);
        prop_assert_eq!(&numbers(allocate_big(Micros::new(pool), &big)), &expected);
        let bigger: Vec<BigUint> = big.iter().map(|weight| weight << 200_u32).collect();
        prop_assert_eq!(&numbers(allocate_big(Micros::new(pool), &bigger)), &expected);
    }
}

/// Rows of counts.
struct Rows(Vec<(u32, u32, u64)>);

impl Counts for Rows {
    fn each(&self, each: &mut dyn FnMut(u32, u32, u64)) {
        self.0.iter().for_each(|(source, item, count)| each(*source, *item, *count));
    }
}

#[derive(Debug, Clone)]
struct Case {
    pool: i64,
    sources: Vec<Source>,
    rows: Vec<(u32, u32, u64)>,
    items: usize,
    parts: Vec<Part>,
    lines: usize,
}

/// Listeners with equal and unequal fees and plays, each with some plays of some items; items in
/// halves, thirds and hundredths.
fn case(amount: impl Strategy<Value = u128> + Clone + 'static) -> impl Strategy<Value = Case> {
    let sizes = (1..8_usize, 1..10_usize);
    sizes.prop_flat_map(move |(sources, items)| {
        let row = (
            0..u32::try_from(sources).unwrap(),
            0..u32::try_from(items).unwrap(),
            prop_oneof![3 => Just(1_u64), 1 => 0..40_u64],
        );
        let amounts = prop::collection::vec((amount.clone(), 0..3_u64), sources);
        let splits = prop::collection::vec(
            prop_oneof![Just(1_i128), Just(2), Just(3), Just(100), Just(i128::MAX / 3)],
            items,
        );
        (pool(), amounts, prop::collection::vec(row, 0..60), splits).prop_map(
            move |(pool, amounts, rows, splits)| {
                let counted = |source: usize| -> u64 {
                    rows.iter().filter(|row| row.0 as usize == source).map(|row| row.2).sum()
                };
                // Some sources have counts elsewhere too.
                let source = |(source, (amount, others)): (usize, &(u128, u64))| Source {
                    amount: *amount,
                    of: counted(source) + others,
                };
                // A line of its own for the first part; the others of two items share one.
                let mut parts = Vec::new();
                for (item, below) in splits.iter().enumerate() {
                    let item = u32::try_from(item).unwrap();
                    let first = Fraction::new(1, *below).unwrap();
                    let second = Fraction::ONE.minus(first).unwrap();
                    let line = item / 2 * 3;
                    parts.push(Part { line: line + item % 2, item, share: first });
                    parts.push(Part { line: line + 2, item, share: second });
                }
                parts.sort_by_key(|part| part.line);
                Case {
                    pool,
                    sources: amounts.iter().enumerate().map(source).collect(),
                    lines: parts.last().map_or(0, |part| part.line as usize + 1),
                    parts,
                    rows,
                    items,
                }
            },
        )
    })
}

fn check(case: &Case) {
    let rows = Rows(case.rows.clone());
    let sums = Sums { sources: &case.sources, items: case.items, counts: &rows };
    let mut weights = vec![BigRational::zero(); case.items];
    for (source, item, count) in &case.rows {
        let Source { amount, of } = case.sources[*source as usize];
        if *count > 0 {
            weights[*item as usize] += BigRational::new(BigInt::from(amount) * *count, of.into());
        }
    }
    let mut lines = vec![BigRational::zero(); case.lines];
    for Part { line, item, share } in &case.parts {
        let share = BigRational::new(share.numerator().into(), share.denominator().into());
        lines[*line as usize] += &weights[*item as usize] * share;
    }
    assert_eq!(sums.total(), weights.iter().sum::<BigRational>());
    let shares = sums.allocate(Micros::new(case.pool), &sums.total(), &case.parts, case.lines);
    assert_eq!(numbers(shares), plain(case.pool, &lines), "{case:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn sums_of_equal_fees(case in case(prop_oneof![Just(9_990_000_u128), Just(1_u128)])) {
        check(&case);
    }

    #[test]
    fn sums_of_any_amounts(case in case(prop_oneof![Just(0_u128), 1..10_u128, any::<u64>().prop_map(u128::from), any::<u128>()])) {
        check(&case);
    }
}

#[test]
fn a_thousand_equal_remainders_go_by_index() {
    // Every listener played three recordings once: all shares are thirds of a ledger unit.
    let sources = vec![Source { amount: 1, of: 3 }; 1_000];
    let rows = (0..1_000_u32).flat_map(|source| (0..3).map(move |n| (source, source * 3 + n, 1)));
    let rows = Rows(rows.collect());
    let sums = Sums { sources: &sources, items: 3_000, counts: &rows };
    let parts: Vec<Part> =
        (0..3_000).map(|item| Part { line: item, item, share: Fraction::ONE }).collect();
    let shares = sums.allocate(Micros::new(1_000), &sums.total(), &parts, 3_000).unwrap();
    let expected = (0..3_000).map(|item| Micros::new(i64::from(item < 1_000)));
    assert_eq!(shares, expected.collect::<Vec<_>>());
}
