//! Entries from the columns of a row, whatever the row was written in.

use crate::entries::{
    ArtistRole, Credit, Party, PartyKind, Recording, RecordingKind, Release, RightOf, Share,
    TerritoryCode, Work, WorkPart, Writer, WriterRole,
};
use crate::import::{Place, Placed, PlacedShare, RowErrors};
use crate::right::{Dates, Right};
use ledgerline_ids::{
    DayNo, Dpid, Ipi, Isni, Isrc, Iswc, PartyId, ReleaseId, TrackId, Upc, WorkId,
};
use ledgerline_money::{Currency, Fraction, FractionError, Micros};
use std::borrow::Cow;
use std::fmt::Display;

/// The columns of parties.
pub const PARTY_COLUMNS: &[&str] = &[
    "party_id",
    "name",
    "kinds",
    "country",
    "ipi",
    "isni",
    "dpid",
    "tax_country",
    "tax_treaty",
    "payout_currency",
    "minimum_payout",
];
/// The columns of works.
pub const WORK_COLUMNS: &[&str] = &["work_id", "iswc", "title", "writers"];
/// The columns of recordings.
pub const RECORDING_COLUMNS: &[&str] =
    &["track_id", "isrc", "title", "duration_ms", "kind", "label", "artists", "works"];
/// The columns of releases.
pub const RELEASE_COLUMNS: &[&str] =
    &["release_id", "upc", "title", "label", "released_on", "tracks"];
/// The columns of shares.
pub const SHARE_COLUMNS: &[&str] =
    &["right", "track_id", "work_id", "holder", "share", "from", "until", "territories"];

/// Those of them that list several things.
pub const LIST_COLUMNS: &[&str] =
    &["kinds", "writers", "artists", "works", "tracks", "territories"];

/// A recording lasts at most a week: 604 800 000 ms.
pub const DURATION_MS_MAX: u64 = 7 * 86_400_000;
/// The most bytes of a title or name.
pub const TEXT_BYTES_MAX: usize = 1_000;
/// How many items a column lists at most.
pub const ITEMS_MAX: usize = 2_000;

/// One of several that a column lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// What it names.
    pub id: String,
    /// What stands behind it: a role or a weight; empty where nothing does.
    pub note: String,
}

/// A row as it was brought.
pub trait Fields {
    /// What stands in `column`, without spaces around it; empty where nothing does.
    fn text(&self, column: &str) -> Cow<'_, str>;

    /// What `column` lists; with `noted`, each with what stands behind it.
    fn items(&self, column: &str, noted: bool) -> Vec<Item>;
}

/// A row that is being read; what is wrong in it is named, and reading goes on.
pub struct Row<'a> {
    fields: &'a dyn Fields,
    at: Place,
    errors: &'a mut RowErrors,
    before: usize,
}

impl<'a> Row<'a> {
    /// Begins with the row at `at`.
    #[must_use]
    pub fn new(fields: &'a dyn Fields, at: Place, errors: &'a mut RowErrors) -> Self {
        let before = errors.total();
        Self { fields, at, errors, before }
    }

    /// Where it stands.
    #[must_use]
    pub fn at(&self) -> Place {
        self.at
    }

    /// Whether nothing in it was wrong so far.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.errors.total() == self.before
    }

    /// `entry`, where nothing in the row was wrong.
    #[must_use]
    pub fn entry<T>(self, entry: T) -> Option<T> {
        self.is_good().then_some(entry)
    }

    /// Names what is wrong in a column.
    pub fn wrong(&mut self, column: &'static str, value: &str, why: impl Into<String>) {
        self.errors.add(self.at, column, value, why);
    }

    /// Reads a column that may be empty.
    pub fn optional<T, E: Display>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.fields.text(column);
        if text.is_empty() {
            return None;
        }
        match read(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.errors.add(self.at, column, &text, why.to_string());
                None
            }
        }
    }

    /// Reads a column that must not be empty; `instead` is what goes on where it is wrong.
    pub fn required<T, E: Display>(
        &mut self,
        column: &'static str,
        instead: T,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        if self.fields.text(column).is_empty() {
            self.errors.add(self.at, column, "", "must not be empty");
            return instead;
        }
        self.optional(column, read).unwrap_or(instead)
    }

    /// Reads a title or name, which may be empty.
    pub fn words(&mut self, column: &'static str) -> Box<str> {
        let read = |text: &str| {
            if text.len() > TEXT_BYTES_MAX {
                return Err(format!("must be at most {TEXT_BYTES_MAX} bytes long"));
            }
            if text.chars().any(char::is_control) {
                return Err("may not contain control characters".to_owned());
            }
            Ok(text.into())
        };
        self.optional(column, read).unwrap_or_default()
    }

    fn items<T>(
        &mut self,
        column: &'static str,
        noted: bool,
        read: impl Fn(&Item) -> Result<T, String>,
    ) -> Vec<T> {
        let items = self.fields.items(column, noted);
        if items.len() > ITEMS_MAX {
            let why = format!("lists {} items; at most {ITEMS_MAX} are read", items.len());
            self.wrong(column, &items[0].id, why);
            return Vec::new();
        }
        let mut entries = Vec::with_capacity(items.len());
        for item in &items {
            match read(item) {
                Ok(entry) => entries.push(entry),
                Err(why) if item.note.is_empty() => self.wrong(column, &item.id, why),
                Err(why) => self.wrong(column, &format!("{} ({})", item.id, item.note), why),
            }
        }
        entries
    }
}

