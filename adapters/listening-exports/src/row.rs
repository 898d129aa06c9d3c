//! What the formats' rows have in common.

use crate::{ExportedPlay, WhySkipped};
use serde::de::DeserializeOwned;

/// No play of a track is longer: a row that says so is damaged.
pub(crate) const MAX_LISTENED_MS: u64 = 7 * 24 * 3_600_000;

/// A row that is a play, before it has its id.
#[derive(Debug)]
pub(crate) struct ReadRow {
    /// With an empty `play_id`: that depends on the rows before it.
    pub(crate) play: ExportedPlay,
    /// Whether the export tells how long it was listened to.
    pub(crate) listened_known: bool,
}

/// Reads a row's JSON text.
pub(crate) fn parse<T: DeserializeOwned>(row: &[u8]) -> Result<T, WhySkipped> {
    serde_json::from_slice(row).map_err(|error| {
        let text = error.to_string();
        // The position is one in the row, which nobody sees alone.
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
        WhySkipped::Form(text.chars().take(160).collect())
    })
}

/// Checks a listened time in milliseconds; parts of one are cut.
pub(crate) fn listened_ms(value: f64, field: &'static str) -> Result<u64, WhySkipped> {
    if value < 0.0 {
        return Err(WhySkipped::Negative(field));
    }
    whole(value).filter(|ms| *ms <= MAX_LISTENED_MS).ok_or(WhySkipped::TooLong(field))
}

/// The whole part of a number that lies in 0 ..= 2^53, where a float holds every integer.
///
/// Numbers are read as floats because both `1443521965` and `1443521965.000000` occur.
pub(crate) fn whole(value: f64) -> Option<u64> {
    const MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in range, and cutting the fraction is what it is for"
    )]
    (0.0..=MAX).contains(&value).then_some(value as u64)
}
