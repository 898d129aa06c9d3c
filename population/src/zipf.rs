//! Which recording is played: few are played much, most hardly ever.
//!
//! Rejection-inversion (Hörmann, Derflinger: "Rejection-inversion to generate variates
//! from monotone discrete distributions", 1996): constant time and no table, so that a
//! catalogue of a hundred million tracks costs nothing.

use crate::seed::Random;

/// How steeply popularity falls with rank.
pub(crate) const EXPONENT: f64 = 1.07;

/// Ranks `1..=ranks`, rank k as often as k to the power of minus [`EXPONENT`].
#[derive(Debug, Clone)]
pub(crate) struct Zipf {
    ranks: u32,
    area_from: f64,
    area_to: f64,
    sure: f64,
}

impl Zipf {
    /// The distribution over `1..=ranks`.
    pub(crate) fn new(ranks: u32) -> Self {
        Self {
            ranks,
            area_from: area(1.5) - 1.0,
            area_to: area(f64::from(ranks) + 0.5),
            sure: 2.0 - area_inverse(area(2.5) - height(2.0)),
        }
    }

    /// A rank.
    #[inline]
    pub(crate) fn rank(&self, random: &mut Random) -> u32 {
        loop {
            let at = self.area_to + random.unit() * (self.area_from - self.area_to);
            let x = area_inverse(at);
            let rank = self.nearest(x);
            let k = f64::from(rank);
            if k - x <= self.sure || at >= area(k + 0.5) - height(k) {
                return rank;
            }
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast to u32 saturates, and the result is clamped to the ranks"
    )]
    fn nearest(&self, x: f64) -> u32 {
        ((x + 0.5) as u32).clamp(1, self.ranks)
    }
}

#[inline]
fn height(x: f64) -> f64 {
    x.powf(-EXPONENT)
}

#[inline]
fn area(x: f64) -> f64 {
    (1.0 - x.powf(1.0 - EXPONENT)) / (EXPONENT - 1.0)
}

#[inline]
fn area_inverse(area: f64) -> f64 {
    (1.0 - area * (EXPONENT - 1.0)).powf(-1.0 / (EXPONENT - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_as_frequent_as_the_law_says() {
        let zipf = Zipf::new(1_000);
        let mut random = Random::new(3);
        let mut seen = vec![0u32; 1_001];
        for _ in 0..400_000 {
            seen[usize::try_from(zipf.rank(&mut random)).unwrap()] += 1;
        }
        let all: f64 = (1..=1_000).map(|k| height(f64::from(k))).sum();
        for rank in [1u32, 2, 3, 10, 100] {
            let wanted = 400_000.0 * height(f64::from(rank)) / all;
            let got = f64::from(seen[usize::try_from(rank).unwrap()]);
            assert!((got - wanted).abs() < 5.0 * wanted.sqrt(), "rank {rank}: {got} not {wanted}");
        }
        assert_eq!(seen[0], 0);
        assert!(seen[1_000] > 0);
    }
}
