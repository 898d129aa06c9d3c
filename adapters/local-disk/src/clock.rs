//! The machine's clock.

use ledgerline_app::ports::Clock;
use ledgerline_ids::UnixMs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose [`Clock::elapsed`] begins now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    /// A machine that is set to before 1970 or after 2109 gets the nearest instant of that
    /// range; logs never go back in time, so the one does no harm and the other is seen.
    fn now(&self) -> UnixMs {
        #[expect(clippy::disallowed_methods, reason = "this is the port's one real clock")]
        let now = SystemTime::now();
        let millis = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        u64::try_from(millis)
            .ok()
            .and_then(|millis| UnixMs::new(millis).ok())
            .unwrap_or(UnixMs::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
