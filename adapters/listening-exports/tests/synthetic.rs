//! What real exports rarely show: equal rows, overlaps, damage, limits.

use ledgerline_listening_exports::{
    Export, ExportError, ExportedPlay, Kind, Limit, SkippedRow, Summary, WhySkipped, listenbrainz,
    spotify,
};
use std::collections::HashSet;
use std::error::Error as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Plays in the order read, skipped rows, the summaries of each export.
type Read = (Vec<ExportedPlay>, Vec<SkippedRow>, Vec<Summary>);

fn read(exports: &[Export]) -> Result<Read, ExportError> {
    let (mut plays, mut skipped, mut summaries) = (Vec::new(), Vec::new(), Vec::new());
    for export in exports {
        let mut on_play = |play| {
            plays.push(play);
            ControlFlow::Continue(())
        };
        summaries.push(export.for_each(&mut on_play, &mut |row| skipped.push(row))?);
    }
    Ok((plays, skipped, summaries))
}

fn spotify_plays(paths: &[PathBuf]) -> Vec<ExportedPlay> {
    read(&spotify(paths).expect("histories")).expect("readable").0
}

fn ids(plays: &[ExportedPlay]) -> HashSet<String> {
    plays.iter().map(|play| play.play_id.clone()).collect()
}

/// A folder with these files.
fn folder(files: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("written");
    }
    folder
}

fn zip(path: &Path, files: &[(&str, String)]) {
    let mut zip = ZipWriter::new(File::create(path).expect("a new file"));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a new entry");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("written");
}

/// A file of account data with a row `(minute, track)` for each; an hour of one day.
fn account(rows: &[(u32, &str)]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|(minute, track)| {
            format!(
                r#"{{"endTime":"2024-05-01 12:{minute:02}","artistName":"A","trackName":"{track}","msPlayed":500}}"#
            )
        })
        .collect();
    format!("[{}]", rows.join(","))
}

/// A file of extended history with a row `(second, track)` for each; a minute of one day.
fn extended(rows: &[(u32, &str)]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|(second, track)| {
            format!(
                r#"{{"ts":"2024-05-01T12:00:{second:02}Z","ms_played":500,"spotify_track_uri":"spotify:track:{track}"}}"#
            )
        })
        .collect();
    format!("[{}]", rows.join(","))
}

fn listen(second: u32, track: &str) -> String {
    format!(
        r#"{{"listened_at":{},"track_metadata":{{"artist_name":"A","track_name":"{track}","additional_info":{{"duration_ms":200000}}}}}}"#,
        1_714_564_800 + second
    )
}

#[test]
fn equal_rows_are_plays_of_their_own() {
    let rows = [(1, "x"), (1, "x"), (1, "y"), (1, "x")];
    let folder =
        folder(&[("StreamingHistory0.json", account(&rows)), ("endsong_0.json", extended(&rows))]);
    let path = [folder.path().to_path_buf()];
    let plays = spotify_plays(&path);
    assert_eq!(plays.len(), 8);
    assert_eq!(ids(&plays).len(), 8);
    assert_eq!(spotify_plays(&path), plays);
}

#[test]
fn a_minute_cut_in_two_counts_on_in_the_next_slice() {
    let slices = [
        ("StreamingHistory0.json", account(&[(1, "x"), (5, "x")])),
        ("StreamingHistory1.json", account(&[(5, "x"), (5, "x"), (9, "x")])),
        ("StreamingHistory10.json", account(&[(9, "x"), (20, "x")])),
        ("StreamingHistory2.json", account(&[(9, "x"), (9, "y")])),
    ];
    // The zip with the slices in another order, and under names that say nothing of time.
    let folder = folder(&slices);
    let archive = folder.path().join("data.zip");
    let [a, b, c, d] = slices.clone();
    zip(
        &archive,
        &[
            ("StreamingHistory0.json", b.1),
            ("StreamingHistory1.json", d.1),
            ("StreamingHistory2.json", c.1),
            ("StreamingHistory3.json", a.1),
        ],
    );

    let plays = spotify_plays(&[folder.path().to_path_buf()]);
    assert_eq!(plays.len(), 9);
    assert_eq!(ids(&plays).len(), 9);
    assert_eq!(ids(&spotify_plays(&[archive])), ids(&plays));

    // Alone, the second slice can't know of the row before the cut.
    let alone = spotify_plays(&[folder.path().join("StreamingHistory1.json")]);
    assert_eq!(alone.len(), 3);
    assert!(ids(&alone).is_subset(&ids(&plays)));
}

