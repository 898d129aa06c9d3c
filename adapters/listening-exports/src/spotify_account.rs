//! Spotify's account data: `StreamingHistory*.json`.
//!
//! `{"endTime": "2021-04-22 05:41", "artistName", "trackName", "msPlayed"}`; the podcast
//! files call the names `podcastName` and `episodeName`. Times are UTC, to the minute
//! (Spotify, "Understanding your data": streaming history).

use crate::row::{self, ReadRow};
use crate::{ExportedPlay, WhySkipped, track_key};
use ledgerline_ids::UnixMs;
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "endTime")]
    end_time: Option<String>,
    #[serde(rename = "artistName", alias = "podcastName")]
    artist_name: Option<String>,
    #[serde(rename = "trackName", alias = "episodeName")]
    track_name: Option<String>,
    #[serde(rename = "msPlayed")]
    ms_played: Option<f64>,
}

/// Reads one row.
pub(crate) fn read(text: &[u8]) -> Result<ReadRow, WhySkipped> {
    let row: Row = row::parse(text)?;
    let end_time = row.end_time.ok_or(WhySkipped::Missing("endTime"))?;
    let artist_name = row.artist_name.ok_or(WhySkipped::Missing("artistName"))?;
    let track_name = row.track_name.ok_or(WhySkipped::Missing("trackName"))?;
    let ms_played = row.ms_played.ok_or(WhySkipped::Missing("msPlayed"))?;

    let ended_at = minute(&end_time).ok_or(WhySkipped::Time("endTime"))?;
    let listened_ms = row::listened_ms(ms_played, "msPlayed")?;
    let play = ExportedPlay {
        play_id: String::new(),
        track_id: track_key::from_names(&artist_name, &track_name),
        track_name: Some(track_name),
        artist_name: Some(artist_name),
        listened_ms,
        started_at: ended_at.minus(listened_ms),
        ended_at,
        skipped: None,
        completed: None,
        offline: None,
        territory: None,
    };
    Ok(ReadRow { play, listened_known: true })
}

/// Reads `2021-04-22 05:41` as UTC.
fn minute(text: &str) -> Option<UnixMs> {
    let (day, minute) = text.split_once(' ')?;
    // Only the shape that Spotify writes: anything longer would be another clock or zone.
    if day.len() != 10 || minute.len() != 5 {
        return None;
    }
    UnixMs::parse_rfc3339(&format!("{day}T{minute}:00Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_ends_at_its_minute_and_began_as_long_before_as_was_played() {
        let text = br#"{"endTime":"2021-04-22 05:41","artistName":"AC/DC","trackName":"T.N.T.",
                        "msPlayed":90500,"new":[{}]}"#;
        let play = read(text).unwrap().play;
        assert_eq!(play.ended_at.to_string(), "2021-04-22T05:41:00.000Z");
        assert_eq!(play.started_at.to_string(), "2021-04-22T05:39:29.500Z");
        assert_eq!((play.listened_ms, play.track_id.as_str()), (90_500, "AC%2FDC/T.N.T."));
        assert_eq!(play.artist_name.as_deref(), Some("AC/DC"));

        let podcast = br#"{"endTime":"1970-01-01 00:01","podcastName":"P","episodeName":"E","msPlayed":90000.0}"#;
        let play = read(podcast).unwrap().play;
        assert_eq!((play.started_at, play.track_id.as_str()), (UnixMs::EPOCH, "P/E"));
    }

    #[test]
    fn bad_rows_are_named() {
        let row = |end: &str, ms: &str| {
            let text =
                format!(r#"{{"endTime":{end},"artistName":"A","trackName":"T","msPlayed":{ms}}}"#);
            read(text.as_bytes()).map(|_| ()).unwrap_err()
        };
        let good = r#""2021-04-22 05:41""#;
        assert_eq!(row(good, "-1"), WhySkipped::Negative("msPlayed"));
        assert_eq!(row(good, "604800001"), WhySkipped::TooLong("msPlayed"));
        assert_eq!(row(good, "1e300"), WhySkipped::TooLong("msPlayed"));
        assert_eq!(row(good, "null"), WhySkipped::Missing("msPlayed"));
        assert!(matches!(row(good, r#""many""#), WhySkipped::Form(_)));
        for end in [
            "2021-02-30 05:41",
            "2021-04-22 24:41",
            "2021-04-22",
            "2021-04-22 05:41:00",
            "2021-04-22T05:41",
            "1969-12-31 23:59",
            "2200-01-01 00:00",
            "é021-04-2 05:41",
            "",
        ] {
            assert_eq!(row(&format!("{end:?}"), "1"), WhySkipped::Time("endTime"), "{end}");
        }
        for (text, missing) in [
            (r#"{"artistName":"A","trackName":"T","msPlayed":1}"#, "endTime"),
            (r#"{"endTime":"2021-04-22 05:41","trackName":"T","msPlayed":1}"#, "artistName"),
            (r#"{"endTime":"2021-04-22 05:41","artistName":"A","msPlayed":1}"#, "trackName"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err(), WhySkipped::Missing(missing));
        }
        for text in ["1", "null", "[]", r#""row""#, r#"{"endTime":"\ud800"}"#] {
            assert!(matches!(read(text.as_bytes()), Err(WhySkipped::Form(_))), "{text}");
        }
    }
}
