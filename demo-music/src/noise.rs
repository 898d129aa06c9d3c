//! Randomness that follows from a seed: the small differences that a player makes, and noise.

/// xorshift64* (Vigna, 2016): fast, and the same on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn of(seed: u64) -> Self {
        // Neighbouring seeds must not sound alike, and zero would stay zero.
        let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// From −1 to below 1; of white noise, one sample.
    pub(crate) fn white(&mut self) -> f32 {
        self.unit() * 2.0 - 1.0
    }

    /// Around 0, seldom beyond ±1: what a steady hand misses by.
    pub(crate) fn near(&mut self) -> f32 {
        (self.white() + self.white() + self.white()) / 3.0
    }
}
