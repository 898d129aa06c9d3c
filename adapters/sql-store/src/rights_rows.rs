//! Entries of the catalogue of rights as rows, and back.

use ledgerline_catalog::{
    ArtistRole, Credit, Dates, Party, PartyKind, Recording, RecordingKind, Release, Right, Share,
    TerritoryCode, Work, WorkPart, Writer, WriterRole,
};
use ledgerline_ids::DayNo;
use ledgerline_money::{Currency, Fraction, Micros};
use sqlx::Row as _;
use std::fmt::Display;

use super::dialect::Database;
use crate::fault::{Fault, from_column};

pub(crate) type Row = <Database as sqlx::Database>::Row;

/// Reads one row's columns; says which row is wrong where one is.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    of: String,
}

impl<'r> Columns<'r> {
    pub(crate) fn new(row: &'r Row, table: &str, id: &str) -> Self {
        Self { row, of: format!("{table} {id:?}") }
    }

    fn wrong(&self, column: &str, value: &str, why: &dyn Display) -> Fault {
        Fault::Said(format!("{}: {column} is {value:?}: {why}", self.of))
    }

    pub(crate) fn text(&self, column: &str) -> Result<Box<str>, Fault> {
        Ok(self.row.try_get::<String, _>(column)?.into_boxed_str())
    }

    fn optional_text(&self, column: &str) -> Result<Option<Box<str>>, Fault> {
        let text: Option<String> = self.row.try_get(column)?;
        Ok(text.map(String::into_boxed_str))
    }

    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, Fault> {
        from_column(&format!("{}: {column}", self.of), self.row.try_get(column)?)
    }

    pub(crate) fn flag(&self, column: &str) -> Result<bool, Fault> {
        Ok(self.row.try_get(column)?)
    }

    pub(crate) fn optional_number<T: TryFrom<i64>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, Fault> {
        let number: Option<i64> = self.row.try_get(column)?;
        number.map(|number| from_column(&format!("{}: {column}", self.of), number)).transpose()
    }

