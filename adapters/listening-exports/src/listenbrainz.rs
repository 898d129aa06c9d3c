//! `ListenBrainz`'s "export user data": lines of
//! `{"listened_at": seconds, "track_metadata": {"artist_name", "track_name",
//! "additional_info": {…}}}`.
//!
//! `listened_at` is when playback started, and is written as an integer or as a decimal
//! number (listenbrainz-server, `docs/users/json.rst` and `background/export.py`).
//!
//! The export joins each listen with `MusicBrainz` as it stands that day (`mbid_mapping`).
//! That part is not read: it differs between two exports of one listen, and with it the
//! listen's id would.

use crate::row::{self, MAX_LISTENED_MS, ReadRow};
use crate::{ExportedPlay, WhySkipped, track_key};
use ledgerline_ids::UnixMs;
use serde::Deserialize;
use serde_json::Value;

/// "Listens should be submitted for tracks when the user has listened to half the track or
/// 4 minutes of the track, whichever is lower" (`ListenBrainz`, API documentation,
/// `submit-listens`).
const LISTEN_AFTER_MS: u64 = 4 * 60_000;

#[derive(Deserialize)]
struct Listen {
    listened_at: Option<f64>,
    track_metadata: Option<TrackMetadata>,
}

#[derive(Deserialize)]
struct TrackMetadata {
    artist_name: Option<String>,
    track_name: Option<String>,
    additional_info: Option<AdditionalInfo>,
}

/// What the submitting player said. Nobody checked it, so nothing here may cost the listen.
#[derive(Deserialize, Default)]
struct AdditionalInfo {
    recording_mbid: Option<Value>,
    duration_ms: Option<Value>,
    duration: Option<Value>,
    ms_played: Option<Value>,
}

/// Reads one line.
pub(crate) fn read(text: &[u8]) -> Result<ReadRow, WhySkipped> {
    let listen: Listen = row::parse(text)?;
    let listened_at = listen.listened_at.ok_or(WhySkipped::Missing("listened_at"))?;
    let track = listen.track_metadata.ok_or(WhySkipped::Missing("track_metadata"))?;
    let artist_name = track.artist_name.ok_or(WhySkipped::Missing("artist_name"))?;
    let track_name = track.track_name.ok_or(WhySkipped::Missing("track_name"))?;
    let info = track.additional_info.unwrap_or_default();

    let started_at = row::whole((listened_at * 1000.0).round())
        .and_then(|millis| UnixMs::new(millis).ok())
        .ok_or(WhySkipped::Time("listened_at"))?;
    let listened = listened_ms(&info);
    let play = ExportedPlay {
        play_id: String::new(),
        track_id: recording(&info)
            .unwrap_or_else(|| track_key::from_names(&artist_name, &track_name)),
        track_name: Some(track_name),
        artist_name: Some(artist_name),
        listened_ms: listened.unwrap_or(0),
        started_at,
        ended_at: started_at.plus(listened.unwrap_or(0)),
        skipped: None,
        completed: None,
        offline: None,
        territory: None,
    };
    Ok(ReadRow { play, listened_known: listened.is_some() })
}

/// The time played where the listen has it (`ListenBrainz`'s own import of Spotify
/// histories keeps `ms_played`), else the least time that makes a listen of a track of
/// this length.
fn listened_ms(info: &AdditionalInfo) -> Option<u64> {
    let at_least = |length_ms: u64| (length_ms / 2).min(LISTEN_AFTER_MS);
    millis(info.ms_played.as_ref(), 1.0)
        .or_else(|| millis(info.duration_ms.as_ref(), 1.0).map(at_least))
        .or_else(|| millis(info.duration.as_ref(), 1000.0).map(at_least))
}

/// A length above 0 and up to seven days, given as a number or as a number in a string.
fn millis(value: Option<&Value>, unit_ms: f64) -> Option<u64> {
    let number = match value? {
        Value::String(text) => text.trim().parse().ok()?,
        value => value.as_f64()?,
    };
    row::whole(number * unit_ms).filter(|ms| (1..=MAX_LISTENED_MS).contains(ms))
}

