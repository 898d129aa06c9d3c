//! One report from JSON.

use ledgerline_app::intake::PlaybackReport;
use ledgerline_http_api::reports::{Code, LINE_BYTES_MAX, LineError, ReportLine, decode_line};
use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Quality, SessionId, Territory, Tier, TrackId, UnixMs, UserId,
};

use crate::json::{Json, depth, is_json};
use crate::memory::within;

/// Arrays and objects inside each other that no reader needs to refuse.
const DEPTH_MIN: usize = 64;

const FIELDS: &[&str] = &[
    "play_id",
    "user_id",
    "track_id",
    "duration_listened_ms",
    "started_at",
    "sent_at",
    "event",
    "completed",
    "session_id",
    "device_id",
    "quality",
    "offline",
    "context",
    "tier",
    "territory",
    "preview",
    "imported",
    "grant",
];

/// Our reader takes for JSON what `serde_json` does; what it reads of a report is what stands
/// there; and a report is refused for a reason that holds.
pub fn report_line(bytes: &[u8]) {
    let decoded = within(64 * 1024 + 8 * bytes.len(), || decode_line(bytes));
    check(bytes, &decoded);
}

/// The same of what was read of `bytes`.
pub(crate) fn check(bytes: &[u8], decoded: &Result<ReportLine<'_>, LineError>) {
    let shown = || String::from_utf8_lossy(bytes);
    let code = decoded.as_ref().err().map(|error| error.code);
    let expected = if bytes.len() > LINE_BYTES_MAX {
        Some(Code::LineTooLong)
    } else if std::str::from_utf8(bytes).is_err() {
        Some(Code::InvalidUtf8)
    } else if !is_json(bytes) {
        Some(Code::MalformedJson)
    } else {
        None
    };
    match (expected, code) {
        (Some(expected), code) => return assert_eq!(code, Some(expected), "{}", shown()),
        (None, Some(Code::MalformedJson)) => {
            let detail = decoded.as_ref().err().map_or("", |error| &error.detail);
            let too_deep = detail.contains("nested too deep") && depth(bytes) > DEPTH_MIN;
            return assert!(too_deep, "{decoded:?} of {}", shown());
        }
        (None, _) => {}
    }
    // Half a surrogate pair, or a number that no float holds: JSON, but nothing to compare.
    let Some(json) = Json::read(bytes) else { return };
    match decoded {
        Ok(line) => agrees(line, &json),
        Err(error) => refused_rightly(error, &json),
    }
}

fn refused_rightly(error: &LineError, json: &Json) {
    let named = error.detail.split([' ', '.']).next().unwrap_or_default();
    match error.code {
        Code::NotAnObject => assert!(!matches!(json, Json::Object(_)), "{json:?}"),
        Code::MissingField if named == "context" => {}
        Code::MissingField => {
            let mut values = json.fields().iter().filter(|(name, _)| name == named);
            let absent = values.clone().next().is_none();
            assert!(absent || values.any(|(_, value)| *value == Json::Null), "{error:?} {json:?}");
        }
        Code::DuplicateField if named == "context" => {}
        Code::DuplicateField => {
            let times = json.fields().iter().filter(|(name, _)| name == named).count();
            assert!(times > 1, "{error:?} {json:?}");
        }
        Code::WrongType | Code::OutOfRange | Code::InvalidValue => {
            assert!(FIELDS.contains(&named), "{error:?}");
            assert!(json.fields().iter().any(|(name, _)| name == named), "{error:?} {json:?}");
        }
        Code::LineTooLong | Code::InvalidUtf8 | Code::MalformedJson => {
            panic!("{error:?} was ruled out");
        }
    }
}

fn agrees(line: &ReportLine<'_>, json: &Json) {
    let Json::Object(fields) = json else { panic!("{line:?} is no object: {json:?}") };
    for known in FIELDS {
        let times = fields.iter().filter(|(name, _)| name == known).count();
        assert!(times < 2, "{known} stands twice: {json:?}");
    }
    let unknown = fields.iter().filter(|(name, _)| !FIELDS.contains(&name.as_str())).count();
    let context = json.field("context").fields();
    let in_context = context.iter().filter(|(name, _)| name != "type" && name != "id").count();
    assert_eq!(line.unknown_fields() as usize, unknown + in_context, "{json:?}");
    assert_eq!(line.grant(), json.text("grant"));
    match line.report() {
        Ok(report) => report_agrees(&report, json),
        Err(error) => {
            assert_eq!(error.code, Code::InvalidValue);
            assert!(!ids_are_valid(json), "{error:?} {json:?}");
        }
    }
}

fn report_agrees(report: &PlaybackReport<'_>, json: &Json) {
    let PlaybackReport { play_id, user, track, session, device, quality, tier, territory, .. } =
        *report;
    for (name, read) in [
        ("play_id", play_id.map(PlayId::as_str)),
        ("user_id", user.map(UserId::as_str)),
        ("track_id", Some(track.as_str())),
        ("session_id", session.map(SessionId::as_str)),
        ("device_id", device.map(DeviceId::as_str)),
        ("quality", quality.map(Quality::as_str)),
        ("tier", tier.map(Tier::as_str)),
        ("territory", territory.map(Territory::as_str)),
        ("event", report.event.map(|event| event.as_str())),
    ] {
        assert_eq!(read, json.text(name), "{name}");
    }
    assert_eq!(&Json::Whole(report.listened_ms), json.field("duration_listened_ms"));
    assert_eq!(report.started_at, instant(json.field("started_at")), "{json:?}");
    assert_eq!(report.sent_at, instant(json.field("sent_at")), "{json:?}");
    assert_eq!(report.completed, json.flag("completed"));
    assert_eq!(report.offline, json.flag("offline"));
    assert_eq!(report.preview, json.flag("preview").unwrap_or_default());
    assert_eq!(report.imported, json.flag("imported").unwrap_or_default());
    let context = json.field("context");
    let read = report.context.map(|context| (context.kind.as_str(), context.id.as_str()));
    assert_eq!(read, context.text("type").zip(context.text("id")));
}

fn instant(value: &Json) -> Option<UnixMs> {
    match value {
        Json::Null => None,
        Json::Whole(millis) => Some(UnixMs::new(*millis).expect("checked by the reader")),
        Json::Text(text) => Some(UnixMs::parse_rfc3339(text).expect("checked by the reader")),
        other => panic!("{other:?} was read as an instant"),
    }
}

fn ids_are_valid(json: &Json) -> bool {
    let valid = |name: &str, is: fn(&str) -> bool| json.text(name).is_none_or(is);
    let context = json.field("context");
    let part = |name: &str| context.text(name).is_none_or(|part| ContextPart::new(part).is_ok());
    valid("play_id", |text| PlayId::new(text).is_ok())
        && valid("user_id", |text| UserId::new(text).is_ok())
        && valid("track_id", |text| TrackId::new(text).is_ok())
        && valid("session_id", |text| SessionId::new(text).is_ok())
        && valid("device_id", |text| DeviceId::new(text).is_ok())
        && valid("quality", |text| Quality::new(text).is_ok())
        && valid("tier", |text| Tier::new(text).is_ok())
        && valid("territory", |text| Territory::new(text).is_ok())
        && part("type")
        && part("id")
}
