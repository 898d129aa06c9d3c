//! `cargo xtask bench scan`: how many files a second a folder of music becomes the library by.
//!
//! The folder is made up: small tagged files of six formats, no two of which sound alike. It is scanned into an
//! empty data folder, and again when nothing has changed. mutagen reads the tags of the same files in turn with
//! that, a process for each core; it looks up, groups and writes nothing, and doesn't read the audio, of which a scan
//! makes a checksum. The same number of files on one release shows what a release costs that never ends.

use super::Figures;
use crate::bench::bars::{Bar, fine, whole};
use crate::bench::figures::{grouped, mib, object, ratio, real, short};
use crate::bench::place::{Place, remove};
use crate::bench::proc::Memory;
use crate::bench::running;
use crate::cli::BenchMusic;
use crate::json::Json;
use crate::venv;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned: another version is another peer.
const MUTAGEN: &str = "1.48.1";
const TRACKS_OF_A_RELEASE: u64 = 12;
const FILES_A_SECOND_MIN: f64 = 500.0;
/// All on one release, by all on many.
const ONE_RELEASE_MIN: f64 = 0.5;

const HEADS: [&str; 9] =
    ["files", "on releases", "what", "files/s", "s", "CPU s", "anon MiB", "files/s of CPU", "MiB"];
const LEGEND: &str = "\
Medians of the rounds. mutagen reads tags and nothing else; a scan also makes a checksum of the audio, tells tracks,
releases and artists apart, and has all of it on disk. CPU s: of the whole command. MiB: of the files.
";

/// What was measured of a folder.
#[derive(Debug, Default)]
struct Folder {
    files: u64,
    releases: u64,
    bytes: u64,
    first: Vec<Scanned>,
    again: Vec<Scanned>,
    peer: Vec<Scanned>,
}

/// One pass.
#[derive(Clone, Copy, Debug, Default)]
struct Scanned {
    seconds: f64,
    cpu_s: f64,
    peak: Memory,
}

/// Measures every size.
///
/// # Errors
/// A sentence: what failed.
pub fn measure(place: &Place, options: &BenchMusic) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let venv = place.kept.join("bench-mutagen");
    venv::ensure(&venv, "mutagen", MUTAGEN)?;
    let python = venv.join("bin/python");
    let mut folders = Vec::new();
    for files in &options.sizes {
        for releases in [files.div_ceil(TRACKS_OF_A_RELEASE), 1] {
            println!("{} files; releases: {}", short(*files), grouped(real(releases)));
            // One release is there to be compared with many, not with a peer.
            let rounds = if releases > 1 { options.rounds } else { 1 };
            folders.push(of_folder(place, &python, (*files, releases), rounds)?);
        }
    }
    let mut rows = vec![HEADS.map(str::to_owned).to_vec()];
    rows.extend(folders.iter().flat_map(Folder::rows));
    figures.tables.push((rows, LEGEND));
    for folder in folders.iter().filter(|folder| !folder.peer.is_empty()) {
        let times = |what: &str| {
            ratio(folder.rate(what).unwrap_or(0.0), folder.rate("mutagen").unwrap_or(0.0))
        };
        figures.notes.push(format!(
            "{} files: the first scan does {:.2} × the files that mutagen {MUTAGEN} reads tags of, another {:.2} ×",
            short(folder.files),
            times("first"),
            times("again")
        ));
    }
    figures.bars = bars(&folders);
    figures.json.push(("scan", Json::List(folders.iter().map(Folder::as_json).collect())));
    Ok(figures)
}

fn of_folder(
    place: &Place,
    python: &Path,
    (files, releases): (u64, u64),
    rounds: u64,
) -> Result<Folder, String> {
    let music = place.fresh("music")?;
    let bases = place.kept.join("bench-music-bases");
    let mut make = Command::new(python);
    make.arg(place.root.join("bench/make_music_folder.py")).arg(bases).arg(&music);
    running::run(make.args([files.to_string(), releases.to_string()]))?;
    let mut of = Folder { files, releases, bytes: bytes_in(&music)?, ..Folder::default() };
    for _ in 0..rounds {
        let data = place.fresh("data")?;
        let (first, added) = scan(place, &data, &music, "added")?;
        let (again, unchanged) = scan(place, &data, &music, "unchanged")?;
        if (added, unchanged) != (files, files) {
            return Err(format!(
                "of {files} files {added} were added, and then {unchanged} as they were"
            ));
        }
        of.first.push(first);
        of.again.push(again);
        if releases > 1 {
            of.peer.push(mutagen(place, python, &music, files)?);
        }
    }
    remove(&music)?;
    remove(&place.path("data"))?;
    Ok(of)
}

/// Scans, and says how many files had this outcome. The time is the scan's own: the command also opens and closes
/// the data folder.
fn scan(place: &Place, data: &Path, music: &Path, outcome: &str) -> Result<(Scanned, u64), String> {
    let mut command = place.product();
    command.arg("--data").arg(data).args(["catalog", "scan"]).arg(music).arg("--json");
    let ran = running::run(&mut command)?;
    let said = Json::parse(&ran.output)?;
    let at = |name: &str| match said.at(name) {
        Some(Json::Text(text)) => seconds_of_day(text),
        _ => None,
    };
    let (from, to) = at("started_at").zip(at("ended_at")).ok_or("the scan says no times")?;
    // A scan that goes over midnight ends earlier in the day than it began.
    let seconds = (to - from).rem_euclid(86_400.0);
    let scanned = Scanned { seconds, cpu_s: ran.usage.cpu_s, peak: ran.peak };
    Ok((scanned, said.count(outcome)?))
}

