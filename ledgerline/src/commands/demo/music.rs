//! What the demonstration's recordings are called, and what they come out on.

use std::collections::BTreeSet;
use std::fmt::Write as _;

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
fn title(number: usize) -> String {
    let (first, second) = (FIRST[number % 24], SECOND[number / 24 % 24]);
    match number / 576 {
        0 => format!("{first} {second}"),
        part => format!("{first} {second}, Part {}", part + 1),
    }
}

/// Sheets of recordings, releases and shares: half of the recordings are one label's, by one artist,
/// the other half another's.
pub(super) fn sheets(tracks: &BTreeSet<String>) -> [(&'static str, String); 3] {
    let mut recordings = "track_id,title,label,artists\n".to_owned();
    let mut shares = "right,track_id,holder,share\n".to_owned();
    let mut releases = "release_id,title,label,tracks\n".to_owned();
    for (half, (label, artist)) in
        [("northern-lights", "comet"), ("southern-cross", "")].into_iter().enumerate()
    {
        let own: Vec<(usize, &String)> =
            tracks.iter().enumerate().filter(|(number, _)| number % 2 == half).collect();
        for (number, track) in &own {
            let title = title(*number);
            writeln!(recordings, "{track},\"{title}\",{label},{artist}")
                .expect("a String takes it");
            writeln!(shares, "master,{track},{label},100%").expect("a String takes it");
        }
        for (number, of) in own.chunks(TRACKS_MAX).enumerate() {
            let tracks: Vec<&str> = of.iter().map(|(_, track)| track.as_str()).collect();
            let (title, tracks) = (title(of[0].0), tracks.join(";"));
            writeln!(releases, "{label}-{:03},\"{title}\",{label},{tracks}", number + 1)
                .expect("a String takes it");
        }
    }
    [("recordings.csv", recordings), ("releases.csv", releases), ("shares.csv", shares)]
}