fn party_id(text: &str) -> Result<Box<str>, String> {
    PartyId::new(text).map(|_| text.into()).map_err(|why| format!("a party's id {why}"))
}

fn work_id(text: &str) -> Result<Box<str>, String> {
    WorkId::new(text).map(|_| text.into()).map_err(|why| format!("a work's id {why}"))
}

/// Reads a track id.
///
/// # Errors
/// What it must be.
pub fn track_id(text: &str) -> Result<Box<str>, String> {
    TrackId::new(text).map(|_| text.into()).map_err(|why| format!("a track's id {why}"))
}

/// Reads `yes` or `no`.
///
/// # Errors
/// What it must be.
pub fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err("must be yes or no"),
    }
}

fn word<T>(known: Option<T>, all: &str) -> Result<T, String> {
    known.ok_or_else(|| format!("must be one of {all}"))
}

/// A role, where one stands behind an item.
fn role<T>(note: &str, usual: T, known: Option<T>, all: &str) -> Result<T, String> {
    if note.is_empty() { Ok(usual) } else { word(known, all) }
}

/// Reads a party.
pub fn party(mut row: Row<'_>) -> Option<Placed<Party>> {
    let mut kinds =
        row.items("kinds", false, |item| word(PartyKind::from_word(&item.id), &PartyKind::words()));
    kinds.sort_unstable();
    kinds.dedup();
    let id = row.required("party_id", Box::default(), party_id);
    let name = row.words("name");
    let entry = Party {
        name: if name.is_empty() { id.clone() } else { name },
        id,
        kinds: kinds.into_boxed_slice(),
        country: row.optional("country", TerritoryCode::parse),
        ipi: row.optional("ipi", Ipi::parse),
        isni: row.optional("isni", Isni::parse),
        dpid: row.optional("dpid", Dpid::parse),
        tax_country: row.optional("tax_country", TerritoryCode::parse),
        tax_treaty: row.optional("tax_treaty", yes_or_no).unwrap_or(false),
        payout_currency: row.optional("payout_currency", Currency::parse),
        minimum_payout: row.optional("minimum_payout", amount),
    };
    let at = row.at();
    row.entry(Placed { at, entry })
}

fn amount(text: &str) -> Result<Micros, String> {
    match Micros::parse(text) {
        Ok(amount) if amount.is_negative() => Err("must not be below nothing".to_owned()),
        Ok(amount) => Ok(amount),
        Err(why) => Err(why.to_string()),
    }
}

/// Reads a work.
pub fn work(mut row: Row<'_>) -> Option<Placed<Work>> {
    let writers = row.items("writers", true, |item| {
        let known = WriterRole::from_word(&item.note);
        let role = role(&item.note, WriterRole::Writer, known, &WriterRole::words())?;
        Ok(Writer { party: party_id(&item.id)?, role })
    });
    let entry = Work {
        id: row.required("work_id", Box::default(), work_id),
        iswc: row.optional("iswc", Iswc::parse),
        title: row.words("title"),
        writers: writers.into_boxed_slice(),
    };
    let at = row.at();
    row.entry(Placed { at, entry })
}

