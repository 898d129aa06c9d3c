//! A licensor's sales of a month in one territory, ready to be written in a trade format.
//!
//! The shape is the trade's (what DDEX calls a sales/usage report); how it becomes bytes is an
//! adapter's business, behind [`SalesReports`].

use ledgerline_ids::{Period, UnixMs};
use ledgerline_money::{Currency, Fraction, Micros};
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::Use;

/// Which of the trade's shapes a report is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SalesProfile {
    /// Usage by recording with its works, for publishers and societies, and for labels that ask
    /// for it.
    BasicAudio,
    /// Usage and money by recording, for record companies.
    Financial,
}

impl SalesProfile {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::BasicAudio, Self::Financial];

    /// The word in commands and queries.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BasicAudio => "basic-audio",
            Self::Financial => "financial",
        }
    }

    /// The profile of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.word() == word)
    }
}

/// Who sends or receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesParty {
    /// The DDEX party id; checked when the report is written.
    pub dpid: String,
    /// The name.
    pub name: String,
}

/// How listeners paid for what a summary sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommercialModel {
    /// By subscription.
    Subscription,
    /// By hearing advertisements.
    AdvertisementSupported,
    /// As the licence says.
    AsPerContract,
}

/// A licensor's sales of one month in one territory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesReport {
    /// The shape.
    pub profile: SalesProfile,
    /// The service.
    pub sender: SalesParty,
    /// The licensor.
    pub recipient: SalesParty,
    /// The service's name, without spaces and underscores.
    pub service: String,
    /// The month that it is about.
    pub period: Period,
    /// The country, by its ISO 3166-1 code.
    pub territory: String,
    /// When it was made.
    pub created_at: UnixMs,
    /// Tells this report from all others of the sender.
    pub message_id: String,
    /// Whether the service itself accounts to the works' right holders.
    pub works_by_service: bool,
    /// Sums, by right, tier and use.
    pub summaries: Vec<SalesSummary>,
    /// What is summed up, in any order.
    pub sales: Vec<Sale>,
}

/// A sum of sales.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesSummary {
    /// For which copyright.
    pub right: Right,
    /// How listeners paid.
    pub model: CommercialModel,
    /// How recordings reached them.
    pub usage_use: Use,
    /// The listeners' plan, where there are several.
    pub tier: Option<String>,
    /// How many subscribed, where known.
    pub subscribers: Option<u64>,
    /// The currency of the amounts.
    pub currency: Currency,
    /// Counted plays of the whole service.
    pub service_plays: u64,
    /// Those of them that are the recipient's, with the adjustments of earlier months.
    pub plays: i64,
    /// The service's net revenue.
    pub net_revenue: Micros,
    /// What the recipient gets.
    pub amount: Micros,
}

/// What one recording sold under one summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Its row in the sheet or statement that it comes from, for messages.
    pub row: usize,
    /// Which summary, counted from 0.
    pub summary: usize,
    /// The recording.
    pub recording: SoldRecording,
    /// The month that the plays are of: the report's own, or an earlier one that is adjusted.
    pub period: Period,
    /// Plays; below 0 where an adjustment takes some back.
    pub plays: i64,
    /// Money, likewise.
    pub amount: Micros,
    /// Which part of the right is the recipient's.
    pub share: Fraction,
}

/// A recording, as far as a report tells of it. Industry ids are checked when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldRecording {
    /// The service's id of it.
    pub track_id: String,
    /// Its ISRC, where known.
    pub isrc: Option<String>,
    /// Its title.
    pub title: String,
    /// Its artist, as shown to listeners.
    pub artist: String,
    /// Its length in milliseconds, where known.
    pub duration_ms: Option<u64>,
    /// The release that it is sold on, where known.
    pub release: Option<SoldRelease>,
    /// The works in it, where known.
    pub works: Vec<SoldWork>,
}

/// A release, as far as a report tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldRelease {
    /// The service's id of it.
    pub release_id: String,
    /// Its UPC or EAN, where known.
    pub upc: Option<String>,
    /// Its GRid, where it has one.
    pub grid: Option<String>,
    /// Its title.
    pub title: String,
    /// Its artist, as shown to listeners.
    pub artist: String,
    /// Its label, where known.
    pub label: Option<String>,
}

/// A work, as far as a report tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldWork {
    /// The service's id of it.
    pub work_id: String,
    /// Its ISWC, where known.
    pub iswc: Option<String>,
    /// Its title.
    pub title: String,
    /// Who composed it or wrote its words.
    pub writers: Vec<String>,
    /// Who publishes it.
    pub publishers: Vec<String>,
}

/// A report as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesFile {
    /// The name that the format asks for.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a report was not written. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of this report can't be sent; nothing was written{}", rows(.wrong.len()), listed(.wrong))]
pub struct SalesRefused {
    /// Everything that is wrong; never nothing.
    pub wrong: Vec<WrongSale>,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSale {
    /// Where: `row 3`, `recipient`, `summary 1`.
    pub place: String,
    /// What, and what would be right.
    pub why: String,
}

/// How many wrong places a message names.
const WRONG_SHOWN: usize = 20;

fn rows(number: usize) -> String {
    match number {
        1 => "one value".to_owned(),
        _ => format!("{number} values"),
    }
}

fn listed(wrong: &[WrongSale]) -> String {
    let shown = wrong.iter().take(WRONG_SHOWN);
    shown.map(|wrong| format!("\n  {}: {}", wrong.place, wrong.why)).collect()
}

/// Writes reports in a trade format.
pub trait SalesReports: Send + Sync + 'static {
    /// Writes one report. The same report gives the same bytes.
    ///
    /// # Errors
    /// [`SalesRefused`] names every value that can't be sent.
    fn write(&self, report: &SalesReport, compressed: bool) -> Result<SalesFile, SalesRefused>;
}
