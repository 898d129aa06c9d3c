//! Artists, releases, tracks, genres and how tracks are related.

use ledgerline_ids::UnixMs;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::ports::CatalogueTrack;

/// A text as it is compared and sorted: in lower case, without accents, punctuation and doubled spaces.
/// Where nothing is left of it, the text itself in lower case.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        // Of what parts words, one space is left; of what stands within them, nothing.
        let parts = !letter.is_ascii_punctuation() || matches!(letter, '-' | '/' | '_' | '&' | '+');
        if letter.is_alphanumeric() {
            folded.extend(letter.to_lowercase());
        } else if parts && !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    if folded.is_empty() { text.trim().to_lowercase() } else { folded }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word of it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What a word means.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What somebody did for a track.
    Role {
        /// Its artist, or one of several.
        Main = "main",
        /// A guest: "feat.".
        Featured = "featured",
        /// Made another recording of it.
        Remixer = "remixer",
        /// Wrote the music.
        Composer = "composer",
        /// Wrote the words.
        Lyricist = "lyricist",
        /// Wrote it, without word of which part.
        Writer = "writer",
        /// Arranged it.
        Arranger = "arranger",
        /// Conducted the players.
        Conductor = "conductor",
        /// Played or sang; [`Credit::detail`] says what.
        Performer = "performer",
        /// Produced it.
        Producer = "producer",
        /// Recorded it.
        Engineer = "engineer",
        /// Mixed it.
        Mixer = "mixer",
    }
}

words! {
    /// What kind of release it is.
    ReleaseKind {
        /// An album.
        Album = "album",
        /// An EP.
        Ep = "ep",
        /// A single.
        Single = "single",
        /// Not of one artist, or put together out of others.
        Compilation = "compilation",
        /// A concert.
        Live = "live",
        /// Of a film, a play or a game.
        Soundtrack = "soundtrack",
        /// Something read or spoken.
        Spoken = "spoken",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What one track is of another.
    RelationKind {
        /// Made out of the other's recording.
        Remix = "remix",
        /// Another recording of the same song by others.
        Cover = "cover",
        /// The other's recording with a guest.
        Feature = "feature",
        /// The other song, before an audience.
        Live = "live",
        /// The other recording, mastered anew.
        Remaster = "remaster",
        /// The other recording, cut.
        Edit = "edit",
    }
}

/// Whoever is credited: a person, a band, an orchestra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artist {
    /// Random and stable; fit for URLs.
    pub id: String,
    /// As it is written.
    pub name: String,
    /// As it is sorted, such as `Parker, Charlie`.
    pub sort_name: String,
    /// Its id at MusicBrainz, a UUID in lower case.
    pub musicbrainz_id: Option<String>,
    /// Who it is, as plain text; an administrator writes it.
    pub biography: String,
    /// The id of its picture, which an administrator chose.
    pub picture: Option<String>,
    /// On how many releases that are there to be heard it has any part. The library keeps this.
    pub releases: u32,
}

impl Artist {
    /// What it is sorted by.
    #[must_use]
    pub fn sort_key(&self) -> String {
        fold(&self.sort_name)
    }
}

/// An artist as a release or track names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditedArtist {
    /// Who.
    #[serde(rename = "i")]
    pub artist_id: String,
    /// As it is written there.
    #[serde(rename = "n")]
    pub name: String,
}

