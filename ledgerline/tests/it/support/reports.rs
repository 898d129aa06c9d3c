//! Reports as text.

use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

/// A report of a play, as a line.
pub fn line(play_id: &str, user_id: &str, track_id: &str, listened_ms: u64) -> String {
    with(play_id, user_id, track_id, listened_ms, &json!({}))
}

/// A report of a play, as a line, with further fields.
pub fn with(
    play_id: &str,
    user_id: &str,
    track_id: &str,
    listened_ms: u64,
    further: &Value,
) -> String {
    let mut report = json!({
        "play_id": play_id,
        "user_id": user_id,
        "track_id": track_id,
        "duration_listened_ms": listened_ms,
    });
    let fields = further.as_object().into_iter().flatten();
    for (name, value) in fields {
        report[name.as_str()] = value.clone();
    }
    format!("{report}\n")
}

/// Milliseconds since 1970, by this machine's clock: the server has no other.
pub fn now_ms() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the server in the other process uses it too")]
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(now.expect("it is after 1970").as_millis()).expect("it is before 2109")
}
