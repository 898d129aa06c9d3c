//! A pool, allocated once by weights: floor, then the largest remainders.
//!
//! Every share is the exact `pool · weight / Σ weights`, rounded down to a ledger unit; the units
//! that are left go one each to the largest remainders, and of equal ones to the lower index. So
//! shares sum to the pool, each lies less than a unit from the exact one, a weight of nothing gets
//! nothing, and the same weights in the same order give the same shares everywhere. (The method
//! is Hamilton's; Balinski and Young, "Fair Representation", 1982.)

use crate::Micros;
use num_bigint::BigUint;
use num_traits::ToPrimitive;

/// Why a pool can't be allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllocateError {
    /// There is money, and nobody's weight is more than nothing.
    #[error("there is money to allocate and nobody to give it to: give somebody a weight")]
    Nobody,
}

/// The shares of `pool` by `weights`, in their order; they sum to it. Of equal remainders the
/// lower index comes first, so sort by payee, then line. A negative pool is the same pool the
/// other way: what a reversal takes is what the payment gave.
///
/// # Errors
/// [`AllocateError`] where `pool` isn't 0 and all weights are.
pub fn allocate(pool: Micros, weights: &[u128]) -> Result<Vec<Micros>, AllocateError> {
    let magnitude = pool.get().unsigned_abs();
    let total = weights.iter().try_fold(0_u128, |sum, weight| sum.checked_add(*weight));
    let fits = |total: &u128| total.checked_mul(u128::from(magnitude)).is_some();
    let shares = match total.filter(fits) {
        Some(0) => return nobody(magnitude, weights.len()),
        Some(total) => match u64::try_from(total) {
            Ok(total) => narrow(magnitude, weights, total),
            Err(_) => wide(magnitude, weights, total),
        },
        None => {
            let weights: Vec<BigUint> = weights.iter().map(|weight| (*weight).into()).collect();
            boundless(magnitude, &weights)
        }
    };
    Ok(signed(pool, &shares))
}

/// The same for weights of any size.
///
/// # Errors
/// As [`allocate`].
pub fn allocate_big(pool: Micros, weights: &[BigUint]) -> Result<Vec<Micros>, AllocateError> {
    let small: Option<Vec<u128>> = weights.iter().map(ToPrimitive::to_u128).collect();
    match small {
        Some(small) => allocate(pool, &small),
        None => Ok(signed(pool, &boundless(pool.get().unsigned_abs(), weights))),
    }
}

fn nobody(magnitude: u64, many: usize) -> Result<Vec<Micros>, AllocateError> {
    if magnitude == 0 { Ok(vec![Micros::ZERO; many]) } else { Err(AllocateError::Nobody) }
}

/// Most pools: remainders fit a word.
fn narrow(magnitude: u64, weights: &[u128], total: u64) -> Vec<u64> {
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for weight in weights {
        let product = u128::from(magnitude) * weight;
        let (share, remainder) = match u64::try_from(product) {
            Ok(product) => (product / total, product % total),
            Err(_) => {
                let (share, remainder) = (product / u128::from(total), product % u128::from(total));
                (to_u64(share), to_u64(remainder))
            }
        };
        shares.push(share);
        remainders.push(remainder);
    }
    top_up(magnitude, &mut shares, &remainders);
    shares
}

fn wide(magnitude: u64, weights: &[u128], total: u128) -> Vec<u64> {
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for weight in weights {
        let product = u128::from(magnitude) * weight;
        shares.push(to_u64(product / total));
        remainders.push(product % total);
    }
    top_up(magnitude, &mut shares, &remainders);
    shares
}

fn boundless(magnitude: u64, weights: &[BigUint]) -> Vec<u64> {
    let total: BigUint = weights.iter().sum();
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for weight in weights {
        let product = weight * magnitude;
        let share = &product / &total;
        shares.push(share.to_u64().expect("a part of the pool is at most the pool"));
        remainders.push(product - share * &total);
    }
    top_up(magnitude, &mut shares, &remainders);
    shares
}

fn to_u64(number: u128) -> u64 {
    u64::try_from(number)
        .expect("a part of the pool is at most the pool, a remainder below the total")
}

/// Gives what the floors left of the pool, one unit each, to the largest remainders.
fn top_up<R: Ord + Clone>(magnitude: u64, shares: &mut [u64], remainders: &[R]) {
    let floors: u128 = shares.iter().map(|share| u128::from(*share)).sum();
    let rest = usize::try_from(u128::from(magnitude) - floors)
        .expect("fewer units are left than there are shares");
    if rest == 0 {
        return;
    }
    let mut ranked = remainders.to_vec();
    let (_, least, _) = ranked.select_nth_unstable_by(rest - 1, |left, right| right.cmp(left));
    let above = remainders.iter().filter(|remainder| *remainder > least).count();
    let mut of_equal = rest - above;
    for (share, remainder) in shares.iter_mut().zip(remainders) {
        let gets = match remainder.cmp(least) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal if of_equal > 0 => {
                of_equal -= 1;
                true
            }
            _ => false,
        };
        *share += u64::from(gets);
    }
}

/// Shares of the magnitude, with the pool's sign.
pub(crate) fn signed(pool: Micros, shares: &[u64]) -> Vec<Micros> {
    let sign = |share: &u64| {
        let share = i128::from(*share);
        let share = if pool.is_negative() { -share } else { share };
        Micros::new(i64::try_from(share).expect("a part of the pool is at most the pool"))
    };
    let shares: Vec<Micros> = shares.iter().map(sign).collect();
    assert_eq!(Micros::sum(shares.iter().copied()), Ok(pool), "shares sum to the pool");
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(pool: &str, weights: &[u128]) -> String {
        let shares = allocate(Micros::parse(pool).unwrap(), weights);
        shares.map_or_else(
            |error| error.to_string(),
            |shares| shares.iter().map(Micros::to_string).collect::<Vec<_>>().join(" "),
        )
    }

    #[test]
    fn the_first_of_equals_gets_the_unit() {
        for (pool, weights, expected) in [
            ("100", &[1, 1, 1][..], "33.333334 33.333333 33.333333"),
            ("-100", &[1, 1, 1], "-33.333334 -33.333333 -33.333333"),
            ("0.000002", &[1, 0, 1, 1], "0.000001 0.000000 0.000001 0.000000"),
            ("0.000001", &[1, 2], "0.000000 0.000001"),
            ("0", &[0, 0], "0.000000 0.000000"),
            ("0", &[], ""),
            ("5", &[u128::MAX, u128::MAX], "2.500000 2.500000"),
            ("0.000003", &[1 << 100, 1 << 100], "0.000002 0.000001"),
            ("9223372036854.775807", &[u128::MAX, 1], "9223372036854.775807 0.000000"),
        ] {
            assert_eq!(shares(pool, weights), expected, "{pool} by {weights:?}");
        }
    }

    #[test]
    fn money_for_nobody_is_refused() {
        assert_eq!(allocate(Micros::new(1), &[]), Err(AllocateError::Nobody));
        assert_eq!(allocate(Micros::new(-1), &[0, 0]), Err(AllocateError::Nobody));
        let least = Micros::new(i64::MIN);
        assert_eq!(allocate(least, &[3]), Ok(vec![least]));
    }
}
