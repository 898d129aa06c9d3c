//! Numbers that look drawn, the same in each run.

/// A generator (splitmix64).
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// From a seed.
    pub fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.bits() % limit.max(1)
    }

    /// A place from 0 on among `count`, the one of rank k as often as 1/k (Zipf's law, as its continuous form
    /// has it).
    pub fn zipf(&mut self, count: usize) -> usize {
        let unit = f64::from(u32::try_from(self.bits() >> 32).unwrap_or(0)) / f64::from(u32::MAX);
        #[expect(clippy::cast_precision_loss, reason = "a count that is exact to 2^53")]
        let rank = (count as f64 + 1.0).powf(unit);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 1 up to the count"
        )]
        let place = rank as usize;
        place.saturating_sub(1).min(count.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_drawn_often() {
        let mut draw = Draw::new(1);
        let places: Vec<usize> = (0..100_000).map(|_| draw.zipf(1_000_000)).collect();
        let share = |below: usize| places.iter().filter(|place| **place < below).count() / 1_000;
        // Of ranks up to r, about ln r / ln 1 000 000.
        assert!((48..=52).contains(&share(1_000)), "{}", share(1_000));
        assert!(places.iter().all(|place| *place < 1_000_000));
        assert!((0..100).all(|_| draw.zipf(1) == 0 && draw.below(3) < 3));
    }
}
