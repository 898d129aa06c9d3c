//! One report from JSON: every field's presence, type and range.
//!
//! Hand-written, because two things matter here that a derived reader can't do at once:
//! a sender must read which field is wrong and what would be right, and a core must
//! read a million reports a second. Strings are borrowed from the line.

use std::borrow::Cow;

use ledgerline_app::intake::PlaybackReport;
use ledgerline_ids::{
    ContextPart, DeviceId, IdError, PlayId, Quality, SessionId, Territory, Tier, TrackId, UnixMs,
    UserId,
};
use ledgerline_records::report::{Context, PlaybackEvent};

use super::reader::{self, Field};
use super::refusal::{Code, LineError};

/// The most bytes that one report may have: 64 KiB.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// The most bytes that a stream grant may have.
pub const GRANT_BYTES_MAX: usize = 4096;

/// A text as it came: borrowed from the line unless it held escapes.
pub(super) type Text<'a> = Option<Cow<'a, str>>;

/// One report, read from JSON, its types and ranges checked; [`ReportLine::report`] checks
/// its identifiers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportLine<'a> {
    pub(super) play_id: Text<'a>,
    pub(super) user: Text<'a>,
    pub(super) track: Cow<'a, str>,
    pub(super) listened_ms: u64,
    pub(super) started_at: Option<UnixMs>,
    pub(super) sent_at: Option<UnixMs>,
    pub(super) event: Option<PlaybackEvent>,
    pub(super) completed: Option<bool>,
    pub(super) session: Text<'a>,
    pub(super) device: Text<'a>,
    pub(super) quality: Text<'a>,
    pub(super) offline: Option<bool>,
    pub(super) context: Option<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) tier: Text<'a>,
    pub(super) territory: Text<'a>,
    pub(super) preview: bool,
    pub(super) imported: bool,
    pub(super) grant: Text<'a>,
    pub(super) unknown_fields: u32,
}

impl<'a> ReportLine<'a> {
    /// The report, its identifiers checked.
    ///
    /// # Errors
    /// [`LineError`] with `invalid_value`, naming the field and what would be right.
    #[inline]
    pub fn report(&self) -> Result<PlaybackReport<'_>, LineError> {
        macro_rules! id {
            ($type:ident, $field:ident, $text:expr) => {
                $type::new($text).map_err(|error| invalid_id(Field::$field, error))
            };
            ($type:ident ?, $field:ident, $text:expr) => {
                match $text {
                    Some(text) => id!($type, $field, text).map(Some),
                    None => Ok(None),
                }
            };
        }
        Ok(PlaybackReport {
            play_id: id!(PlayId?, PlayId, &self.play_id)?,
            user: id!(UserId?, User, &self.user)?,
            track: id!(TrackId, Track, &self.track)?,
            listened_ms: self.listened_ms,
            started_at: self.started_at,
            sent_at: self.sent_at,
            event: self.event,
            completed: self.completed,
            session: id!(SessionId?, Session, &self.session)?,
            device: id!(DeviceId?, Device, &self.device)?,
            quality: id!(Quality?, Quality, &self.quality)?,
            offline: self.offline,
            context: match &self.context {
                Some((kind, id)) => Some(Context {
                    kind: id!(ContextPart, ContextType, kind)?,
                    id: id!(ContextPart, ContextId, id)?,
                }),
                None => None,
            },
            tier: id!(Tier?, Tier, &self.tier)?,
            territory: id!(Territory?, Territory, &self.territory)?,
            preview: self.preview,
            imported: self.imported,
            grant: self.grant.as_deref(),
        })
    }

    /// The stream grant as it was sent; at most [`GRANT_BYTES_MAX`] bytes, otherwise unchecked.
    #[must_use]
    pub fn grant(&self) -> Option<&str> {
        self.grant.as_deref()
    }

    /// How many fields it had that no report has. They are ignored.
    #[must_use]
    pub fn unknown_fields(&self) -> u32 {
        self.unknown_fields
    }
}

#[cold]
fn invalid_id(field: Field, error: IdError) -> LineError {
    LineError::new(Code::InvalidValue, format!("{} {error}", field.name()))
}

/// Reads one report from JSON, as it stands in a line of NDJSON or as an element of an array.
///
/// # Errors
/// [`LineError`]. A line that is no JSON is `malformed_json` whatever else is wrong with it;
/// of several wrong fields, the first is named.
#[inline]
pub fn decode_line(line: &[u8]) -> Result<ReportLine<'_>, LineError> {
    if line.len() > LINE_BYTES_MAX {
        return Err(LineError::new(
            Code::LineTooLong,
            format!("a report has at most {LINE_BYTES_MAX} bytes, this one has {}", line.len()),
        ));
    }
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to() + 1;
            let detail = format!("must be UTF-8, which it is not at byte {at}");
            return Err(LineError::new(Code::InvalidUtf8, detail));
        }
    };
    reader::read(text)
}
