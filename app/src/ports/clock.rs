//! Time and randomness, so that the simulator can choose both.

use ledgerline_ids::UnixMs;
use std::time::Duration;

/// The machine's clock.
pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time. May jump.
    fn now(&self) -> UnixMs;
    /// Time since some fixed point. Never goes back.
    fn elapsed(&self) -> Duration;
}

/// A source of randomness that is fit for keys.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}