    fn parsed<T, E: Display>(
        &self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Fault> {
        let Some(text) = self.optional_text(column)? else { return Ok(None) };
        parse(&text).map(Some).map_err(|why| self.wrong(column, &text, &why))
    }

    pub(crate) fn must<T, E: Display>(
        &self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Fault> {
        let text = self.text(column)?;
        parse(&text).map_err(|why| self.wrong(column, &text, &why))
    }

    /// Words with a space between them.
    fn words<T>(&self, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<Box<[T]>, Fault> {
        let text = self.text(column)?;
        let words = text.split_ascii_whitespace().map(read).collect::<Option<Box<[T]>>>();
        words.ok_or_else(|| self.wrong(column, &text, &"a word of it is unknown"))
    }

    /// Pairs of words.
    fn pairs<T>(
        &self,
        column: &str,
        read: impl Fn(&str, &str) -> Option<T>,
    ) -> Result<Box<[T]>, Fault> {
        let text = self.text(column)?;
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let pairs = words.chunks(2).map(|pair| match pair {
            [first, second] => read(first, second),
            _ => None,
        });
        pairs
            .collect::<Option<Box<[T]>>>()
            .ok_or_else(|| self.wrong(column, &text, &"a pair of it is unknown"))
    }
}

/// What stands for no weight.
const NO_WEIGHT: &str = "-";

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

pub(crate) fn kinds(party: &Party) -> String {
    joined(party.kinds.iter().map(|kind| kind.word().to_owned()))
}

pub(crate) fn writers(work: &Work) -> String {
    joined(work.writers.iter().map(|writer| format!("{} {}", writer.party, writer.role.word())))
}

pub(crate) fn artists(recording: &Recording) -> String {
    let artists = recording.artists.iter();
    joined(artists.map(|credit| format!("{} {}", credit.party, credit.role.word())))
}

pub(crate) fn works(recording: &Recording) -> String {
    joined(recording.works.iter().map(|part| match part.weight {
        Some(weight) => format!("{} {weight}", part.work),
        None => format!("{} {NO_WEIGHT}", part.work),
    }))
}

pub(crate) fn territories(share: &Share) -> String {
    joined(share.territories.iter().map(TerritoryCode::to_string))
}

pub(crate) fn tracks(release: &Release) -> String {
    release.tracks.join("\n")
}

pub(crate) fn party(row: &Row) -> Result<Party, Fault> {
    let id: String = row.try_get("party_id")?;
    let columns = Columns::new(row, "rights_parties", &id);
    Ok(Party {
        name: columns.text("name")?,
        kinds: columns.words("kinds", PartyKind::from_word)?,
        country: columns.parsed("country", TerritoryCode::parse)?,
        ipi: columns.parsed("ipi", ledgerline_ids::Ipi::parse)?,
        isni: columns.parsed("isni", ledgerline_ids::Isni::parse)?,
        dpid: columns.parsed("dpid", ledgerline_ids::Dpid::parse)?,
        tax_country: columns.parsed("tax_country", TerritoryCode::parse)?,
        tax_treaty: columns.flag("tax_treaty")?,
        payout_currency: columns.parsed("payout_currency", Currency::parse)?,
        minimum_payout: columns.optional_number("minimum_payout")?.map(Micros::new),
        id: id.into(),
    })
}

pub(crate) fn work(row: &Row) -> Result<Work, Fault> {
    let id: String = row.try_get("work_id")?;
    let columns = Columns::new(row, "rights_works", &id);
    Ok(Work {
        iswc: columns.parsed("iswc", ledgerline_ids::Iswc::parse)?,
        title: columns.text("title")?,
        writers: columns.pairs("writers", |party, role| {
            Some(Writer { party: party.into(), role: WriterRole::from_word(role)? })
        })?,
        id: id.into(),
    })
}

pub(crate) fn recording(row: &Row) -> Result<Recording, Fault> {
    let id: String = row.try_get("track_id")?;
    let columns = Columns::new(row, "rights_recordings", &id);
    let kind = |word: &str| RecordingKind::from_word(word).ok_or("the word is unknown");
    Ok(Recording {
        isrc: columns.parsed("isrc", ledgerline_ids::Isrc::parse)?,
        title: columns.text("title")?,
        duration_ms: columns.optional_number("duration_ms")?,
        kind: columns.must("kind", kind)?,
        label: columns.optional_text("label")?,
        artists: columns.pairs("artists", |party, role| {
            Some(Credit { party: party.into(), role: ArtistRole::from_word(role)? })
        })?,
        works: columns.pairs("works", |work, weight| {
            let weight = match weight {
                NO_WEIGHT => None,
                weight => Some(Fraction::parse(weight).ok()?),
            };
            Some(WorkPart { work: work.into(), weight })
        })?,
        track_id: id.into(),
    })
}

pub(crate) fn release(row: &Row) -> Result<Release, Fault> {
    let id: String = row.try_get("release_id")?;
    let columns = Columns::new(row, "rights_releases", &id);
    let tracks = columns.text("tracks")?;
    Ok(Release {
        upc: columns.parsed("upc", ledgerline_ids::Upc::parse)?,
        title: columns.text("title")?,
        label: columns.optional_text("label")?,
        released_on: columns.optional_number("released_on")?.map(DayNo),
        tracks: tracks.lines().map(Into::into).collect(),
        id: id.into(),
    })
}

pub(crate) fn share(row: &Row) -> Result<(Right, Box<str>, i64, Share), Fault> {
    let of: String = row.try_get("of_id")?;
    let columns = Columns::new(row, "rights_shares", &of);
    let right = |word: &str| Right::from_word(word).ok_or("the word is unknown");
    let share = Share {
        dates: Dates {
            from: DayNo(columns.number("from_day")?),
            until: columns.optional_number("until_day")?.map(DayNo),
        },
        territories: columns.words("territories", |code| TerritoryCode::parse(code).ok())?,
        holder: columns.text("holder")?,
        share: columns.must("share", Fraction::parse)?,
    };
    let right = columns.must("right_word", right)?;
    let ordinal = row.try_get("ordinal")?;
    drop(columns);
    Ok((right, of.into(), ordinal, share))
}