#[test]
fn overlapping_slices_are_the_same_plays() {
    let early = account(&[(1, "x"), (2, "x"), (2, "x"), (5, "y")]);
    let late = account(&[(2, "x"), (2, "x"), (5, "y"), (8, "z")]);
    let nested = account(&[(2, "x"), (2, "x")]);
    let folder = folder(&[
        ("StreamingHistory0.json", early),
        ("StreamingHistory1.json", late),
        ("StreamingHistory2.json", nested),
        ("StreamingHistory_music_0.json", account(&[(5, "y"), (9, "z")])),
    ]);
    let plays = spotify_plays(&[folder.path().to_path_buf()]);
    assert_eq!(plays.len(), 12);
    // x1, x2, x2, y5, z8, z9.
    assert_eq!(ids(&plays).len(), 6);
}

#[test]
fn extended_files_that_share_rows_are_overlapping_exports() {
    let old = extended(&[(9, "x"), (3, "y"), (3, "y")]);
    let new = extended(&[(30, "z"), (3, "y"), (9, "x"), (3, "y")]);
    let folder = folder(&[("endsong_0.json", old), ("Streaming_History_Audio_2024_0.json", new)]);
    let exports = spotify(&[folder.path().to_path_buf()]).expect("histories");
    assert_eq!(exports.len(), 1);
    assert_eq!(exports[0].kind(), Kind::SpotifyExtended);
    assert_eq!(exports[0].files().len(), 2);
    let (plays, _, _) = read(&exports).expect("readable");
    assert_eq!((plays.len(), ids(&plays).len()), (7, 4));
}

