//! The deployment's keyed hashes.
//!
//! `SipHash` is keyed, so nobody outside can choose listeners or play ids that all
//! fall into one shard or that collide (Aumasson, Bernstein: "SipHash: a fast
//! short-input PRF", 2012). The key is drawn once, when a deployment is created.

use crate::ShardId;

/// The key of every hash of one deployment. Losing it loses the index, not the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HashKey([u8; 16]);

/// 128 bits that stand for a play's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityHash(pub u128);

/// 64 bits that stand for a listener (or, for an anonymous play, for the play).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerHash(pub u64);

impl HashKey {
    /// A key of 16 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored beside the log.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// A hasher for `domain`: equal bytes in two domains have unrelated hashes.
    #[must_use]
    #[inline]
    pub fn hasher(&self, domain: u8) -> KeyedHasher {
        let mut hasher = KeyedHasher::new(&self.0);
        hasher.take(u64::from(domain), 1);
        hasher
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(..)")
    }
}

/// Takes parts one after the other; each part's length is hashed with it, so that
/// `("ab", "c")` and `("a", "bc")` differ.
///
/// This is `SipHash-1-3` with 128 bits of output over the parts laid end to end, numbers little
/// end first. Parts are short and many, so what is incomplete is kept in one word, and whole
/// words of a text go straight into the state.
#[derive(Debug, Clone, Copy)]
pub struct KeyedHasher {
    state: [u64; 4],
    // The bytes that fill no word yet, the first lowest, and how many they are: at most 7.
    tail: u64,
    tail_bytes: u32,
    length: u64,
}

// Everything is inlined: between two parts of a hash the state stays in registers.
#[inline(always)]
fn round([mut v0, mut v1, mut v2, mut v3]: [u64; 4]) -> [u64; 4] {
    v0 = v0.wrapping_add(v1);
    v2 = v2.wrapping_add(v3);
    v1 = v1.rotate_left(13) ^ v0;
    v3 = v3.rotate_left(16) ^ v2;
    v0 = v0.rotate_left(32).wrapping_add(v3);
    v2 = v2.wrapping_add(v1);
    v3 = v3.rotate_left(21) ^ v0;
    v1 = v1.rotate_left(17) ^ v2;
    [v0, v1, v2.rotate_left(32), v3]
}

impl KeyedHasher {
    #[inline(always)]
    fn new(key: &[u8; 16]) -> Self {
        let (low, high) = key.split_at(8);
        let k0 = u64::from_le_bytes(low.try_into().expect("eight bytes"));
        let k1 = u64::from_le_bytes(high.try_into().expect("eight bytes"));
        // "somepseudorandomlygeneratedbytes", as the paper has it; 0xee where 128 bits come out.
        let state = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        Self { state, tail: 0, tail_bytes: 0, length: 0 }
    }

    #[inline(always)]
    fn word(&mut self, word: u64) {
        self.state[3] ^= word;
        self.state = round(self.state);
        self.state[0] ^= word;
    }

    // Adds the low `bytes` bytes of `value`, at least one and at most eight; the others are 0.
    #[inline(always)]
    fn take(&mut self, value: u64, bytes: u32) {
        let before = self.tail_bytes;
        self.length += u64::from(bytes);
        self.tail |= value << (8 * before);
        self.tail_bytes += bytes;
        if self.tail_bytes >= 8 {
            self.word(self.tail);
            self.tail = if before == 0 { 0 } else { value >> (8 * (8 - before)) };
            self.tail_bytes -= 8;
        }
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        self.length += 8 * words.len() as u64;
        if self.tail_bytes == 0 {
            for word in words {
                self.word(u64::from_le_bytes(*word));
            }
        } else {
            let shift = 8 * self.tail_bytes;
            for word in words {
                let word = u64::from_le_bytes(*word);
                self.word(self.tail | word << shift);
                self.tail = word >> (64 - shift);
            }
        }
        if !rest.is_empty() {
            self.take(short(rest), u32::try_from(rest.len()).expect("at most seven"));
        }
    }

