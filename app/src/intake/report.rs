//! A playback report as a sender states it, with every field checked for its form.

use ledgerline_ids::{
    DeviceId, PlayId, Quality, SessionId, Territory, Tier, TrackId, UnixMs, UserId,
};
use ledgerline_records::report::{Context, PlaybackEvent};

/// The longest listened time that one play may have: 7 days.
pub const LISTENED_MS_MAX: u64 = 7 * 86_400_000;

/// A playback report as a sender states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaybackReport<'a> {
    /// The play's idempotency key.
    pub play_id: Option<PlayId<'a>>,
    /// The listener.
    pub user: Option<UserId<'a>>,
    /// The recording.
    pub track: TrackId<'a>,
    /// Time that really sounded so far, in milliseconds; at most [`LISTENED_MS_MAX`].
    pub listened_ms: u64,
    /// Device time at the start.
    pub started_at: Option<UnixMs>,
    /// Device time at sending.
    pub sent_at: Option<UnixMs>,
    /// Why it was sent.
    pub event: Option<PlaybackEvent>,
    /// Whether the player says that the track was played to its end.
    pub completed: Option<bool>,
    /// One continuous use of a player.
    pub session: Option<SessionId<'a>>,
    /// The device.
    pub device: Option<DeviceId<'a>>,
    /// The quality delivered.
    pub quality: Option<Quality<'a>>,
    /// Whether it was played from a download.
    pub offline: Option<bool>,
    /// What it was started from.
    pub context: Option<Context<'a>>,
    /// The listener's plan.
    pub tier: Option<Tier<'a>>,
    /// The listener's country.
    pub territory: Option<Territory<'a>>,
    /// Only a preview was played.
    pub preview: bool,
    /// A history brought from elsewhere, not to be paid.
    pub imported: bool,
    /// The stream grant as it was sent; unchecked.
    pub grant: Option<&'a str>,
}

/// Why one report of a body is refused, while the others are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Which report: 1 is the first line of NDJSON, the first element of an array, or the
    /// one object.
    pub line: u64,
    /// A stable word for the reason, such as `missing_field`.
    pub code: &'static str,
    /// A sentence that says what would be right.
    pub detail: String,
}
