//! Seeded changes to inputs. Equal seeds give equal changes on every machine.

/// An input has at most so many bytes after a change.
const BYTES_MAX: usize = 8 * 1024;

/// Numbers at which readers change their mind, as text.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1",
    "0.5",
    "1e3",
    "1e400",
    "29999",
    "30000",
    "604800000",
    "604800001",
    "4294967295",
    "4294967296",
    "4398046511103",
    "4398046511104",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999",
];

/// Numbers that follow from a seed alone (xorshift64, Marsaglia 2003).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // 0 would stay 0, and small seeds begin with small numbers.
        Self((seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    /// The next number below `limit`, which is at least 1.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from((self.0 >> 11) % limit).unwrap_or(0)
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or(0)
    }
}

/// Makes new inputs out of a corpus.
#[derive(Debug)]
pub struct Mutator<'c> {
    corpus: &'c [Vec<u8>],
    dictionary: &'c [Vec<u8>],
    random: Random,
}

impl<'c> Mutator<'c> {
    /// Changes entries of `corpus`, with words of `dictionary` among what is put in.
    #[must_use]
    pub fn new(corpus: &'c [Vec<u8>], dictionary: &'c [Vec<u8>], seed: u64) -> Self {
        Self { corpus, dictionary, random: Random::new(seed) }
    }

    /// An entry with one to eight changes.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.entry().to_vec();
        // One change more often than many: it is what comes closest to being valid.
        let changes = 1 + self.random.below(8).min(self.random.below(8));
        for _ in 0..changes {
            self.change(&mut input);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn entry(&mut self) -> &'c [u8] {
        let at = self.random.below(self.corpus.len());
        self.corpus.get(at).map_or(&[], Vec::as_slice)
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.below(input.len() + 1);
        match self.random.below(10) {
            0 => {
                let bit = 1 << self.random.below(8);
                input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bit);
            }
            1 => {
                let odd = [0, 1, 0x7f, 0x80, 0xff, b'\n', b'"', self.random.byte()];
                let byte = odd[self.random.below(odd.len())];
                input.iter_mut().skip(at).take(1).for_each(|found| *found = byte);
            }
            2 => {
                let length = self.length();
                let bytes: Vec<u8> = (0..length).map(|_| self.random.byte()).collect();
                input.splice(at..at, bytes);
            }
            3 => drop(input.drain(self.range(input.len(), at))),
            4 => {
                // A piece of it once more, somewhere else.
                let piece = input[self.range(input.len(), at)].to_vec();
                let to = self.random.below(input.len() + 1);
                input.splice(to..to, piece);
            }
            5 => {
                let other = self.entry();
                let from = self.random.below(other.len() + 1);
                let piece = other[self.range(other.len(), from)].to_vec();
                input.splice(at..at, piece);
            }
            6 => self.number(input, at),
            7 => input.truncate(at),
            _ => {
                let word = self.random.below(self.dictionary.len());
                let Some(word) = self.dictionary.get(word) else { return };
                // Over what is there as often as between.
                let over = self.random.below(2) * word.len();
                let end = (at + over).min(input.len());
                input.splice(at..end, word.iter().copied());
            }
        }
    }

    // Mostly short, at times long.
    fn length(&mut self) -> usize {
        let most = [4, 4, 16, 256][self.random.below(4)];
        1 + self.random.below(most)
    }

    fn range(&mut self, length: usize, from: usize) -> std::ops::Range<usize> {
        from..(from + self.length()).min(length)
    }

    // Puts another number in the place of the first one behind `at`.
    fn number(&mut self, input: &mut Vec<u8>, at: usize) {
        let number = NUMBERS[self.random.below(NUMBERS.len())].bytes();
        let from = (at..input.len()).find(|at| input[*at].is_ascii_digit());
        let Some(from) = from else { return };
        let length = input[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        input.splice(from..from + length, number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_make_equal_inputs() {
        let corpus = [b"{\"a\":12}".to_vec(), b"[1,2,3]".to_vec()];
        let words = [b"null".to_vec()];
        let inputs = |seed| -> Vec<Vec<u8>> {
            let mut mutator = Mutator::new(&corpus, &words, seed);
            (0..500).map(|_| mutator.next_input()).collect()
        };
        assert_eq!(inputs(7), inputs(7));
        assert_ne!(inputs(7), inputs(8));
        let holds =
            |word: &[u8]| inputs(7).iter().any(|i| i.windows(word.len()).any(|w| w == word));
        assert!(holds(b"null") && holds(b"1844674407370955161"));
        assert!(Mutator::new(&[], &[], 1).next_input().len() <= BYTES_MAX);
    }
}
