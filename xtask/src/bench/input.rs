//! The reports that go through every way, and what they must come to.

use super::date;
use super::place::Place;
use super::running;
use crate::json::Json;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Plays start on so many days, the last of which is yesterday's day before: all of them in time.
const DAYS: u64 = 14;
const DAYS_AGO: u64 = DAYS + 1;

/// Reports in a file.
#[derive(Debug)]
pub struct Input {
    /// NDJSON.
    pub file: PathBuf,
    /// How many lines it has.
    pub reports: u64,
    /// Its length.
    pub bytes: u64,
    /// What they must come to.
    pub right: Counts,
}

/// What counting comes to: plays that count, by track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many plays there are, counted or not.
    pub plays: u64,
    /// Those that count.
    pub by_track: BTreeMap<String, u64>,
}

impl Input {
    /// Has the product make reports up.
    ///
    /// # Errors
    /// A sentence: it can't.
    pub fn generate(place: &Place, name: &str, reports: u64) -> Result<Input, String> {
        Input::generate_by(place, name, reports, generator(place, reports, 1))
    }

    /// The same with a generator that was told more.
    ///
    /// # Errors
    /// As [`Input::generate`].
    pub fn generate_by(
        place: &Place,
        name: &str,
        reports: u64,
        mut command: Command,
    ) -> Result<Input, String> {
        let file = place.path(&format!("{name}.ndjson"));
        let truth = place.path(&format!("{name}.truth.json"));
        command.arg("--out").arg(&file).arg("--truth").arg(&truth);
        // It says on stderr where the truth is, which nobody here needs to know.
        running::run(command.stderr(Stdio::null()))?;
        let bytes = settle(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let right = truth_of(&truth)?;
        Ok(Input { file, reports, bytes, right })
    }
}

/// Has a file written to the disk, so that this doesn't go on while others write; it stays in memory
/// too. Says how long it is.
fn settle(path: &Path) -> std::io::Result<u64> {
    let file = File::open(path)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

/// `ledgerline demo generate` of plain reports that were received in time.
pub fn generator(place: &Place, reports: u64, seed: u64) -> Command {
    let mut command = place.product();
    command
        .args(["demo", "generate", "--profile", "throughput", "--start", &date::days_ago(DAYS_AGO)])
        .args(["--days", &DAYS.to_string(), "--reports", &reports.to_string()])
        .args(["--seed", &seed.to_string()]);
    command
}

fn truth_of(path: &Path) -> Result<Counts, String> {
    let wrong = |reason: String| format!("{}: {reason}", path.display());
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let truth = Json::parse(&text).map_err(wrong)?;
    let plays = truth.count("plays_total").map_err(wrong)?;
    let Some(Json::Object(rows)) = truth.at("counted.by_track") else {
        return Err(wrong("no counts by track".to_owned()));
    };
    let mut counts = Counts { plays, ..Counts::default() };
    for (track, count) in rows {
        // A name with a dot in it would be a path.
        let count =
            Json::Object(vec![("n".to_owned(), count.clone())]).count("n").map_err(wrong)?;
        counts.by_track.insert(track.clone(), count);
    }
    Ok(counts)
}

impl Counts {
    /// Reads `track,count`, a line each, with or without a head.
    ///
    /// # Errors
    /// The line that is none.
    pub fn of_csv(plays: u64, text: &str) -> Result<Counts, String> {
        let mut counts = Counts { plays, ..Counts::default() };
        for line in text.lines().filter(|line| !line.starts_with("track_id,")) {
            let row = line.rsplit_once(',').and_then(|(track, n)| Some((track, n.parse().ok()?)));
            let (track, count) = row.ok_or_else(|| format!("`{line}` is no count of a track"))?;
            if count > 0 {
                counts.by_track.insert(track.trim_matches('"').to_owned(), count);
            }
        }
        Ok(counts)
    }

    /// How many plays count.
    pub fn counted(&self) -> u64 {
        self.by_track.values().sum()
    }

    /// Compares with what is right.
    ///
    /// # Errors
    /// What differs.
    pub fn compare(&self, right: &Counts) -> Result<(), String> {
        if self.plays != right.plays {
            return Err(format!("{} plays where there are {}", self.plays, right.plays));
        }
        let wrong = right.by_track.iter().find(|(track, n)| self.by_track.get(*track) != Some(*n));
        if let Some((track, n)) = wrong {
            let found = self.by_track.get(track).copied().unwrap_or(0);
            return Err(format!("{found} plays of {track} counted, not {n}"));
        }
        if self.by_track.len() == right.by_track.len() {
            Ok(())
        } else {
            Err("plays counted of tracks that nobody played".to_owned())
        }
    }
}

/// What the product counted in `data`, asked of the server that has it or without one.
///
/// # Errors
/// A sentence: it can't say.
pub fn counts_of(place: &Place, data: &Path, plays: u64) -> Result<Counts, String> {
    let words = ["counts", "--by", "track", "--format", "csv", "--data"];
    let ran = running::run(place.product().args(words).arg(data))?;
    Counts::of_csv(plays, &ran.output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_compared() {
        let right = Counts::of_csv(5, "track_id,counted\nt1,2\n\"t2\",1\nt3,0\n").unwrap();
        assert_eq!((right.counted(), right.by_track.len()), (3, 2));
        assert_eq!(right.compare(&right), Ok(()));
        for (plays, text, expected) in [
            (4, "t1,2\nt2,1", "4 plays where there are 5"),
            (5, "t1,2", "0 plays of t2 counted, not 1"),
            (5, "t1,3\nt2,1", "3 plays of t1 counted, not 2"),
            (5, "t1,2\nt2,1\nt9,1", "nobody played"),
        ] {
            let error = Counts::of_csv(plays, text).unwrap().compare(&right).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(Counts::of_csv(0, "t1").is_err());
    }
}
