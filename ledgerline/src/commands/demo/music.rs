//! What the demonstration's recordings are called, and what they come out on.

use ledgerline_demo_music::releases;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::songs::{Song, songs};

/// Recordings of a release.
const TRACKS_MAX: usize = 11;
const FIRST: [&str; 24] = [
    "Quiet", "Northern", "Paper", "Slow", "Hidden", "Silver", "Early", "Broken", "Distant", "Warm",
    "Hollow", "Second", "Winter", "Open", "Little", "Late", "Blue", "Falling", "Empty", "Bright",
    "Half", "Narrow", "Salt", "Last",
];
const SECOND: [&str; 24] = [
    "Harbour",
    "Window",
    "Lantern",
    "Train",
    "River",
    "Garden",
    "Signal",
    "Kitchen",
    "Orchard",
    "Meridian",
    "Staircase",
    "Weather",
    "Summer",
    "Letter",
    "Engine",
    "Island",
    "Mirror",
    "Morning",
    "Avenue",
    "Compass",
    "Radio",
    "Forest",
    "Evening",
    "Tide",
];

/// A title; the same for the same number, and another for each of some thousands.
pub(super) fn title(number: usize) -> String {
    let (first, second) = (FIRST[number % 24], SECOND[number / 24 % 24]);
    match number / 576 {
        0 => format!("{first} {second}"),
        part => format!("{first} {second}, Part {}", part + 1),
    }
}

/// The labels, as parties, with whose recordings they put out, as it stands on releases.
const LABELS: [(&str, &str, &str); 2] =
    [("northern-lights", "Northern Lights", "comet"), ("southern-cross", "Southern Cross", "")];

/// Sheets of recordings, releases and shares: what can be heard is its label's; of the rest, half of the recordings are
/// one label's, by one artist, and the other half another's.
pub(super) fn sheets(tracks: &BTreeSet<String>) -> [(&'static str, String); 3] {
    let mut recordings = "track_id,title,label,artists\n".to_owned();
    let mut shares = "right,track_id,holder,share\n".to_owned();
    let mut rows = "release_id,title,label,tracks\n".to_owned();
    let songs: Vec<Song> = songs().into_iter().filter(|it| tracks.contains(&it.track_id)).collect();
    let is_song = |track: &str| songs.iter().any(|song| song.track_id == track);
    let others: Vec<&String> = tracks.iter().filter(|track| !is_song(track)).collect();
    for (half, (label, name, artist)) in LABELS.into_iter().enumerate() {
        let heard = songs.iter().filter(|song| releases()[song.release].label == name);
        let heard = heard.map(|song| (song.track_id.as_str(), song.title.to_owned()));
        let own: Vec<(usize, &str)> = (others.iter().enumerate())
            .filter(|(number, _)| number % 2 == half)
            .map(|(number, track)| (number, track.as_str()))
            .collect();
        let titled = own.iter().map(|(number, track)| (*track, title(*number)));
        for (track, title) in heard.chain(titled) {
            writeln!(recordings, "{track},\"{title}\",{label},{artist}")
                .expect("a String takes it");
            writeln!(shares, "master,{track},{label},100%").expect("a String takes it");
        }
        for (place, release) in releases().iter().enumerate().filter(|(_, it)| it.label == name) {
            let on = songs.iter().filter(|song| song.release == place);
            let on: Vec<&str> = on.map(|song| song.track_id.as_str()).collect();
            if !on.is_empty() {
                writeln!(
                    rows,
                    "music-{},\"{}\",{label},{}",
                    place + 1,
                    release.title,
                    on.join(";")
                )
                .expect("a String takes it");
            }
        }
        for (number, of) in own.chunks(TRACKS_MAX).enumerate() {
            let tracks: Vec<&str> = of.iter().map(|(_, track)| *track).collect();
            let (title, tracks) = (title(of[0].0), tracks.join(";"));
            writeln!(rows, "{label}-{:03},\"{title}\",{label},{tracks}", number + 1)
                .expect("a String takes it");
        }
    }
    [("recordings.csv", recordings), ("releases.csv", rows), ("shares.csv", shares)]
}
