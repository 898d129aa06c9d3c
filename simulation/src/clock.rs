//! The clock of the simulated machine, and the true time that it doesn't know.

use ledgerline_app::ports::Clock;
use ledgerline_ids::UnixMs;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// 2026-03-01T12:00:00Z: where every simulation begins.
pub const BEGINNING_MS: u64 = 1_772_366_400_000;
/// A minute in milliseconds.
pub const MINUTE_MS: u64 = 60_000;
/// An hour in milliseconds.
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
/// A day in milliseconds.
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// The machine's clock: true time, and how far the wall clock is off.
#[derive(Debug, Default)]
pub struct SimulatedClock {
    passed_ms: AtomicU64,
    off_ms: AtomicI64,
}

impl SimulatedClock {
    /// The true time in milliseconds since 1970. Never goes back.
    #[must_use]
    pub fn true_ms(&self) -> u64 {
        BEGINNING_MS + self.passed_ms.load(Ordering::Relaxed)
    }

    /// Lets `millis` pass.
    pub fn pass(&self, millis: u64) {
        self.passed_ms.fetch_add(millis, Ordering::Relaxed);
    }

    /// Lets time pass until the true time is `until_ms`, where it isn't later already.
    pub fn pass_until(&self, until_ms: u64) {
        self.pass(until_ms.saturating_sub(self.true_ms()));
    }

    /// The wall clock is off by so much from now on.
    pub fn set_off(&self, off_ms: i64) {
        self.off_ms.store(off_ms, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> UnixMs {
        let now = self.true_ms().saturating_add_signed(self.off_ms.load(Ordering::Relaxed));
        UnixMs::new(now).expect("simulations end long before 2109")
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.passed_ms.load(Ordering::Relaxed))
    }
}
