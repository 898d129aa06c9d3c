//! Spotify's extended streaming history: `endsong_*.json`, `Streaming_History_Audio_*.json`.
//!
//! `{"ts": "2022-02-22T20:46:54Z", "ms_played", "spotify_track_uri", …}`; `ts` is when the
//! play ended, UTC, to the second. Episodes and audiobook chapters have URIs and names of
//! their own, and any field may be null (Spotify, "Read me first – extended streaming
//! history", in the export).

use crate::row::{self, ReadRow};
use crate::{ExportedPlay, WhySkipped, track_key};
use ledgerline_ids::{Territory, TrackId, UnixMs};
use serde::Deserialize;
use serde_json::Value;

/// What only adds to a play is a [`Value`]: a surprise there shouldn't cost the play.
#[derive(Deserialize)]
struct Row {
    ts: Option<String>,
    ms_played: Option<f64>,
    master_metadata_track_name: Option<String>,
    master_metadata_album_artist_name: Option<String>,
    spotify_track_uri: Option<String>,
    episode_name: Option<String>,
    episode_show_name: Option<String>,
    spotify_episode_uri: Option<String>,
    audiobook_title: Option<String>,
    audiobook_chapter_title: Option<String>,
    audiobook_chapter_uri: Option<String>,
    reason_end: Option<Value>,
    skipped: Option<Value>,
    offline: Option<Value>,
    conn_country: Option<Value>,
}

/// Reads one row.
pub(crate) fn read(text: &[u8]) -> Result<ReadRow, WhySkipped> {
    let row: Row = row::parse(text)?;
    let ts = row.ts.ok_or(WhySkipped::Missing("ts"))?;
    let ms_played = row.ms_played.ok_or(WhySkipped::Missing("ms_played"))?;

    let ended_at = UnixMs::parse_rfc3339(&ts).map_err(|_| WhySkipped::Time("ts"))?;
    let listened_ms = row::listened_ms(ms_played, "ms_played")?;
    let uri = [row.spotify_track_uri, row.spotify_episode_uri, row.audiobook_chapter_uri]
        .into_iter()
        .flatten()
        .find(|uri| is_uri(uri));
    let track_name =
        row.master_metadata_track_name.or(row.episode_name).or(row.audiobook_chapter_title);
    let artist_name =
        row.master_metadata_album_artist_name.or(row.episode_show_name).or(row.audiobook_title);
    let track_id = uri.unwrap_or_else(|| match (&artist_name, &track_name) {
        (None, None) => track_key::UNKNOWN.to_owned(),
        (artist, track) => track_key::from_names(
            artist.as_deref().unwrap_or_default(),
            track.as_deref().unwrap_or_default(),
        ),
    });
    let play = ExportedPlay {
        play_id: String::new(),
        track_id,
        track_name,
        artist_name,
        listened_ms,
        started_at: ended_at.minus(listened_ms),
        ended_at,
        skipped: row.skipped.as_ref().and_then(Value::as_bool),
        completed: row.reason_end.as_ref().and_then(Value::as_str).map(|why| why == "trackdone"),
        offline: row.offline.as_ref().and_then(Value::as_bool),
        territory: row.conn_country.as_ref().and_then(Value::as_str).and_then(territory),
    };
    Ok(ReadRow { play, listened_known: true })
}

/// Whether it can be a track's id and can't be mistaken for one made of names.
fn is_uri(text: &str) -> bool {
    text.starts_with("spotify:") && !text.contains('/') && TrackId::new(text).is_ok()
}

/// Spotify writes `ZZ`, which ISO 3166-1 leaves to its users, for an unknown country.
fn territory(code: &str) -> Option<String> {
    Territory::new(code).ok().filter(|code| code.as_str() != "ZZ").map(|code| code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(more: &str) -> ExportedPlay {
        let text = format!(r#"{{"ts":"2022-02-22T20:46:54Z","ms_played":219310{more}}}"#);
        read(text.as_bytes()).unwrap().play
    }

    #[test]
    fn a_row_keeps_what_the_export_knows() {
        let full = play(
            r#","spotify_track_uri":"spotify:track:0uoyRcSBbBsHFpMHmYBJ0j","conn_country":"SE",
            "master_metadata_track_name":"Bianca Stratford","username":null,"shuffle":true,
            "master_metadata_album_artist_name":"BB Bean","reason_end":"trackdone",
            "skipped":false,"offline":true"#,
        );
        assert_eq!(full.track_id, "spotify:track:0uoyRcSBbBsHFpMHmYBJ0j");
        assert_eq!(full.ended_at.to_string(), "2022-02-22T20:46:54.000Z");
        assert_eq!(full.started_at.to_string(), "2022-02-22T20:43:14.690Z");
        assert_eq!(full.track_name.as_deref(), Some("Bianca Stratford"));
        assert_eq!(full.artist_name.as_deref(), Some("BB Bean"));
        assert_eq!((full.skipped, full.offline), (Some(false), Some(true)));
        assert_eq!((full.completed, full.territory.as_deref()), (Some(true), Some("SE")));

        let bare = play("");
        assert_eq!((bare.completed, bare.skipped, bare.offline), (None, None, None));
        assert_eq!(bare.territory, None);
        let odd = play(r#","skipped":"no","conn_country":"ZZ","offline":1,"reason_end":"fwdbtn""#);
        assert_eq!((odd.skipped, odd.offline, odd.territory), (None, None, None));
        assert_eq!(odd.completed, Some(false));
        assert_eq!(play(r#","conn_country":"Sweden""#).territory, None);
    }

    #[test]
    fn the_best_name_of_the_track_is_its_id() {
        let long = format!(
            r#","spotify_track_uri":"spotify:local:{}","episode_name":"E""#,
            "x".repeat(256)
        );
        let rows = [
            (
                r#","spotify_track_uri":null,"spotify_episode_uri":"spotify:episode:5""#,
                "spotify:episode:5",
            ),
            (
                r#","spotify_track_uri":"","audiobook_chapter_uri":"spotify:episode:7""#,
                "spotify:episode:7",
            ),
            (r#","master_metadata_track_name":"T","master_metadata_album_artist_name":"A""#, "A/T"),
            (r#","episode_name":"E","episode_show_name":"S""#, "S/E"),
            (r#","episode_name":"E""#, "/E"),
            (r#","spotify_track_uri":"spotify:a/b""#, "unknown"),
            (&long, "/E"),
            ("", "unknown"),
        ];
        for (more, id) in rows {
            assert_eq!(play(more).track_id, id, "{more}");
        }
    }

    #[test]
    fn bad_rows_are_named() {
        let rows = [
            (r#"{"ms_played":1}"#, WhySkipped::Missing("ts")),
            (r#"{"ts":"2022-02-22T20:46:54Z"}"#, WhySkipped::Missing("ms_played")),
            (r#"{"ts":"22.02.2022","ms_played":1}"#, WhySkipped::Time("ts")),
            (r#"{"ts":"2022-02-22T20:46:54Z","ms_played":-5}"#, WhySkipped::Negative("ms_played")),
            (
                r#"{"ts":"2022-02-22T20:46:54Z","ms_played":604800001}"#,
                WhySkipped::TooLong("ms_played"),
            ),
        ];
        for (text, why) in rows {
            assert_eq!(read(text.as_bytes()).unwrap_err(), why, "{text}");
        }
    }
}
