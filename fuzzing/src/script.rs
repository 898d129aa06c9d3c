//! Bytes as decisions.

/// Takes decisions from bytes. Where these are used up every decision is 0, so that any input
/// is a script and a shorter one is a simpler one.
pub(crate) struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// A number below `limit`, out of as many bytes as that takes.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let mut number = usize::from(self.byte());
        let mut reach = 256;
        while reach < limit {
            number = number << 8 | usize::from(self.byte());
            reach <<= 8;
        }
        number % limit.max(1)
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Any number, the odd ones at the ends of what fits among them.
    pub(crate) fn number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..=127 => u64::from(small),
            128..=159 => u64::MAX - u64::from(self.byte()),
            160..=191 => (1 << 42) - u64::from(self.byte()),
            192..=223 => u64::from(u32::MAX) - u64::from(self.byte()),
            _ => self.take(8).iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        }
    }

    /// The next bytes, at most `length` of them.
    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}