/// Of `2026-11-27T19:24:15.854Z`.
fn seconds_of_day(instant: &str) -> Option<f64> {
    let (_, time) = instant.strip_suffix('Z')?.split_once('T')?;
    let mut parts = time.split(':').map(str::parse::<f64>);
    let mut part = || parts.next()?.ok();
    Some(part()? * 3_600.0 + part()? * 60.0 + part()?)
}

fn mutagen(place: &Place, python: &Path, music: &Path, files: u64) -> Result<Scanned, String> {
    let mut command = Command::new(python);
    let ran = running::run(command.arg(place.root.join("bench/mutagen_tags.py")).arg(music))?;
    let said = Json::parse(&ran.output)?;
    if (said.count("files")?, said.count("titled")?) != (files, files) {
        return Err(format!("mutagen found other files or tags: {said}"));
    }
    Ok(Scanned { seconds: said.number("seconds")?, cpu_s: ran.usage.cpu_s, peak: ran.peak })
}

fn bytes_in(folder: &Path) -> Result<u64, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    let (mut bytes, mut left) = (0, vec![folder.to_path_buf()]);
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).map_err(wrong)? {
            let path: PathBuf = entry.map_err(wrong)?.path();
            if path.is_dir() {
                left.push(path);
            } else {
                bytes += path.metadata().map_err(wrong)?.len();
            }
        }
    }
    Ok(bytes)
}

/// The one whose time is in the middle.
fn median(of: &[Scanned]) -> Option<Scanned> {
    let mut all = of.to_vec();
    all.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    all.get(all.len() / 2).copied()
}

impl Folder {
    fn passes(&self) -> [(&'static str, Option<Scanned>); 3] {
        let first = median(&self.first);
        [("first", first), ("again", median(&self.again)), ("mutagen", median(&self.peer))]
    }

    fn rate(&self, what: &str) -> Option<f64> {
        let (_, scanned) = self.passes().into_iter().find(|(name, _)| *name == what)?;
        scanned.map(|scanned| ratio(real(self.files), scanned.seconds))
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |(what, scanned): (&'static str, Option<Scanned>)| {
            let scanned = scanned?;
            let files = real(self.files);
            Some(vec![
                short(self.files),
                grouped(real(self.releases)),
                what.to_owned(),
                grouped(ratio(files, scanned.seconds)),
                format!("{:.2}", scanned.seconds),
                format!("{:.1}", scanned.cpu_s),
                mib(scanned.peak.anonymous),
                grouped(ratio(files, scanned.cpu_s)),
                mib(self.bytes),
            ])
        };
        self.passes().into_iter().filter_map(row).collect()
    }

    fn as_json(&self) -> Json {
        let rate = |what: &str| self.rate(what).map_or(Json::Null, Json::Number);
        object(vec![
            ("files", Json::Number(real(self.files))),
            ("releases", Json::Number(real(self.releases))),
            ("bytes", Json::Number(real(self.bytes))),
            ("first_files_per_second", rate("first")),
            ("again_files_per_second", rate("again")),
            ("mutagen_files_per_second", rate("mutagen")),
        ])
    }
}

fn bars(folders: &[Folder]) -> Vec<Bar> {
    let many = folders.iter().filter(|folder| folder.releases > 1).max_by_key(|of| of.files);
    let one = many.and_then(|many| {
        folders.iter().find(|folder| folder.releases == 1 && folder.files == many.files)
    });
    let of = |folder: Option<&Folder>, what: &str| folder.and_then(|folder| folder.rate(what));
    let first = of(many, "first");
    let by = |one: Option<f64>, other: Option<f64>| one.zip(other).map(|(a, b)| ratio(a, b));
    vec![
        Bar::least("tags scanned ≥ 500 files/s", FILES_A_SECOND_MIN, first, whole),
        Bar::least(
            "… all on one release ≥ 0.5 × on many",
            ONE_RELEASE_MIN,
            by(of(one, "first"), first),
            fine,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_each_is_told() {
        let scanned = |seconds| Scanned { seconds, cpu_s: 1.0, ..Scanned::default() };
        let many = Folder {
            files: 1_000,
            releases: 84,
            first: [1.0, 4.0, 2.0].map(scanned).to_vec(),
            peer: vec![scanned(0.5)],
            ..Folder::default()
        };
        let one =
            Folder { files: 1_000, releases: 1, first: vec![scanned(5.0)], ..Folder::default() };
        assert_eq!(many.rows().len(), 2);
        assert_eq!(many.rows()[0].len(), HEADS.len());
        assert_eq!(many.rate("first"), Some(500.0));
        let rows: Vec<Vec<String>> = bars(&[many, one]).iter().map(Bar::row).collect();
        assert_eq!(rows[0][1..], ["500", "met"]);
        assert_eq!(rows[1][1..], ["0.40", "MISSED"]);
        assert!((seconds_of_day("2026-11-27T01:01:01.500Z").unwrap() - 3_661.5).abs() < 1e-9);
        assert_eq!(seconds_of_day("yesterday"), None);
    }
}
