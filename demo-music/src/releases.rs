//! What the demonstration's labels have put out.

use crate::covers;
use crate::pieces::{self, Composition, Performance, hymn_beats};
use crate::sound::RATE_HZ;

/// Who wrote all of it.
pub(crate) const COMPOSER: &str = "Ledgerline";
/// When it came out.
pub(crate) const YEAR: &str = "2026";

/// A release: what several tracks come out on.
#[derive(Debug, Clone, Copy)]
pub struct Release {
    /// Its title.
    pub title: &'static str,
    /// Whose it is.
    pub artist: &'static str,
    /// The label that put it out.
    pub label: &'static str,
    /// What kind it is, in MusicBrainz' words.
    pub kind: &'static str,
    /// What was played in one go, in the order of the tracks.
    pub takes: &'static [Take],
    cover: fn() -> Vec<u8>,
}

/// What was played in one go: one track, or several that follow each other without a gap.
#[derive(Debug, Clone, Copy)]
pub struct Take {
    /// Its tracks, in their order.
    pub tracks: &'static [Track],
    compose: fn() -> Composition,
}

/// A track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track {
    /// Its place on the release, from 1.
    pub number: u32,
    /// Its title.
    pub title: &'static str,
    /// Who plays.
    pub artist: &'static str,
    /// Its genre.
    pub genre: &'static str,
    /// Its ISRC, of a country that there is not: ISO 3166 leaves `XX` to whoever needs one, and no agency gives it out.
    pub isrc: &'static str,
    words: Option<&'static [&'static str]>,
}

const fn track(
    number: u32,
    title: &'static str,
    artist: &'static str,
    genre: &'static str,
    isrc: &'static str,
) -> Track {
    Track { number, title, artist, genre, isrc, words: None }
}

/// Of the hymn, one line for each line of it, both times.
const EVENSONG: [&str; 8] = [
    "The lamp is low, the day is told,",
    "the boats come home across the cold;",
    "what we were given we have sung,",
    "and every note is one by one.",
    "Now count the stars, and count them true,",
    "for none is lost that shone on you;",
    "the night will keep what light we owe,",
    "and pay it back in morning's glow.",
];

const RELEASES: [Release; 3] = [
    Release {
        title: "Night Ferry",
        artist: "Comet",
        label: "Northern Lights",
        kind: "ep",
        takes: &[
            Take {
                tracks: &[track(1, "Night Ferry", "Comet", "Neoclassical", "XXLDG2600001")],
                compose: pieces::ballad,
            },
            Take {
                tracks: &[track(2, "Kitchen Radio", "Comet", "Lo-Fi", "XXLDG2600002")],
                compose: pieces::lofi,
            },
            Take {
                tracks: &[track(3, "Meridian", "Comet", "Techno", "XXLDG2600003")],
                compose: pieces::techno,
            },
            Take {
                tracks: &[track(4, "Salt Light", "Comet", "Ambient", "XXLDG2600004")],
                compose: pieces::drift,
            },
        ],
        cover: covers::night_ferry,
    },
    Release {
        title: "Undertow, Landfall (Live)",
        artist: "Comet",
        label: "Northern Lights",
        kind: "live",
        takes: &[Take {
            tracks: &[
                track(1, "Undertow (Live)", "Comet", "Post-Rock", "XXLDG2600005"),
                track(2, "Landfall (Live)", "Comet", "Post-Rock", "XXLDG2600006"),
            ],
            compose: pieces::live,
        }],
        cover: covers::landfall,
    },
    Release {
        title: "Paper Lanterns",
        artist: "Four Bows",
        label: "Southern Cross",
        kind: "single",
        takes: &[
            Take {
                tracks: &[track(
                    1,
                    "The Miller's Lamp",
                    "Four Bows feat. The Plectrum Club",
                    "Folk",
                    "XXLDG2600007",
                )],
                compose: pieces::waltz,
            },
            Take {
                tracks: &[Track {
                    words: Some(&EVENSONG),
                    ..track(2, "Evensong for Four Bows", "Four Bows", "Classical", "XXLDG2600008")
                }],
                compose: pieces::chorale,
            },
        ],
        cover: covers::paper_lanterns,
    },
];

/// All releases.
#[must_use]
pub fn releases() -> &'static [Release] {
    &RELEASES
}

impl Release {
    /// Its tracks, in their order.
    pub fn tracks(&self) -> impl Iterator<Item = &'static Track> + use<> {
        self.takes.iter().flat_map(|take| take.tracks)
    }

    /// Its cover, as PNG; drawn anew each time, with the same bytes.
    #[must_use]
    pub fn cover(&self) -> Vec<u8> {
        (self.cover)()
    }
}

impl Take {
    /// Plays it. Takes a second or two; equal bytes each time on one machine.
    #[must_use]
    pub fn perform(&self) -> Performance {
        (self.compose)().perform()
    }

    /// How long each track is, which is known before anything is played.
    #[must_use]
    pub fn durations_ms(&self) -> Vec<u64> {
        let tracks = (self.compose)().tracks();
        tracks.iter().map(|frames| frames.len() as u64 * 1_000 / u64::from(RATE_HZ)).collect()
    }
}

impl Track {
    /// Its words, each line with when it is played (LRC); `None` where it has none.
    #[must_use]
    pub fn lyrics(&self) -> Option<String> {
        let words = self.words?;
        let tempo = pieces::chorale().desk.tempo;
        let line = |(beat, words): (f64, &&str)| {
            let hundredths = (tempo.seconds(beat) * 100.0).round() as u64;
            let (minutes, rest) = (hundredths / 6_000, hundredths % 6_000);
            format!("[{minutes:02}:{:02}.{:02}]{words}", rest / 100, rest % 100)
        };
        Some(hymn_beats().into_iter().zip(words).map(line).collect::<Vec<_>>().join("\n"))
    }
}
