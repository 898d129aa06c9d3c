//! Numbers that look random and follow from a seed alone.
//!
//! `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
//! 2014). Nothing here is secret: whoever knows the seed knows every number.

/// Fixed offsets, so that the parts of a population draw from unrelated numbers.
pub(crate) mod part {
    pub(crate) const DELAYS: u64 = 1;
    pub(crate) const LISTENERS: u64 = 2;
    pub(crate) const ACTIVITY: u64 = 3;
    pub(crate) const BOTS: u64 = 4;
    pub(crate) const EDGES: u64 = 5;
    pub(crate) const WINDOWS: u64 = 6;
    pub(crate) const RETRIES: u64 = 7;
    pub(crate) const KEYS: u64 = 8;
    pub(crate) const PLAIN: u64 = 9;
    pub(crate) const REPEATS: u64 = 10;
    pub(crate) const TURNS: u64 = 11;
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Scatters a number over all 64 bits; no two numbers have the same image.
#[inline]
pub(crate) fn mix(number: u64) -> u64 {
    let a = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    b ^ (b >> 31)
}

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The sequence of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    /// The sequence of the `number`-th thing in one part of the population.
    #[inline]
    pub(crate) fn of(seed: u64, part: u64, number: u64) -> Self {
        Self { state: mix(mix(seed.wrapping_add(part.wrapping_mul(STEP))).wrapping_add(number)) }
    }

    /// The next 64 bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number in `0..limit`; 0 where `limit` is 0.
    #[inline]
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// A number in `0..limit`; 0 where `limit` is 0.
    #[inline]
    pub(crate) fn below_u32(&mut self, limit: u32) -> u32 {
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// A number in `0..limit`; 0 where `limit` is 0.
    pub(crate) fn below_u8(&mut self, limit: u8) -> u8 {
        u8::try_from(self.below_u32(u32::from(limit))).expect("less than a u8")
    }

    /// An index into something of `length`; 0 where that is 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("less than a length")
    }

    /// A number in `least..=greatest`.
    #[inline]
    pub(crate) fn between(&mut self, least: u32, greatest: u32) -> u32 {
        least + self.below_u32(greatest - least + 1)
    }

    /// True `share` times in 10 000.
    #[inline]
    pub(crate) fn chance(&mut self, share: u32) -> bool {
        self.below_u32(10_000) < share
    }

    /// A number from 0 up to, but never, 1.
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / 9_007_199_254_740_992.0;
        (self.next() >> 11) as f64 * SCALE
    }
}

/// Puts `items` in an order that follows from `seed` alone (Fisher and Yates).
pub(crate) fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut random = Random::new(seed);
    for last in (1..items.len()).rev() {
        items.swap(last, random.index(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence_comes_out() {
        // SplitMix64 from state 0, as its authors' C program prints it.
        let mut random = Random { state: 0 };
        let first = [random.next(), random.next(), random.next()];
        assert_eq!(first, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    #[test]
    fn limits_are_kept_and_reached() {
        let mut random = Random::new(7);
        let mut seen = [false; 5];
        for _ in 0..1_000 {
            seen[usize::try_from(random.below(5)).unwrap()] = true;
            assert!((3..=9).contains(&random.between(3, 9)));
            assert!((0.0..1.0).contains(&random.unit()));
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..1_000).collect();
        shuffle(&mut items, 1);
        assert_ne!(items, (0..1_000).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..1_000).collect::<Vec<_>>());
    }
}
