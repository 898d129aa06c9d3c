//! Two real listeners' exports: every row is a play, and the ids don't depend on how the
//! files are named.

use ledgerline_ids::{PlayId, Territory, TrackId};
use ledgerline_listening_exports::{ExportedPlay, Kind, spotify};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The listener's folder, or none, with the reason printed, where the data isn't there.
fn listener(name: &str) -> Option<PathBuf> {
    let plays = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/plays");
    let folder = plays.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the real histories of ../shared/data are absent ({})", folder.display());
    None
}

fn numbered(folder: &Path, count: usize) -> Vec<PathBuf> {
    (0..count).map(|n| folder.join(format!("StreamingHistory{n}.json"))).collect()
}

/// All plays of one kind, none skipped.
fn plays(paths: &[PathBuf], kind: Kind) -> Vec<ExportedPlay> {
    let mut plays = Vec::new();
    for export in spotify(paths).expect("histories") {
        if export.kind() != kind {
            continue;
        }
        let mut on_play = |play| {
            plays.push(play);
            ControlFlow::Continue(())
        };
        let summary = export.for_each(&mut on_play, &mut |row| panic!("{row}")).expect("readable");
        assert_eq!((summary.rows, summary.skipped), (summary.plays, 0));
        assert!(!summary.stopped_early);
    }
    plays
}

fn ids(plays: &[ExportedPlay]) -> HashSet<&str> {
    plays.iter().map(|play| play.play_id.as_str()).collect()
}

#[track_caller]
fn check(plays: &[ExportedPlay], rows: usize, listened_30_s: usize) {
    assert_eq!(plays.len(), rows);
    assert_eq!(plays.iter().filter(|play| play.listened_ms >= 30_000).count(), listened_30_s);
    assert_eq!(ids(plays).len(), rows, "each play has an id of its own");
    for play in plays {
        assert!(PlayId::new(&play.play_id).is_ok(), "{play:?}");
        assert!(TrackId::new(&play.track_id).is_ok(), "{play:?}");
        assert!(play.territory.as_deref().is_none_or(|code| Territory::new(code).is_ok()));
        assert_eq!(play.ended_at.since(play.started_at), play.listened_ms, "{play:?}");
    }
}

fn zip_of(files: &[PathBuf], path: &Path) {
    let mut zip = ZipWriter::new(File::create(path).expect("a new file"));
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy();
        zip.start_file(format!("MyData/{name}"), SimpleFileOptions::default())
            .expect("a new entry");
        zip.write_all(&fs::read(file).expect("readable")).expect("written");
    }
    zip.finish().expect("written");
}

#[test]
fn listener_a_has_the_same_plays_however_the_files_are_named() {
    let Some(folder) = listener("listener-a") else {
        return;
    };
    let files = numbered(&folder, 6);
    let whole = plays(std::slice::from_ref(&folder), Kind::SpotifyAccount);
    check(&whole, 54_429, 32_538);

    let mut reversed = files.clone();
    reversed.reverse();
    assert_eq!(plays(&reversed, Kind::SpotifyAccount), whole);

    // Twice each, and with the folder.
    let again = [&files[..], &files[..], std::slice::from_ref(&folder)].concat();
    assert_eq!(plays(&again, Kind::SpotifyAccount), whole);

    let one_by_one: Vec<_> = files
        .iter()
        .flat_map(|file| plays(std::slice::from_ref(file), Kind::SpotifyAccount))
        .collect();
    assert_eq!(one_by_one, whole);

    let temporary = tempfile::tempdir().expect("a folder");
    let zip = temporary.path().join("my_spotify_data.zip");
    zip_of(&files, &zip);
    assert_eq!(plays(std::slice::from_ref(&zip), Kind::SpotifyAccount), whole);

    // Beside its zip the folder is read a second time, and brings the same plays.
    let both = plays(&[zip, folder], Kind::SpotifyAccount);
    assert_eq!(both.len(), 2 * whole.len());
    assert_eq!(ids(&both), ids(&whole));
}

#[test]
fn listener_b_has_an_account_history_and_an_extended_one() {
    let Some(folder) = listener("listener-b") else {
        return;
    };
    let paths = std::slice::from_ref(&folder);
    let account = plays(paths, Kind::SpotifyAccount);
    check(&account, 18_706, 16_776);
    let extended = plays(paths, Kind::SpotifyExtended);
    check(&extended, 1_821, 1_576);
    assert_eq!(extended.iter().filter(|play| play.track_id == "unknown").count(), 220);
    let alone = plays(&[folder.join("endsong_3.json")], Kind::SpotifyExtended);
    assert_eq!(alone, extended);

    let temporary = tempfile::tempdir().expect("a folder");
    let zip = temporary.path().join("my_spotify_data.zip");
    zip_of(&[&numbered(&folder, 2)[..], &[folder.join("endsong_3.json")]].concat(), &zip);
    assert_eq!(plays(std::slice::from_ref(&zip), Kind::SpotifyAccount), account);
    assert_eq!(plays(&[zip], Kind::SpotifyExtended), extended);
}

#[test]
fn a_copy_in_the_folder_or_an_overlapping_export_adds_no_play() {
    let Some(folder) = listener("listener-a") else {
        return;
    };
    let files = numbered(&folder, 6);
    let whole = plays(&files, Kind::SpotifyAccount);

    let temporary = tempfile::tempdir().expect("a folder");
    for (number, file) in files.iter().enumerate() {
        let copy = temporary.path().join(format!("StreamingHistory{number}.json"));
        fs::copy(file, copy).expect("copied");
    }
    // A second copy under the numbers that follow, and one as browsers name it.
    fs::copy(&files[2], temporary.path().join("StreamingHistory6.json")).expect("copied");
    fs::copy(&files[3], temporary.path().join("StreamingHistory3 (1).json")).expect("copied");
    let copies = plays(&[temporary.path().to_path_buf()], Kind::SpotifyAccount);
    assert_eq!(copies.len(), whole.len() + 20_000);
    assert_eq!(ids(&copies), ids(&whole));

    // Another day's export: other cuts between the slices.
    let shifted = temporary.path().join("later");
    fs::create_dir(&shifted).expect("a folder");
    let rows = |n: usize| {
        let text = fs::read_to_string(&files[n]).expect("text");
        let text = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        text.expect("an array").to_owned()
    };
    let joined = format!("[{},{}]", rows(1), rows(2));
    fs::write(shifted.join("StreamingHistory0.json"), joined).expect("written");
    let overlap = plays(&[shifted], Kind::SpotifyAccount);
    assert_eq!(overlap.len(), 20_000);
    assert!(ids(&overlap).is_subset(&ids(&whole)));
}
