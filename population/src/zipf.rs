//! Which recording is played, and who plays it: few much, most hardly ever.
//!
//! Rejection-inversion (Hörmann, Derflinger: "Rejection-inversion to generate variates
//! from monotone discrete distributions", 1996): constant time and no table, so that a
//! catalogue of a hundred million tracks costs nothing.

use crate::seed::Random;

/// How steeply frequency falls with rank: rank k is as frequent as k to the power of minus this.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Exponent(f64);

impl Exponent {
    /// So many hundredths; exactly 1 is 100.
    pub(crate) fn of_hundredths(hundredths: u32) -> Self {
        Self(f64::from(hundredths) / 100.0)
    }

    /// How frequent a rank is, beside the first.
    #[inline]
    pub(crate) fn height(self, x: f64) -> f64 {
        x.powf(-self.0)
    }

    // An integral of the height, up to a constant.
    #[inline]
    fn area(self, x: f64) -> f64 {
        let over = self.0 - 1.0;
        if over == 0.0 { x.ln() } else { (1.0 - x.powf(-over)) / over }
    }

    #[inline]
    fn area_inverse(self, area: f64) -> f64 {
        let over = self.0 - 1.0;
        if over == 0.0 { area.exp() } else { (1.0 - area * over).powf(-1.0 / over) }
    }
}

/// Ranks `1..=ranks`, as frequent as their [`Exponent`] says.
#[derive(Debug, Clone)]
pub(crate) struct Zipf {
    exponent: Exponent,
    ranks: u32,
    area_from: f64,
    area_to: f64,
    sure: f64,
}

impl Zipf {
    /// The distribution over `1..=ranks`.
    pub(crate) fn new(ranks: u32, exponent: Exponent) -> Self {
        let second = exponent.area(2.5) - exponent.height(2.0);
        Self {
            exponent,
            ranks,
            area_from: exponent.area(1.5) - 1.0,
            area_to: exponent.area(f64::from(ranks) + 0.5),
            sure: 2.0 - exponent.area_inverse(second),
        }
    }

    /// A rank.
    #[inline]
    pub(crate) fn rank(&self, random: &mut Random) -> u32 {
        loop {
            let at = self.area_to + random.unit() * (self.area_from - self.area_to);
            let x = self.exponent.area_inverse(at);
            let rank = self.nearest(x);
            let k = f64::from(rank);
            let below = self.exponent.area(k + 0.5) - self.exponent.height(k);
            if k - x <= self.sure || at >= below {
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

/// The same, where the first ranks share evenly what they have, so that none is more frequent than is
/// allowed: of people, nobody listens all day and all night.
#[derive(Debug, Clone)]
pub(crate) struct FlatHead {
    zipf: Zipf,
    head: u32,
    /// The share of the head's draws that are taken.
    taken: f64,
}

impl FlatHead {
    /// No rank has more than `share_max` of all draws, or than all of them have where they are alike.
    pub(crate) fn new(ranks: u32, exponent: Exponent, share_max: f64) -> Self {
        let height = |rank: u32| exponent.height(f64::from(rank));
        let mut tail: f64 = (1..=ranks).map(height).sum();
        let mut in_head = 0.0;
        let mut head = 0;
        while head < ranks {
            head += 1;
            tail -= height(head);
            in_head += height(head);
            if height(head) <= share_max * (f64::from(head) * height(head) + tail) {
                break;
            }
        }
        let taken = f64::from(head) * height(head) / in_head;
        Self { zipf: Zipf::new(ranks, exponent), head, taken }
    }

    /// A rank.
    #[inline]
    pub(crate) fn rank(&self, random: &mut Random) -> u32 {
        loop {
            let rank = self.zipf.rank(random);
            if rank > self.head {
                return rank;
            }
            if random.unit() < self.taken {
                return 1 + random.below_u32(self.head);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u32 = 400_000;

    fn seen(ranks: u32, mut rank: impl FnMut(&mut Random) -> u32) -> Vec<f64> {
        let mut random = Random::new(3);
        let mut seen = vec![0u32; usize::try_from(ranks).unwrap() + 1];
        for _ in 0..DRAWS {
            seen[usize::try_from(rank(&mut random)).unwrap()] += 1;
        }
        assert_eq!(seen[0], 0);
        seen.into_iter().map(f64::from).collect()
    }

    // Five standard deviations of a count are less than one wrong test in a million.
    #[track_caller]
    fn is_near(rank: usize, got: f64, share: f64) {
        let wanted = f64::from(DRAWS) * share;
        assert!((got - wanted).abs() < 5.0 * wanted.sqrt(), "rank {rank}: {got} not {wanted}");
    }

    #[test]
    fn ranks_are_as_frequent_as_the_law_says() {
        for hundredths in [0, 50, 99, 100, 101, 107, 120] {
            let exponent = Exponent::of_hundredths(hundredths);
            let zipf = Zipf::new(1_000, exponent);
            let seen = seen(1_000, |random| zipf.rank(random));
            let all: f64 = (1..=1_000).map(|k| exponent.height(f64::from(k))).sum();
            for rank in [1u32, 2, 3, 10, 100, 1_000] {
                let at = usize::try_from(rank).unwrap();
                is_near(at, seen[at], exponent.height(f64::from(rank)) / all);
            }
        }
    }

    /// Zipf's law as it is written: rank k of n has one part in k times the n-th harmonic number.
    #[test]
    fn an_exponent_of_one_is_harmonic() {
        for ranks in [10u32, 1_000, 1_000_000] {
            let zipf = Zipf::new(ranks, Exponent::of_hundredths(100));
            let seen = seen(ranks, |random| zipf.rank(random));
            let harmonic: f64 = (1..=ranks).map(|k| 1.0 / f64::from(k)).sum();
            for rank in [1u32, 2, 5, 10] {
                let at = usize::try_from(rank).unwrap();
                is_near(at, seen[at], 1.0 / (f64::from(rank) * harmonic));
            }
            // So has the second half of all ranks, together.
            let half = usize::try_from(ranks / 2).unwrap();
            let share: f64 = (ranks / 2 + 1..=ranks).map(|k| 1.0 / f64::from(k)).sum();
            is_near(half, seen[half + 1..].iter().sum(), share / harmonic);
        }
    }

    #[test]
    fn a_flat_head_has_what_is_allowed_and_the_rest_is_zipfs() {
        let one = Exponent::of_hundredths(100);
        let flat = FlatHead::new(1_000, one, 0.01);
        let seen = seen(1_000, |random| flat.rank(random));
        let head = usize::try_from(flat.head).unwrap();
        assert!((10..30).contains(&head), "{head}");
        let tail: f64 = (flat.head + 1..=1_000).map(|k| 1.0 / f64::from(k)).sum();
        // Ranks of the head are as frequent as its last one would be.
        let all = 1.0 + tail;
        for rank in [1, 2, head] {
            is_near(rank, seen[rank], 1.0 / (f64::from(flat.head) * all));
        }
        assert!(1.0 / (f64::from(flat.head) * all) <= 0.01);
        for rank in [head + 1, 100, 1_000] {
            is_near(rank, seen[rank], 1.0 / (rank as f64 * all));
        }
    }

    #[test]
    fn a_head_may_be_all_or_one() {
        let one = Exponent::of_hundredths(100);
        assert_eq!(FlatHead::new(50, one, 0.0).head, 50);
        let steep = FlatHead::new(50, one, 1.0);
        assert_eq!(steep.head, 1);
        assert!((steep.taken - 1.0).abs() < 1e-12);
    }
}
