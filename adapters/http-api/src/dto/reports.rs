//! Reports as the contract describes them, and what becomes of a body of them.
//!
//! The shapes of reports here only describe: what reads them is [`reports`](crate::reports).

#![allow(unused_qualifications, reason = "what ToSchema is derived to qualifies its names")]

use std::borrow::Cow;

use ledgerline_app::intake::{Kept, Rejection};
use serde::Serialize;
use utoipa::openapi::schema::{
    ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{KnownFormat, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::EventWord;

/// What became of a body of which at least one report was good.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// How many reports are durable now. Each will have exactly one verdict.
    #[schema(minimum = 1)]
    pub accepted: u64,
    /// Where they are durable.
    pub kept: KeptWord,
    /// The reports that were refused; at most 1000 of them.
    #[schema(max_items = 1000)]
    pub rejected: Vec<Rejected>,
    /// How many reports were refused, where `rejected` doesn't list all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rejected_total: Option<u64>,
    /// True where a play is of a device that its listener has left for another since: what goes on there counts
    /// for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub elsewhere: Option<bool>,
}

/// Where acknowledged reports are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Kept)]
#[serde(rename_all = "snake_case")]
pub enum KeptWord {
    /// In the report log.
    Log,
    /// Some of them on a volume of the node that was asked, and there only, until it can send them to the report log.
    Spool,
}

impl From<Kept> for KeptWord {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Log => Self::Log,
            Kept::Spool => Self::Spool,
        }
    }
}

/// A report that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// Which: the line of NDJSON, the element of an array (from 1 on), or 1 for a single object.
    #[schema(minimum = 1)]
    pub line: u64,
    /// Why, as a stable word: `malformed_json`, `not_an_object`, `missing_field`, `wrong_type`,
    /// `out_of_range`, `invalid_value`, `duplicate_field`, `invalid_utf8`, `line_too_long`,
    /// `user_not_allowed`, `too_many_plays`, `listener_erased`. There may be more one day.
    #[schema(pattern = "^[a-z0-9_]+$")]
    pub code: &'static str,
    /// Why, as a sentence that names the field and says what would be right.
    pub detail: String,
}

impl From<Rejection> for Rejected {
    fn from(rejection: Rejection) -> Self {
        Self { line: rejection.line, code: rejection.code, detail: rejection.detail }
    }
}

/// One report, or an array of them.
pub struct ReportBody;

impl PartialSchema for ReportBody {
    fn schema() -> RefOr<Schema> {
        let report = Ref::from_schema_name(Report::name());
        let reports =
            ArrayBuilder::new().items(report.clone()).min_items(Some(1)).max_items(Some(50_000));
        OneOfBuilder::new()
            .description(Some("One report, or an array of them."))
            .item(report)
            .item(reports)
            .into()
    }
}

impl ToSchema for ReportBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ReportBody")
    }
}

/// What a player says of a play: at its start, now and then while it sounds, at its end. Reports
/// of one play may come in any order and any number of times. Fields that aren't named here are
/// ignored.
#[derive(ToSchema)]
#[schema(as = PlaybackReport)]
#[allow(dead_code, reason = "it describes; reports::decode_line reads")]
pub struct Report {
    /// The play's idempotency key, the same in each of its reports: a UUIDv7, minted when the
    /// play starts. Without one, plays are told apart by `started_at`.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    play_id: Option<String>,
    /// The listener, by a pseudonym. At most 128 bytes, no control characters.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    user_id: Option<String>,
    /// The recording. At most 256 bytes, no control characters.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    track_id: String,
    /// The time that really sounded so far in this play, in milliseconds: cumulative, without
    /// pauses, a repeated passage counting again. Written without fraction and exponent.
    #[schema(minimum = 0, maximum = 604_800_000)]
    duration_listened_ms: u64,
    /// When the play started, by the device.
    started_at: Option<ReportInstant>,
    /// When the report was sent, by the device.
    sent_at: Option<ReportInstant>,
    /// Why the report was sent. It never changes what counts.
    event: Option<EventWord>,
    /// Whether the player says that the track was played to its end.
    completed: Option<bool>,
    /// One continuous use of a player. At most 128 bytes.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    session_id: Option<String>,
    /// The device, by a pseudonym. At most 128 bytes.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    device_id: Option<String>,
    /// The quality that was delivered, such as `320`. At most 32 bytes.
    #[schema(min_length = 1, max_length = 32, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    quality: Option<String>,
    /// Whether it was played from a download.
    offline: Option<bool>,
    /// What it was started from.
    context: Option<ReportContext>,
    /// The listener's plan, such as `free` or `premium`.
    #[schema(min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9_-]+$")]
    tier: Option<String>,
    /// The listener's country, ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$")]
    territory: Option<String>,
    /// Only a preview was played: never payable.
    preview: Option<bool>,
    /// A history brought from elsewhere: never payable.
    imported: Option<bool>,
    /// The signed stream grant of a listener's player. At most 4096 bytes.
    #[schema(max_length = 4096)]
    grant: Option<String>,
}

/// What a play was started from.
#[derive(ToSchema)]
#[schema(as = PlaybackContext)]
#[allow(dead_code, reason = "it describes; reports::decode_line reads")]
pub struct ReportContext {
    /// Its type, such as `playlist`. At most 128 bytes.
    #[schema(
        rename = "type",
        min_length = 1,
        max_length = 128,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"
    )]
    kind: String,
    /// Its id. At most 128 bytes.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    id: String,
}

/// An instant from 1970 to 2109-05-15: RFC 3339, or milliseconds since 1970.
pub struct ReportInstant;

impl PartialSchema for ReportInstant {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, not before 1970 and not after 2109-05-15"));
        let millis = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(Some(4_398_046_511_103_i64))
            .description(Some("Milliseconds since 1970"));
        OneOfBuilder::new().item(text).item(millis).into()
    }
}

impl ToSchema for ReportInstant {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ReportInstant")
    }
}