/// `mbid:` and the recording that the player named, where it is a UUID.
fn recording(info: &AdditionalInfo) -> Option<String> {
    let mbid = info.recording_mbid.as_ref()?.as_str()?;
    let is_uuid = mbid.len() == 36
        && mbid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_uuid.then(|| format!("mbid:{}", mbid.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(info: &str) -> ReadRow {
        let text = format!(
            r#"{{"listened_at":1443521965,"inserted_at":1443521970.5,"track_metadata":{{
            "artist_name":"Rick Astley","track_name":"Never Gonna Give You Up",
            "mbid_mapping":{{"recording_mbid":"8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"}},
            "additional_info":{info}}}}}"#
        );
        read(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_listen_stands_for_half_the_track_or_four_minutes() {
        let rows = [
            (r#"{"duration_ms":222001}"#, Some(111_000)),
            (r#"{"duration":222}"#, Some(111_000)),
            (r#"{"duration":222.5}"#, Some(111_250)),
            (r#"{"duration_ms":"222000"}"#, Some(111_000)),
            (r#"{"duration_ms":480000}"#, Some(240_000)),
            (r#"{"duration_ms":3600000}"#, Some(240_000)),
            (r#"{"duration_ms":222000,"ms_played":219310}"#, Some(219_310)),
            (r#"{"duration_ms":-1,"duration":100}"#, Some(50_000)),
            (r#"{"duration_ms":1e300}"#, None),
            (r#"{"duration_ms":0}"#, None),
            (r#"{"duration_ms":"NaN"}"#, None),
            (r#"{"duration_ms":[1]}"#, None),
            ("{}", None),
            ("null", None),
        ];
        for (info, listened) in rows {
            let row = listen(info);
            assert_eq!(row.listened_known, listened.is_some(), "{info}");
            assert_eq!(row.play.listened_ms, listened.unwrap_or(0), "{info}");
            assert_eq!(row.play.started_at.get(), 1_443_521_965_000);
            assert_eq!(row.play.ended_at.get(), 1_443_521_965_000 + row.play.listened_ms);
        }
    }

    #[test]
    fn a_recording_named_by_the_player_is_the_track() {
        let id = |info: &str| listen(info).play.track_id;
        assert_eq!(
            id(r#"{"recording_mbid":"98255A8C-017a-4bc7-8dd6-1fa36124572b"}"#),
            "mbid:98255a8c-017a-4bc7-8dd6-1fa36124572b"
        );
        for info in ["{}", r#"{"recording_mbid":"no"}"#, r#"{"recording_mbid":["98255a8c"]}"#] {
            assert_eq!(id(info), "Rick Astley/Never Gonna Give You Up", "{info}");
        }
    }

    #[test]
    fn bad_lines_are_named() {
        let track = r#""track_metadata":{"artist_name":"A","track_name":"T"}"#;
        let why = |text: &str| read(text.as_bytes()).map(|_| ()).unwrap_err();
        assert_eq!(why(&format!("{{{track}}}")), WhySkipped::Missing("listened_at"));
        assert_eq!(why(r#"{"listened_at":1}"#), WhySkipped::Missing("track_metadata"));
        assert_eq!(
            why(r#"{"listened_at":1,"track_metadata":{}}"#),
            WhySkipped::Missing("artist_name")
        );
        for time in ["-1", "1e18", "4398046512"] {
            let text = format!(r#"{{"listened_at":{time},{track}}}"#);
            assert_eq!(why(&text), WhySkipped::Time("listened_at"), "{time}");
        }
        assert!(matches!(why(r#"{"listened_at":1,"#), WhySkipped::Form(_)));
        let decimal = format!(r#"{{"listened_at":1443521965.000000,{track}}}"#);
        assert_eq!(read(decimal.as_bytes()).unwrap().play.started_at.get(), 1_443_521_965_000);
    }
}