    /// Adds a text.
    #[inline(always)]
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.take(u64::from(u16::try_from(text.len()).unwrap_or(u16::MAX)), 2);
        self.bytes(text.as_bytes());
        self
    }

    /// Adds a text that may be absent; absent and empty differ.
    #[inline(always)]
    pub fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => {
                self.take(1, 1);
                self.text(text)
            }
            None => {
                self.take(0, 1);
                self
            }
        }
    }

    /// Adds a number.
    #[inline(always)]
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.take(number, 8);
        self
    }

    // The state after everything, and the low half of the hash.
    #[inline(always)]
    fn finish(mut self) -> ([u64; 4], u64) {
        self.word(self.tail | self.length << 56);
        self.state[2] ^= 0xee;
        let state = round(round(round(self.state)));
        (state, state[0] ^ state[1] ^ state[2] ^ state[3])
    }

    /// All 128 bits.
    #[inline(always)]
    #[must_use]
    pub fn finish128(&self) -> u128 {
        let (mut state, low) = self.finish();
        state[1] ^= 0xdd;
        let state = round(round(round(state)));
        let high = state[0] ^ state[1] ^ state[2] ^ state[3];
        u128::from(low) | u128::from(high) << 64
    }

    /// The low 64 bits.
    #[inline(always)]
    #[must_use]
    pub fn finish64(&self) -> u64 {
        self.finish().1
    }
}

// Up to seven bytes as a number, the first lowest.
#[inline(always)]
fn short(bytes: &[u8]) -> u64 {
    let mut value = 0;
    let mut rest = bytes;
    if let Some((four, behind)) = rest.split_first_chunk::<4>() {
        value = u64::from(u32::from_le_bytes(*four));
        rest = behind;
    }
    let mut shift = 8 * (bytes.len() - rest.len());
    for byte in rest {
        value |= u64::from(*byte) << shift;
        shift += 8;
    }
    value
}

impl ListenerHash {
    /// The shard that this listener's plays meet in.
    #[inline]
    #[must_use]
    pub fn shard(self) -> ShardId {
        ShardId::of_hash(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use siphasher::sip128::{Hasher128, SipHasher13};
    use std::hash::Hasher;

    /// The same parts by another's implementation, byte by byte.
    struct Reference(Vec<u8>);

    impl Reference {
        fn text(&mut self, text: &str) {
            self.0.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    #[test]
    fn hashes_are_siphash_1_3_of_the_parts() {
        let key: [u8; 16] = std::array::from_fn(|at| u8::try_from(at * 7 + 3).expect("small"));
        let long = "Zo\u{eb} ".repeat(30_000);
        for (before, length) in (0..20).flat_map(|before| (0..70).map(move |at| (before, at))) {
            let mut hasher = HashKey::new(key).hasher(9);
            let mut reference = Reference(vec![9]);
            let first = "x".repeat(before);
            hasher.text(&first);
            reference.text(&first);
            hasher.optional(None).number(0x0102_0304_0506_0708 << before);
            reference.0.push(0);
            reference.0.extend_from_slice(&(0x0102_0304_0506_0708u64 << before).to_le_bytes());
            let text: String =
                long.chars().take(if length == 69 { 140_000 } else { length }).collect();
            hasher.optional(Some(&text));
            reference.0.push(1);
            reference.text(&text);
            let mut sip = SipHasher13::new_with_key(&key);
            sip.write(&reference.0);
            assert_eq!(hasher.finish128(), sip.finish128().as_u128(), "{before} {length}");
            assert_eq!(hasher.finish64(), sip.finish128().h1);
        }
    }

    /// Data folders depend on these values: they never change.
    #[test]
    fn hashes_stay_what_they_are() {
        let mut hasher = HashKey::new(*b"0123456789abcdef").hasher(3);
        hasher.text("web-player").optional(Some("listener-1")).number(0).text("play-1");
        assert_eq!(hasher.finish128(), GOLDEN);
    }

    const GOLDEN: u128 = 0x3b7f_990c_71af_c686_5fa9_78f6_12af_6e9c;
}
