//! Listening histories of other services.

use ledgerline_ids::{PlayId, TrackId};
use ledgerline_listening_exports::{
    Export, ExportError, ExportedPlay, SkippedRow, Summary, listenbrainz as find_listenbrainz,
    spotify as find_spotify,
};
use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};
use std::ops::ControlFlow;
use std::path::PathBuf;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::json::is_json;
use crate::memory::within;
use crate::scratch;

/// Rows of a few KiB are read within this; buffers of fixed size included.
const MEMORY_MAX: usize = 4 << 20;
const LISTENED_MS_MAX: u64 = 7 * 86_400_000;

/// Finds histories in files.
pub(crate) type Find = fn(&[PathBuf]) -> Result<Vec<Export>, ExportError>;

/// What was read: plays, skipped rows, sums.
pub(crate) type Read = (Vec<ExportedPlay>, Vec<SkippedRow>, Summary);

/// Spotify's account data. See `check`.
pub fn spotify_account(bytes: &[u8]) {
    check_array("StreamingHistory0.json", bytes);
}

/// Spotify's extended streaming history. See `check`.
pub fn spotify_extended(bytes: &[u8]) {
    check_array("endsong_0.json", bytes);
}

/// `ListenBrainz`'s export. See `check`.
pub fn listenbrainz(bytes: &[u8]) {
    let read = check("4.jsonl", bytes, find_listenbrainz);
    // One bad line costs one line.
    let (_, _, summary) = read.expect("lines of any bytes are read to their end");
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = unmarked.split(|byte| *byte == b'\n');
    let filled = lines.filter(|line| !line.trim_ascii().is_empty()).count();
    assert_eq!(summary.rows, filled as u64);
}

fn check_array(name: &str, bytes: &[u8]) {
    let read = check(name, bytes, find_spotify);
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_array = unmarked.trim_ascii_start().starts_with(b"[") && is_json(unmarked);
    match read {
        Ok(_) => assert!(is_array, "{}", String::from_utf8_lossy(bytes)),
        Err(ExportError::BrokenJson { .. }) => {
            assert!(!is_array || std::str::from_utf8(unmarked).is_err());
        }
        Err(other) => panic!("{other}: the file can be read"),
    }
}

/// A file reads the same each time, alone and in a zip; its plays have valid ids, all
/// different; the sums are those of the rows.
fn check(name: &str, bytes: &[u8], find: Find) -> Result<Read, ExportError> {
    let exports = find(&[scratch::file(name, bytes)]).expect("the name is a history's");
    let [export] = exports.as_slice() else { panic!("one file is one export") };
    let read = read_export(export);
    match (&read, &read_export(export)) {
        (Ok(read), Ok(again)) => assert_eq!(read, again),
        (Err(error), Err(again)) => assert_eq!(error.to_string(), again.to_string()),
        (read, again) => panic!("{read:?} became {again:?}"),
    }
    if let Ok((plays, skipped, summary)) = &read {
        check_read(plays, skipped, summary);
        // Packing takes longer than all else, and any length will do.
        if !bytes.len().is_multiple_of(8) {
            return read;
        }
        let zipped = find(&[scratch::file("export.zip", &zip_of(name, bytes))]).expect("a zip");
        let (from_zip, _, same) = read_export(&zipped[0]).expect("the zip is whole");
        assert_eq!((&from_zip, &same), (plays, summary));
    }
    read
}

pub(crate) fn read_export(export: &Export) -> Result<Read, ExportError> {
    let (mut plays, mut skipped) = (Vec::new(), Vec::new());
    let mut on_play = |play| {
        plays.push(play);
        ControlFlow::Continue(())
    };
    let summary =
        within(MEMORY_MAX, || export.for_each(&mut on_play, &mut |row| skipped.push(row)))?;
    Ok((plays, skipped, summary))
}

pub(crate) fn check_read(plays: &[ExportedPlay], skipped: &[SkippedRow], summary: &Summary) {
    assert_eq!(summary.rows, summary.plays + summary.skipped);
    assert_eq!((summary.plays, summary.skipped), (plays.len() as u64, skipped.len() as u64));
    let ids: BTreeSet<&str> = plays.iter().map(|play| play.play_id.as_str()).collect();
    assert_eq!(ids.len(), plays.len(), "an id stands for two plays");
    for play in plays {
        assert!(PlayId::new(&play.play_id).is_ok(), "{play:?}");
        assert!(TrackId::new(&play.track_id).is_ok(), "{play:?}");
        assert!(play.listened_ms <= LISTENED_MS_MAX, "{play:?}");
        assert!(play.started_at <= play.ended_at, "{play:?}");
        assert!(play.ended_at.since(play.started_at) <= play.listened_ms, "{play:?}");
    }
    assert_eq!(summary.first_started_at, plays.iter().map(|play| play.started_at).min());
    assert_eq!(summary.last_ended_at, plays.iter().map(|play| play.ended_at).max());
}

pub(crate) fn zip_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let method = match bytes.len() % 16 {
        0 => CompressionMethod::Deflated,
        _ => CompressionMethod::Stored,
    };
    let options = SimpleFileOptions::default().compression_method(method);
    zip.start_file(name, options).expect("a new entry");
    zip.write_all(bytes).expect("a Vec takes everything");
    zip.finish().expect("a Vec takes everything").into_inner()
}