/// What somebody did for a track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// Who.
    #[serde(flatten)]
    pub artist: CreditedArtist,
    /// What.
    #[serde(rename = "r")]
    pub role: Role,
    /// More of it, such as an instrument; empty where nothing is said.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What tracks come out on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Random and stable; fit for URLs.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What kind it is.
    pub kind: ReleaseKind,
    /// When it came out: `2026`, `2026-10` or `2026-10-31`; empty where nobody knows.
    pub released_on: String,
    /// Its label.
    pub label: Option<String>,
    /// Its UPC or EAN, digits only.
    pub upc: Option<String>,
    /// Its id at MusicBrainz, a UUID in lower case.
    pub musicbrainz_id: Option<String>,
    /// The id of its cover.
    pub cover: Option<String>,
    /// Whether it says itself that its tracks are by different artists.
    pub compilation: bool,
    /// Whose release it is, in the order of the credits; none where the tracks are by different artists.
    pub artists: Vec<CreditedArtist>,
    /// Whether that follows from the tracks, since nothing was said of the release.
    pub artists_by_tracks: bool,
    /// When it got into the library.
    pub added_at: UnixMs,
    /// What follows from its tracks. The library keeps this.
    pub sums: super::ReleaseSums,
}

impl Release {
    /// What it is sorted by.
    #[must_use]
    pub fn sort_key(&self) -> String {
        fold(&self.title)
    }
}

/// A recording, on a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The id that reports name it by; random, stable and fit for URLs where the library made it.
    pub id: String,
    /// On which release.
    pub release_id: String,
    /// On which disc of it, from 1.
    pub disc: u32,
    /// Its number there; 0 where nobody knows.
    pub number: u32,
    /// Its title.
    pub title: String,
    /// Who did what, in the order of the credits.
    pub credits: Vec<Credit>,
    /// How long it is.
    pub duration_ms: u64,
    /// Whether its tags say that it is explicit.
    pub explicit: bool,
    /// What an administrator says of that, which stands above the tags.
    pub explicit_said: Option<bool>,
    /// Its genres, as they are written.
    pub genres: Vec<String>,
    /// Its ISRC: twelve characters, upper case, no hyphens.
    pub isrc: Option<String>,
    /// The id of its recording at MusicBrainz, a UUID in lower case.
    pub musicbrainz_id: Option<String>,
    /// Whether there are lyrics. The library keeps this.
    pub has_lyrics: bool,
    /// When it got into the library.
    pub added_at: UnixMs,
    /// Since when none of its files is there. The library keeps this.
    pub missing_since: Option<UnixMs>,
}

impl Track {
    /// Whether it is explicit.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.explicit_said.unwrap_or(self.explicit)
    }

    /// Its artists: the main ones.
    pub fn artists(&self) -> impl Iterator<Item = &CreditedArtist> {
        self.credits.iter().filter(|credit| credit.role == Role::Main).map(|credit| &credit.artist)
    }

    /// It as counting knows it.
    #[must_use]
    pub fn as_counted(&self) -> CatalogueTrack {
        CatalogueTrack {
            track_id: self.id.clone(),
            duration_ms: Some(self.duration_ms),
            title: self.title.clone(),
            artists: self.artists().map(|artist| artist.name.clone()).collect(),
            isrc: self.isrc.clone(),
        }
    }
}

/// What kind of music it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genre {
    /// What it is named by: [`fold`]ed.
    pub key: String,
    /// As it was written first.
    pub name: String,
    /// How many releases have tracks of it that are there to be heard.
    pub releases: u32,
    /// How many tracks these are.
    pub tracks: u32,
}

/// The words of a track.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lyrics {
    /// Line by line.
    pub plain: Option<String>,
    /// In the LRC format, in which each line has its time.
    pub synced: Option<String>,
}

impl Lyrics {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plain.is_none() && self.synced.is_none()
    }
}

/// What one track is of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    /// The one.
    pub track_id: String,
    /// What it is.
    pub kind: RelationKind,
    /// Of which other.
    pub of_track_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_folded() {
        for (text, folded) in [
            ("Zoë", "zoe"),
            ("  AC/DC ", "ac dc"),
            ("Beyoncé & JAY-Z", "beyonce jay z"),
            ("Sgt. Pepper's", "sgt peppers"),
            ("Ａｌｂｕｍ", "album"),
            ("ВИА «Гра»", "виа гра"),
            ("!!!", "!!!"),
            ("", ""),
            ("...And Justice", "and justice"),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }
}