/// Reads a recording.
pub fn recording(mut row: Row<'_>) -> Option<Placed<Recording>> {
    let artists = row.items("artists", true, |item| {
        let known = ArtistRole::from_word(&item.note);
        let role = role(&item.note, ArtistRole::Main, known, &ArtistRole::words())?;
        Ok(Credit { party: party_id(&item.id)?, role })
    });
    let works = row.items("works", true, |item| {
        let weight = match item.note.as_str() {
            "" => None,
            note => Some(part(note).map_err(|why| format!("a work's weight {why}"))?),
        };
        Ok(WorkPart { work: work_id(&item.id)?, weight })
    });
    let duration = |text: &str| {
        let millis = text.parse().ok().filter(|millis| (1..=DURATION_MS_MAX).contains(millis));
        millis.ok_or_else(|| format!("must be 1 to {DURATION_MS_MAX} milliseconds, or empty"))
    };
    let kind = |text: &str| word(RecordingKind::from_word(text), &RecordingKind::words());
    let entry = Recording {
        track_id: row.required("track_id", Box::default(), track_id),
        isrc: row.optional("isrc", Isrc::parse),
        title: row.words("title"),
        duration_ms: row.optional("duration_ms", duration),
        kind: row.optional("kind", kind).unwrap_or(RecordingKind::Music),
        label: row.optional("label", party_id),
        artists: artists.into_boxed_slice(),
        works: works.into_boxed_slice(),
    };
    let at = row.at();
    row.entry(Placed { at, entry })
}

/// Reads a release.
pub fn release(mut row: Row<'_>) -> Option<Placed<Release>> {
    let tracks = row.items("tracks", false, |item| track_id(&item.id));
    let id = |text: &str| {
        ReleaseId::new(text).map(|_| text.into()).map_err(|why| format!("a release's id {why}"))
    };
    let entry = Release {
        id: row.required("release_id", Box::default(), id),
        upc: row.optional("upc", Upc::parse),
        title: row.words("title"),
        label: row.optional("label", party_id),
        released_on: row.optional("released_on", DayNo::parse),
        tracks: tracks.into_boxed_slice(),
    };
    let at = row.at();
    row.entry(Placed { at, entry })
}

/// Reads a fraction that can be written down and read again.
///
/// # Errors
/// What it must be.
pub fn fraction(text: &str) -> Result<Fraction, String> {
    let read = Fraction::parse(text).map_err(|why| why.to_string())?;
    // A quotient of two long decimals has a longer denominator than is read.
    match Fraction::parse(&read.to_string()) {
        Ok(again) if again == read => Ok(read),
        _ => Err(FractionError::TooPrecise.to_string()),
    }
}

/// More than nothing, at most the whole.
fn part(text: &str) -> Result<Fraction, String> {
    let share = fraction(text)?;
    if share.is_share() && share > Fraction::ZERO {
        return Ok(share);
    }
    Err("must be more than 0 % and at most 100 %, such as 50% or 1/3".to_owned())
}

/// Reads a share.
pub fn share(mut row: Row<'_>) -> Option<PlacedShare> {
    let words = || Right::ALL.map(Right::word).join(", ");
    let right = row.required("right", Right::Master, |text| word(Right::from_word(text), &words()));
    if !row.is_good() {
        return None; // Which other columns are wanted, the right says.
    }
    let is_master = right == Right::Master;
    let (column, other) = if is_master { ("track_id", "work_id") } else { ("work_id", "track_id") };
    let read = if is_master { track_id } else { work_id };
    let of = row.required(column, Box::default(), read);
    let why = format!("must be empty: the {} right is one of {column}", right.word());
    row.optional(other, |_| Err::<(), _>(why));
    let mut territories = row.items("territories", false, |item| {
        TerritoryCode::parse(&item.id).map_err(|why| format!("a territory {why}"))
    });
    territories.sort_unstable();
    territories.dedup();
    let dates = Dates {
        from: row.optional("from", DayNo::parse).unwrap_or(Dates::ALWAYS.from),
        until: row.optional("until", DayNo::parse),
    };
    if let Some(until) = dates.until.filter(|until| *until <= dates.from) {
        let why = "must be after `from`: it is the first day on which the share no longer holds";
        row.wrong("until", &until.to_string(), why);
    }
    let share = Share {
        dates,
        territories: territories.into_boxed_slice(),
        holder: row.required("holder", Box::default(), party_id),
        share: row.required("share", Fraction::ONE, part),
    };
    let at = row.at();
    row.entry(PlacedShare { at, of: RightOf { right, of }, share })
}
