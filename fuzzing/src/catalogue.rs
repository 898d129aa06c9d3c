//! The files that an operator brings the catalogue in.

use ledgerline_app::ports::CatalogueTrack;
use ledgerline_csv_sheets::{DURATION_MS_MAX, TracksError, read_devices, read_tracks};
use ledgerline_ids::{DeviceId, TrackId};
use std::collections::BTreeSet;

use crate::memory::within;

/// Tracks as CSV and devices as lines: a file is read whole, into valid values that a file
/// of them reads as again, or it is refused with every wrong row named.
pub fn catalogue(bytes: &[u8]) {
    let memory_max = 256 * 1024 + 400 * bytes.len();
    match within(memory_max, || read_tracks(bytes)) {
        Ok(tracks) => check_tracks(&tracks),
        Err(TracksError::Wrong { wrong, rows }) => {
            assert!(!wrong.is_empty() && wrong.len() <= rows);
            assert!(wrong.is_sorted_by_key(|row| row.line), "{wrong:?}");
            assert!(wrong.iter().all(|row| row.line > 0 && !row.why.is_empty()), "{wrong:?}");
        }
        Err(TracksError::NotCsv(_) | TracksError::NoTrackId) => {}
    }
    match within(memory_max, || read_devices(bytes)) {
        Ok(devices) => {
            assert!(devices.iter().all(|device| DeviceId::new(device).is_ok()), "{devices:?}");
            // Behind a blank line, an id may begin with what is a mark in front of a file.
            let again = read_devices(format!("\n{}", devices.join("\r\n")).as_bytes());
            assert!(again.is_ok_and(|again| again == devices), "{devices:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check_tracks(tracks: &[CatalogueTrack]) {
    let ids: BTreeSet<&str> = tracks.iter().map(|track| track.track_id.as_str()).collect();
    assert_eq!(ids.len(), tracks.len(), "a track stands there twice");
    for track in tracks {
        assert!(TrackId::new(&track.track_id).is_ok(), "{track:?}");
        assert!(track.duration_ms.is_none_or(|ms| (1..=DURATION_MS_MAX).contains(&ms)));
        assert!(track.artists.iter().all(|artist| !artist.is_empty() && artist.trim() == artist));
        let is_isrc = |isrc: &str| {
            isrc.len() == 12 && isrc.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        };
        assert!(track.isrc.as_deref().is_none_or(is_isrc), "{track:?}");
    }
    let again = read_tracks(&csv_of(tracks)).expect("what was read can be read again");
    assert_eq!(again, tracks);
}

fn csv_of(tracks: &[CatalogueTrack]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["isrc", "artists", "title", "duration_ms", "track_id"];
    writer.write_record(head).expect("a Vec takes everything");
    for track in tracks {
        let duration_ms = track.duration_ms.map_or(String::new(), |ms| ms.to_string());
        let isrc = track.isrc.as_deref().unwrap_or("");
        let artists = track.artists.join(";");
        let row = [isrc, &artists, &track.title, &duration_ms, &track.track_id];
        writer.write_record(row).expect("a Vec takes everything");
    }
    writer.into_inner().expect("a Vec takes everything")
}