#[test]
fn what_another_year_says_of_the_same_row_changes_no_id() {
    let row = |more: &str| {
        format!(
            r#"[{{"ts":"2024-05-01T12:00:00Z","ms_played":500,"spotify_track_uri":"spotify:track:x"{more}}}]"#
        )
    };
    let old =
        folder(&[("endsong_0.json", row(r#","skipped":null,"platform":"iOS 14.4 (iPhone11,8)""#))]);
    let new = folder(&[(
        "endsong_0.json",
        row(r#","skipped":false,"platform":"ios","conn_country":"SE""#),
    )]);
    let plays = |folder: &TempDir| spotify_plays(&[folder.path().to_path_buf()]);
    assert_eq!(ids(&plays(&old)), ids(&plays(&new)));
}

#[test]
fn bad_rows_are_reported_and_the_others_read() {
    let good = r#"{"endTime":"2024-05-01 12:00","artistName":"A","trackName":"T","msPlayed":1}"#;
    let text = format!(
        "\u{feff}[{good},\n {{\"endTime\":\"soon\",\"artistName\":\"A\",\"trackName\":\"T\",\"msPlayed\":1}},\n\
         7, {{\"endTime\":\"2024-05-01 12:00\"}}, [[[]]], {good}]\n"
    );
    let folder = folder(&[("StreamingHistory0.json", text)]);
    let file = folder.path().join("StreamingHistory0.json");
    let exports = spotify(std::slice::from_ref(&file)).expect("histories");
    let (plays, skipped, summaries) = read(&exports).expect("readable");
    assert_eq!((plays.len(), ids(&plays).len()), (2, 2));
    assert!(skipped.iter().all(|row| row.file == file.display().to_string()));
    let rows: Vec<_> = skipped.iter().map(|row| row.row).collect();
    assert_eq!(rows, [2, 3, 4, 5]);
    assert_eq!(skipped[0].why, WhySkipped::Time("endTime"));
    assert_eq!(skipped[2].why, WhySkipped::Missing("artistName"));
    let summary = summaries[0];
    assert_eq!((summary.rows, summary.plays, summary.skipped), (6, 2, 4));
    assert_eq!(summary.last_ended_at, Some(plays[1].ended_at));
    assert_eq!(summary.first_started_at, Some(plays[1].started_at));
}

#[test]
fn broken_json_names_file_line_and_byte() {
    let row = r#"{"endTime":"2024-05-01 12:00","artistName":"A","trackName":"T","msPlayed":1}"#;
    let broken = [
        (format!("[{row},\n{row}"), 2, 76, 2),
        (format!("[{row},\n{{\"endTime\":oops}}]"), 2, 12, 1),
        (format!("[{row}]\n{row}"), 2, 1, 1),
        (format!("[{row},]"), 1, 79, 1),
        (format!("{{\"rows\":[{row}]}}"), 1, 1, 0),
        (String::new(), 1, 0, 0),
    ];
    for (text, line, column, plays_before) in broken {
        let folder = folder(&[("StreamingHistory0.json", text.clone())]);
        let file = folder.path().join("StreamingHistory0.json");
        let exports = spotify(std::slice::from_ref(&file)).expect("histories");
        let mut plays = 0;
        let mut on_play = |_| {
            plays += 1;
            ControlFlow::Continue(())
        };
        let error = exports[0].for_each(&mut on_play, &mut |_| ()).expect_err(&text);
        let shown = error.to_string();
        assert!(shown.contains(&file.display().to_string()), "{shown}");
        assert!(error.source().is_some());
        let ExportError::BrokenJson { line: at_line, column: at_column, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!((at_line, at_column, plays), (line, column, plays_before), "{text}");
    }
}

#[test]
fn a_download_that_broke_off_is_an_error_wherever_it_did() {
    let whole = extended(&[(1, "x"), (2, "y"), (3, "語")]);
    let (plays, ..) = {
        let folder = folder(&[("endsong_0.json", whole.clone())]);
        read(&spotify(&[folder.path().to_path_buf()]).expect("histories")).expect("readable")
    };
    assert_eq!(plays.len(), 3);
    for bytes in 0..whole.len() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("endsong_0.json"), &whole.as_bytes()[..bytes])
            .expect("written");
        let exports = spotify(&[folder.path().to_path_buf()]).expect("histories");
        let mut before = Vec::new();
        let mut on_play = |play| {
            before.push(play);
            ControlFlow::Continue(())
        };
        let error =
            exports[0].for_each(&mut on_play, &mut |row| panic!("{row}")).expect_err("broken");
        assert!(matches!(error, ExportError::BrokenJson { line: 1, .. }), "{error:?}");
        assert_eq!(before, plays[..before.len()]);
    }
}

#[test]
fn a_broken_slice_is_an_error_in_a_folder_too() {
    let folder = folder(&[
        ("StreamingHistory0.json", account(&[(1, "x")])),
        ("StreamingHistory1.json", "[{]".to_owned()),
    ]);
    let exports = spotify(&[folder.path().to_path_buf()]).expect("histories");
    let error = read(&exports).expect_err("broken");
    assert!(error.to_string().contains("StreamingHistory1.json"), "{error}");
}

#[test]
fn names_of_any_length_and_content_have_valid_ids() {
    let long = "語".repeat(400);
    let names =
        [long.as_str(), &format!("{long}b"), "a/b", "%2F", r"\u0000\t", r"\ud83c\udfb5", ""];
    let rows: Vec<_> = names.iter().map(|name| (1, *name)).collect();
    let folder = folder(&[("StreamingHistory0.json", account(&rows))]);
    let plays = spotify_plays(&[folder.path().to_path_buf()]);
    let tracks: HashSet<_> = plays.iter().map(|play| play.track_id.as_str()).collect();
    assert_eq!(tracks.len(), names.len());
    for track in tracks {
        assert!(ledgerline_ids::TrackId::new(track).is_ok(), "{track}");
    }
}

#[test]
fn folders_are_searched_and_each_file_is_read_once() {
    let slice = account(&[(1, "x")]);
    let files = [
        ("a/Spotify Account Data/StreamingHistory_music_0.json", slice.clone()),
        ("b/StreamingHistory0.json", slice.clone()),
        ("b/Userdata.json", "{}".to_owned()),
        ("b/Streaming_History_Video_2024.json", "[]".to_owned()),
    ];
    let folder = folder(&files);
    let root = folder.path().to_path_buf();
    let exports = spotify(std::slice::from_ref(&root)).expect("histories");
    assert_eq!(exports.len(), 2);
    assert_eq!(exports.iter().map(Export::total_bytes).sum::<u64>(), 2 * slice.len() as u64);

    let again = [root.join("b/../b/StreamingHistory0.json"), root.clone(), root.join("b")];
    assert_eq!(spotify(&again).expect("histories").len(), 2);

    #[cfg(unix)]
    {
        // A link to a file is that file; a link to a folder is no way to go in circles.
        std::os::unix::fs::symlink(root.join("b"), root.join("b/circle")).expect("a link");
        let link = root.join("a/StreamingHistory0.json");
        std::os::unix::fs::symlink(root.join("b/StreamingHistory0.json"), link).expect("a link");
        assert_eq!(spotify(&[root]).expect("histories").len(), 2);
    }
}

#[test]
fn what_is_no_history_is_refused_with_what_would_be_one() {
    let folder = folder(&[("notes.json", "[]".to_owned()), ("bad.zip", "PK no".to_owned())]);
    let path = |name: &str| [folder.path().join(name)];
    let nothing = spotify(&[folder.path().to_path_buf()]).expect_err("nothing there");
    assert!(matches!(nothing, ExportError::NothingFound { .. }));
    assert!(nothing.to_string().contains("endsong_*.json"), "{nothing}");
    assert!(matches!(spotify(&path("notes.json")), Err(ExportError::NotAnExport { .. })));
    assert!(matches!(spotify(&path("bad.zip")), Err(ExportError::Archive { .. })));
    assert!(matches!(spotify(&path("absent.json")), Err(ExportError::Io { .. })));
    assert!(matches!(listenbrainz(&path("notes.json")), Err(ExportError::NotAnExport { .. })));

    let deep = folder.path().join("d/".repeat(20));
    fs::create_dir_all(&deep).expect("folders");
    let too_deep = spotify(&[folder.path().to_path_buf()]).expect_err("too deep");
    assert!(matches!(too_deep, ExportError::TooMuch { limit: Limit::FolderDepth(_), .. }));
}

#[test]
fn a_zip_is_known_by_its_content_and_its_folders_are_exports_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("download");
    let slice = account(&[(1, "x"), (1, "x")]);
    zip(
        &archive,
        &[
            ("one/StreamingHistory0.json", slice.clone()),
            ("two\\StreamingHistory0.json", slice),
            ("two/endsong_0.json", extended(&[(1, "x")])),
            ("__MACOSX/one/._StreamingHistory0.json", "\0\0".to_owned()),
        ],
    );
    let exports = spotify(&[archive.clone(), archive.clone()]).expect("histories");
    assert_eq!(exports.len(), 3);
    assert!(exports[0].files()[0].name().ends_with("download!one/StreamingHistory0.json"));
    let (plays, _, _) = read(&exports).expect("readable");
    assert_eq!((plays.len(), ids(&plays).len()), (5, 3));

    let bytes = fs::read(&archive).expect("readable");
    let mut damaged = bytes.clone();
    damaged[60..70].fill(0xff);
    fs::write(&archive, damaged).expect("written");
    let exports = spotify(std::slice::from_ref(&archive)).expect("the directory is whole");
    assert!(read(&exports).is_err());
    fs::write(&archive, &bytes[..bytes.len() / 2]).expect("written");
    assert!(matches!(spotify(&[archive]), Err(ExportError::Archive { .. })));
}

#[test]
fn bombs_are_limited() {
    let folder = tempfile::tempdir().expect("a folder");
    let many = folder.path().join("many.zip");
    let mut archive = ZipWriter::new(File::create(&many).expect("a new file"));
    for number in 0..=10_000 {
        archive.start_file(format!("{number}"), SimpleFileOptions::default()).expect("an entry");
    }
    archive.finish().expect("written");
    let error = spotify(&[many]).expect_err("too many");
    assert!(matches!(error, ExportError::TooMuch { limit: Limit::ArchiveEntries(10_000), .. }));

    let names = folder.path().join("names.zip");
    let mut archive = ZipWriter::new(File::create(&names).expect("a new file"));
    for number in 0..300 {
        let name = format!("{number:060000}");
        archive.start_file(name, SimpleFileOptions::default()).expect("an entry");
    }
    archive.finish().expect("written");
    let error = spotify(&[names]).expect_err("too long names");
    assert!(
        matches!(error, ExportError::TooMuch { limit: Limit::DirectoryBytes(_), .. }),
        "{error:?}"
    );

    // A row, an object key and white space that never end.
    for (start, filling) in [("[\"", b'x'), ("[{\"", b'x'), ("[", b' ')] {
        let path = folder.path().join("endless.zip");
        let mut archive = ZipWriter::new(File::create(&path).expect("a new file"));
        archive.start_file("endsong_0.json", SimpleFileOptions::default()).expect("an entry");
        archive.write_all(start.as_bytes()).expect("written");
        io::copy(&mut io::Read::take(io::repeat(filling), 8 << 20), &mut archive).expect("written");
        archive.finish().expect("written");
        let error = read(&spotify(&[path]).expect("a history")).expect_err("endless");
        assert!(
            matches!(error, ExportError::TooMuch { limit: Limit::RowBytes(_), .. }),
            "{error:?}"
        );
    }
}

#[test]
fn the_caller_can_stop() {
    let rows = [(1, "a"), (2, "b"), (3, "c")];
    let folder = folder(&[
        ("StreamingHistory0.json", account(&rows)),
        ("StreamingHistory1.json", account(&[(4, "d")])),
    ]);
    let exports = spotify(&[folder.path().to_path_buf()]).expect("histories");
    let mut plays = Vec::new();
    let mut on_play = |play| {
        plays.push(play);
        if plays.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let summary = exports[0].for_each(&mut on_play, &mut |_| ()).expect("readable");
    assert_eq!((summary.plays, summary.stopped_early, plays.len()), (2, true, 2));
}

#[test]
fn listenbrainz_lines_are_read_from_files_folders_and_zips() {
    let january = [listen(0, "x"), listen(0, "x"), String::new(), listen(5, "y")].join("\n");
    let bad = format!("{}\n{{\"listened_at\":\n\u{0}\n{}", listen(60, "x"), listen(61, "z"));
    let files = [
        ("user.json", "{}".to_owned()),
        ("feedback.jsonl", "{\"score\":1}\n".to_owned()),
        ("listens/2024/10.jsonl", bad),
        ("listens/2024/9.jsonl", january),
    ];
    let folder = folder(&files);
    let root = folder.path().to_path_buf();
    let exports = listenbrainz(std::slice::from_ref(&root)).expect("histories");
    assert_eq!(exports.len(), 1);
    let names: Vec<_> = exports[0].files().iter().map(|file| file.name()).collect();
    assert!(names[0].ends_with("9.jsonl") && names[1].ends_with("10.jsonl"), "{names:?}");
    let (plays, skipped, summaries) = read(&exports).expect("readable");
    assert_eq!((plays.len(), ids(&plays).len()), (5, 5));
    assert_eq!(skipped.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 3]);
    assert_eq!((summaries[0].rows, summaries[0].unknown_listened), (7, 0));
    assert!(plays.iter().all(|play| play.listened_ms == 100_000));

    let archive = folder.path().join("listenbrainz_x_1.zip");
    zip(&archive, &files);
    let (zipped, _, _) = read(&listenbrainz(&[archive]).expect("histories")).expect("readable");
    assert_eq!(zipped, plays);
    let alone = listenbrainz(&[root.join("listens/2024/9.jsonl")]).expect("histories");
    assert_eq!(read(&alone).expect("readable").0, plays[..3]);
}
