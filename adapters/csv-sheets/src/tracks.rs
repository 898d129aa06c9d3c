//! Tracks as CSV (RFC 4180): the first line names the columns, in any order.

use ledgerline_app::ports::CatalogueTrack;
use ledgerline_ids::{IdError, TrackId};
use std::collections::BTreeSet;
use std::fmt;

/// A recording lasts at most a week: 604 800 000 ms.
pub const DURATION_MS_MAX: u64 = 7 * 86_400_000;

/// How many wrong rows a message names.
const WRONG_SHOWN: usize = 20;

/// Why a file is no list of tracks. Nothing of it may be imported.
#[derive(Debug, thiserror::Error)]
pub enum TracksError {
    /// Not CSV in UTF-8.
    #[error("{0}")]
    NotCsv(#[from] csv::Error),
    /// Name the columns in the first line.
    #[error(
        "the first line must name the columns, track_id among them \
         (also duration_ms, title, artists, isrc)"
    )]
    NoTrackId,
    /// Mend these rows.
    #[error("{} of {rows} rows are not valid; nothing was imported{}", wrong.len(), first(wrong))]
    Wrong {
        /// Every row that isn't valid; never none.
        wrong: Vec<WrongRow>,
        /// How many rows the file has.
        rows: usize,
    },
}

/// A row that is no track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRow {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl fmt::Display for WrongRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

fn first(wrong: &[WrongRow]) -> String {
    wrong.iter().take(WRONG_SHOWN).map(|row| format!("\n  {row}")).collect()
}

/// Which cell of a row is what.
struct Columns {
    track_id: usize,
    duration_ms: Option<usize>,
    title: Option<usize>,
    artists: Option<usize>,
    isrc: Option<usize>,
}

/// Reads tracks. `artists` are separated by semicolons, lengths are in milliseconds, ISRCs
/// may have hyphens (ISO 3901); columns that aren't known are passed over.
///
/// # Errors
/// [`TracksError`]; a row that isn't valid, or stands there twice, spoils the file.
pub fn read_tracks(bytes: &[u8]) -> Result<Vec<CatalogueTrack>, TracksError> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let columns = Columns::of(reader.headers()?).ok_or(TracksError::NoTrackId)?;
    let (mut tracks, mut wrong) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        match columns.track(&record) {
            Ok(track) if !seen.insert(track.track_id.clone()) => {
                wrong.push(WrongRow { line, why: "the track stands in the file twice".to_owned() });
            }
            Ok(track) => tracks.push(track),
            Err(why) => wrong.push(WrongRow { line, why }),
        }
    }
    if wrong.is_empty() {
        return Ok(tracks);
    }
    let rows = wrong.len() + tracks.len();
    Err(TracksError::Wrong { wrong, rows })
}

impl Columns {
    fn of(headers: &csv::StringRecord) -> Option<Self> {
        let column =
            |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
        Some(Self {
            track_id: column("track_id")?,
            duration_ms: column("duration_ms"),
            title: column("title"),
            artists: column("artists"),
            isrc: column("isrc"),
        })
    }

    fn track(&self, record: &csv::StringRecord) -> Result<CatalogueTrack, String> {
        let cell = |column: Option<usize>| column.and_then(|at| record.get(at)).unwrap_or("");
        let track_id = cell(Some(self.track_id));
        TrackId::new(track_id).map_err(|error: IdError| format!("track_id {error}"))?;
        let duration_ms =
            match cell(self.duration_ms) {
                "" => None,
                digits => Some(duration_ms_of(digits).ok_or_else(|| {
                    format!("duration_ms must be 1 to {DURATION_MS_MAX}, or empty")
                })?),
            };
        let isrc = match cell(self.isrc) {
            "" => None,
            code => Some(isrc_of(code).ok_or_else(|| {
                format!("{code:?} is no ISRC: two letters, three letters or digits, seven digits")
            })?),
        };
        let artists = cell(self.artists).split(';').map(str::trim);
        Ok(CatalogueTrack {
            track_id: track_id.to_owned(),
            duration_ms,
            title: cell(self.title).to_owned(),
            artists: artists.filter(|artist| !artist.is_empty()).map(str::to_owned).collect(),
            isrc,
        })
    }
}

fn duration_ms_of(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|millis| (1..=DURATION_MS_MAX).contains(millis))
}

/// An ISRC without hyphens and in upper case (ISO 3901).
fn isrc_of(code: &str) -> Option<String> {
    let plain: String = code.chars().filter(|c| *c != '-').collect::<String>().to_uppercase();
    let bytes = plain.as_bytes();
    let valid = bytes.len() == 12
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..5].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && bytes[5..].iter().all(u8::is_ascii_digit);
    valid.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_track() {
        let file = "\u{feff}ISRC,Title,TRACK_ID,Artists,duration_ms,label\r\n\
                    de-a12-34-56789,\"Blue, \"\"live\"\"\",t3,\" Bo;;Čeněk, the 2nd\",61000,X\r\n\
                    ,,t4\r\n";
        let tracks = read_tracks(file.as_bytes()).expect("valid");
        let first = CatalogueTrack {
            track_id: "t3".to_owned(),
            duration_ms: Some(61_000),
            title: "Blue, \"live\"".to_owned(),
            artists: vec!["Bo".to_owned(), "Čeněk, the 2nd".to_owned()],
            isrc: Some("DEA123456789".to_owned()),
        };
        let second = CatalogueTrack { track_id: "t4".to_owned(), ..CatalogueTrack::default() };
        assert_eq!(tracks, [first, second]);
    }

    #[test]
    fn every_wrong_row_is_named() {
        let file = "track_id,duration_ms,isrc\nt1,0,\nt2,,\nt2,,\n,1,\nt3,1,DE\n";
        let error = read_tracks(file.as_bytes()).expect_err("four rows are wrong");
        let TracksError::Wrong { wrong, rows: 5 } = &error else { panic!("{error}") };
        let lines: Vec<u64> = wrong.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 4, 5, 6]);
        assert!(error.to_string().contains("line 4: the track stands in the file twice"));
        assert!(matches!(read_tracks(b"id\n1\n"), Err(TracksError::NoTrackId)));
        assert!(matches!(read_tracks(b"track_id\n\xe9\n"), Err(TracksError::NotCsv(_))));
    }
}
