//! The machine's clock, and how far it is believed.

use ledgerline_app::ports::Clock;
use ledgerline_ids::UnixMs;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The machine's clock. Receive times never go back, so a wrong jump ahead would stay for good:
/// one of more than a minute is believed only once it has lasted five.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    belief: Mutex<Belief>,
}

/// A jump ahead of up to this is believed at once: clocks are put right by less.
const JUMP_MS_MAX: u64 = 60_000;
/// A greater one is believed once it has lasted as long.
const DOUBTED_FOR: Duration = Duration::from_secs(300);

/// What is believed of a clock, by one that only counts the time that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Belief {
    /// What the clock said when it was last believed.
    millis: u64,
    /// When that was.
    at: Duration,
    /// Since when it is ahead of that.
    doubted_since: Option<Duration>,
}

impl Belief {
    fn new(millis: u64, at: Duration) -> Self {
        Self { millis, at, doubted_since: None }
    }

    /// The time in milliseconds since 1970, where the clock says `millis` when `passed` has passed.
    fn tell(&mut self, millis: u64, passed: Duration) -> u64 {
        let since = u64::try_from(passed.saturating_sub(self.at).as_millis()).unwrap_or(u64::MAX);
        let expected = self.millis.saturating_add(since);
        if millis <= expected.saturating_add(JUMP_MS_MAX) {
            *self = Self::new(millis, passed);
            return millis;
        }
        let doubted_since = *self.doubted_since.get_or_insert_with(|| {
            tracing::warn!(
                ahead_s = (millis - expected) / 1000,
                "the machine's clock has jumped ahead; it is believed if it stays so for five minutes"
            );
            passed
        });
        if passed.saturating_sub(doubted_since) < DOUBTED_FOR {
            return expected;
        }
        tracing::warn!(
            ahead_s = (millis - expected) / 1000,
            "the machine's clock is believed again"
        );
        *self = Self::new(millis, passed);
        millis
    }
}

impl SystemClock {
    /// A clock whose [`Clock::elapsed`] begins now.
    #[must_use]
    pub fn new() -> Self {
        let belief = Mutex::new(Belief::new(wall_millis(), passed()));
        Self { started: Instant::now(), belief }
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
        let mut belief = self.belief.lock().expect("nobody panics while holding it");
        UnixMs::new(belief.tell(wall_millis(), passed())).unwrap_or(UnixMs::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

fn wall_millis() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this is the port's one real clock")]
    let now = SystemTime::now();
    let millis = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(millis).unwrap_or(u64::MAX)
}

/// The time since the machine started, asleep or not: after a sleep the clock is right to be ahead.
fn passed() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    // Elsewhere the monotonic clock counts sleep too, or a sleep is doubted for its five minutes.
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told, where the clock says so many seconds after so many have passed.
    fn check(what: &str, rows: &[(u64, u64, u64)]) {
        let began = 1_800_000_000;
        let mut belief = Belief::new(began * 1000, Duration::from_secs(7));
        for (passed, says, told) in rows {
            let now = Duration::from_secs(7 + passed);
            assert_eq!(belief.tell((began + says) * 1000, now), (began + told) * 1000, "{what}");
        }
    }

    #[test]
    fn a_jump_ahead_is_believed_when_it_lasts() {
        check("a clock that goes right", &[(0, 0, 0), (1, 1, 1), (9_000, 9_000, 9_000)]);
        check("a small step is believed at once", &[(1, 61, 61), (2, 62, 62), (2, 2, 2)]);
        check(
            "a jump that passes does no harm",
            &[(1, 1, 1), (2, 90_000, 2), (200, 90_200, 200), (201, 201, 201), (600, 600, 600)],
        );
        check(
            "one that lasts is believed",
            &[(2, 90_000, 2), (301, 90_301, 301), (302, 90_302, 90_302), (303, 90_303, 90_303)],
        );
        check(
            "each jump has its own five minutes",
            &[(2, 900, 2), (3, 3, 3), (302, 9_000, 302), (303, 9_001, 303), (602, 9_300, 9_300)],
        );
        check("nobody asked for long", &[(100_000, 100_000, 100_000)]);
        check("it may go back", &[(10, 10, 10), (11, 5, 5), (12, 6, 6)]);
    }
}
