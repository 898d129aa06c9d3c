//! Every number that a rule has. Change one, and [`RULE_VERSION`] changes with it.

/// The version of all rules in this crate; it is part of every transition's id.
pub const RULE_VERSION: u16 = 1;

/// A play counts from this listened time on, in milliseconds; a shorter track as a whole.
pub const THRESHOLD_MS: u64 = 30_000;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// A report comes in time up to this long after its play's start.
pub const ACCEPTANCE_MS: u64 = 35 * DAY_MS;
/// A report comes in time up to this long *before* its play's start.
pub const CLOCK_SKEW_MS: u64 = 10 * MINUTE_MS;
/// A play's key is remembered this long after the end of its bucket.
pub const DEDUPLICATION_MS: u64 =
    if cfg!(feature = "canary-bucket-dropped-early") { 36 * DAY_MS } else { 45 * DAY_MS };
/// A UUIDv7 lives in its own hour's bucket where its time is at most this long before the
/// first receipt. Its key is then remembered for as long as any report of its play can come
/// in time, also where the device's clock is behind by as much.
pub const OWN_HOUR_MS: u64 = DEDUPLICATION_MS - ACCEPTANCE_MS - CLOCK_SKEW_MS;
/// A device's clock that is off by more than this is corrected.
pub const CLOCK_TOLERANCE_MS: u64 = 2 * MINUTE_MS;
/// Reports without key and start are of one play while less than this lies between them.
pub const WINDOW_MS: u64 = 5 * MINUTE_MS;
/// A player may have listened this much longer than its grant is old.
pub const GRANT_SLACK_MS: u64 = 10_000;

/// The numbers of the fraud rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FraudLimits {
    /// `rate`: more plays than this started in one clock hour.
    pub rate_plays_per_hour: usize,
    /// `loop`: this many plays of one track in a row.
    pub loop_plays: usize,
    /// `fresh_loop`: a listener is fresh for this long after it was first seen.
    pub fresh_ms: u64,
    /// `fresh_loop`: this many plays in a UTC day.
    pub fresh_plays_per_day: usize,
    /// `fresh_loop`: this share of them of one track, in per cent.
    pub fresh_share_percent: usize,
    /// `round_the_clock`: more listened time than this in a UTC day, in milliseconds.
    pub waking_ms: u64,
    /// `round_the_clock`: this many plays in a UTC day without one skip.
    pub unskipped_plays: usize,
    /// `round_the_clock`: a play shorter than this is a skip.
    pub skip_ms: u64,
}

/// The limits that every deployment has, until a contract of a later version says otherwise.
pub const FRAUD_LIMITS: FraudLimits = FraudLimits {
    rate_plays_per_hour: 500,
    loop_plays: 100,
    fresh_ms: 7 * DAY_MS,
    fresh_plays_per_day: 50,
    fresh_share_percent: 80,
    waking_ms: 22 * HOUR_MS,
    unskipped_plays: 1_000,
    skip_ms: THRESHOLD_MS,
};
