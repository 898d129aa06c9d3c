//! Parties, recordings, works, releases and shares, as they are brought and kept.

use crate::right::{Dates, Right};
use ledgerline_ids::{DayNo, Dpid, Ipi, Isni, Isrc, Iswc, Territory, Upc};
use ledgerline_money::{Currency, Fraction, Micros};
use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in files and answers.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What a word means.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }

            /// All words, for a message.
            #[must_use]
            pub fn words() -> String {
                let words: Vec<&str> = Self::ALL.iter().map(|one| one.word()).collect();
                words.join(", ")
            }
        }
    };
}

words! {
    /// What a party does; one may do several things.
    PartyKind {
        /// Performs.
        Artist = "artist",
        /// Publishes recordings.
        Label = "label",
        /// Publishes works.
        Publisher = "publisher",
        /// Writes works.
        Songwriter = "songwriter",
        /// Brings labels' recordings to services.
        Distributor = "distributor",
        /// Collects for many.
        Society = "society",
        /// Brings others together, for a commission.
        Introducer = "introducer",
        /// Anything else that is paid.
        Other = "other",
    }
}

words! {
    /// What kind of recording it is; terms of some models go by it.
    RecordingKind {
        /// Music.
        Music = "music",
        /// Functional noise: rain, fans, whales.
        Noise = "noise",
        /// Speech.
        Spoken = "spoken",
    }
}

words! {
    /// What an artist did for a recording.
    ArtistRole {
        /// It is the artist's recording.
        Main = "main",
        /// Is heard on another's.
        Featured = "featured",
        /// Made another version of it.
        Remixer = "remixer",
        /// Produced it.
        Producer = "producer",
        /// Conducted it.
        Conductor = "conductor",
        /// Played on it.
        Performer = "performer",
    }
}

words! {
    /// What a writer did for a work.
    WriterRole {
        /// Both music and words, or what isn't told apart.
        Writer = "writer",
        /// The music.
        Composer = "composer",
        /// The words.
        Lyricist = "lyricist",
        /// Arranged it.
        Arranger = "arranger",
        /// Translated the words.
        Translator = "translator",
    }
}

/// A country, ISO 3166-1 alpha-2, owned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerritoryCode([u8; 2]);

impl TerritoryCode {
    /// Reads `SE`.
    ///
    /// # Errors
    /// [`ledgerline_ids::IdError`] for what is no such code.
    pub fn parse(text: &str) -> Result<Self, ledgerline_ids::IdError> {
        let code = Territory::new(text)?;
        Ok(Self(code.as_str().as_bytes().try_into().expect("two letters were checked")))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two letters of ASCII were checked")
    }
}

impl fmt::Display for TerritoryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TerritoryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whoever holds rights, is paid or is credited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its id.
    pub id: Box<str>,
    /// What people call it.
    pub name: Box<str>,
    /// What it does, sorted, each once.
    pub kinds: Box<[PartyKind]>,
    /// Where it is.
    pub country: Option<TerritoryCode>,
    /// Its number in the register of interested parties.
    pub ipi: Option<Ipi>,
    /// Its public identity.
    pub isni: Option<Isni>,
    /// Its id in DDEX messages.
    pub dpid: Option<Dpid>,
    /// Where it pays tax; its country where this isn't said.
    pub tax_country: Option<TerritoryCode>,
    /// Whether a treaty spares it the withholding of the countries that it is paid from.
    pub tax_treaty: bool,
    /// What it is paid in; the contract's currency where this isn't said.
    pub payout_currency: Option<Currency>,
    /// Below this it isn't paid out; in its payout currency.
    pub minimum_payout: Option<Micros>,
}

impl Party {
    /// One of which nothing but its id is known.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            name: id.into(),
            kinds: Box::default(),
            country: None,
            ipi: None,
            isni: None,
            dpid: None,
            tax_country: None,
            tax_treaty: false,
            payout_currency: None,
            minimum_payout: None,
        }
    }
}

/// An artist of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// Who.
    pub party: Box<str>,
    /// As what.
    pub role: ArtistRole,
}

/// A work that a recording is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkPart {
    /// Which work.
    pub work: Box<str>,
    /// Which part of the recording; equal parts where no work of the recording says one.
    pub weight: Option<Fraction>,
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The id that reports name it by.
    pub track_id: Box<str>,
    /// Its ISRC.
    pub isrc: Option<Isrc>,
    /// Its title.
    pub title: Box<str>,
    /// Its length in milliseconds, where known.
    pub duration_ms: Option<u64>,
    /// What kind it is.
    pub kind: RecordingKind,
    /// Whose recording it is; its releases' label where this isn't said.
    pub label: Option<Box<str>>,
    /// Its artists, in the order of the credits.
    pub artists: Box<[Credit]>,
    /// The works that it is of.
    pub works: Box<[WorkPart]>,
}

impl Recording {
    /// One of which nothing but its id is known.
    #[must_use]
    pub fn new(track_id: &str) -> Self {
        Self {
            track_id: track_id.into(),
            isrc: None,
            title: Box::default(),
            duration_ms: None,
            kind: RecordingKind::Music,
            label: None,
            artists: Box::default(),
            works: Box::default(),
        }
    }
}

/// A writer of a work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// Who.
    pub party: Box<str>,
    /// As what.
    pub role: WriterRole,
}

/// A musical work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Its id.
    pub id: Box<str>,
    /// Its ISWC.
    pub iswc: Option<Iswc>,
    /// Its title.
    pub title: Box<str>,
    /// Its writers.
    pub writers: Box<[Writer]>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id.
    pub id: Box<str>,
    /// Its UPC or EAN.
    pub upc: Option<Upc>,
    /// Its title.
    pub title: Box<str>,
    /// Whose release it is.
    pub label: Option<Box<str>>,
    /// When it came out.
    pub released_on: Option<DayNo>,
    /// Its recordings, by track id, in order.
    pub tracks: Box<[Box<str>]>,
}

/// A right of one recording or work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RightOf {
    /// Which right.
    pub right: Right,
    /// The track id for a master, else the work id.
    pub of: Box<str>,
}

impl fmt::Display for RightOf {
    /// `master of track T1`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.right == Right::Master { "track" } else { "work" };
        write!(f, "{} of {kind} {}", self.right.word(), self.of)
    }
}

/// What one party holds of a right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// When.
    pub dates: Dates,
    /// Where, sorted, each once; everywhere that no other share names, where this is empty.
    pub territories: Box<[TerritoryCode]>,
    /// Who.
    pub holder: Box<str>,
    /// How much: more than 0, at most 1.
    pub share: Fraction,
}

/// All shares of one right, whatever their dates and territories; sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareSet {
    /// Of what.
    pub of: RightOf,
    /// The shares.
    pub shares: Box<[Share]>,
}
