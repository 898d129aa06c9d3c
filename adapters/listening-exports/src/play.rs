//! What a row becomes, and what is said of a row that doesn't.

use ledgerline_ids::UnixMs;
use std::fmt;

/// A format of listening history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Spotify, "account data": the last year, to the minute
    /// (`StreamingHistory0.json`, `StreamingHistory_music_0.json`).
    SpotifyAccount,
    /// Spotify, "extended streaming history": everything, to the second
    /// (`endsong_0.json`, `Streaming_History_Audio_2019_0.json`).
    SpotifyExtended,
    /// `ListenBrainz`, "export user data": one JSON object per line, a file per month.
    ListenBrainz,
}

impl Kind {
    /// The name that an import's source carries: `spotify-account`, `spotify-extended`
    /// or `listenbrainz`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SpotifyAccount => "spotify-account",
            Self::SpotifyExtended => "spotify-extended",
            Self::ListenBrainz => "listenbrainz",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One play of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedPlay {
    /// Derived from the row and its ordinal among equal rows: a valid
    /// [`PlayId`](ledgerline_ids::PlayId), the same whenever the row is read again.
    pub play_id: String,
    /// A valid [`TrackId`](ledgerline_ids::TrackId): the service's URI, `mbid:` and a
    /// `MusicBrainz` recording id, `artist/track`, or `unknown`.
    pub track_id: String,
    /// The track's or episode's name, as exported.
    pub track_name: Option<String>,
    /// The artist's or show's name, as exported.
    pub artist_name: Option<String>,
    /// Time that sounded. For [`Kind::ListenBrainz`] mostly the least that a listen
    /// stands for, see [`listenbrainz`](crate::listenbrainz()).
    pub listened_ms: u64,
    /// When it began: the end less `listened_ms` where the export only has the end,
    /// not before 1970.
    pub started_at: UnixMs,
    /// When it ended, in [`Kind::SpotifyAccount`] to the minute.
    pub ended_at: UnixMs,
    /// Whether the listener skipped on, where the export says so.
    pub skipped: Option<bool>,
    /// Whether the track played to its end, where the export says so.
    pub completed: Option<bool>,
    /// Whether it played without a connection, where the export says so.
    pub offline: Option<bool>,
    /// The country it played in, ISO 3166-1 alpha-2 in upper case, where the export has one.
    pub territory: Option<String>,
}

/// A row that became no play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedRow {
    /// The file, as [`ExportFile::name`](crate::ExportFile::name) shows it.
    pub file: String,
    /// The row's number in the file, from 1; for a file of lines the line's number.
    pub row: u64,
    /// What is wrong with it.
    pub why: WhySkipped,
}

impl fmt::Display for SkippedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, row {}: {}", self.file, self.row, self.why)
    }
}

/// Why a row became no play.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhySkipped {
    /// Not an object, or a field of another type.
    #[error("not a row of this format: {0}")]
    Form(String),
    /// A field that every row has is absent or null.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A time that can't be read, or outside 1970 to 2109.
    #[error("{0} is no time between 1970 and 2109")]
    Time(&'static str),
    /// A listened time below zero.
    #[error("{0} is negative")]
    Negative(&'static str),
    /// A listened time of more than seven days.
    #[error("{0} is more than seven days")]
    TooLong(&'static str),
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Rows seen: `plays + skipped`.
    pub rows: u64,
    /// Rows that became plays.
    pub plays: u64,
    /// Rows that did not.
    pub skipped: u64,
    /// Plays whose row names no track at all; their `track_id` is `unknown`.
    pub unknown_track: u64,
    /// Plays whose listened time the export doesn't tell, and which therefore have 0.
    pub unknown_listened: u64,
    /// The earliest start of a play.
    pub first_started_at: Option<UnixMs>,
    /// The latest end of a play.
    pub last_ended_at: Option<UnixMs>,
    /// Whether the caller broke off.
    pub stopped_early: bool,
}
