//! The machine's source of randomness.

use ledgerline_app::ports::Random;
use std::fs::File;
use std::io::Read;

/// Random bytes from the kernel, fit for keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// Where the kernel gives no random bytes: a key that can be guessed must never be made.
    fn fill(&self, bytes: &mut [u8]) {
        let mut source = File::open("/dev/urandom")
            .expect("/dev/urandom can be opened: no key is made without randomness");
        source
            .read_exact(bytes)
            .expect("/dev/urandom can be read: no key is made without randomness");
    }
}
