//! What a payee earned in a month, by one thing, and on which days it was heard.

use std::fmt::Display;

use ledgerline_app::money::close as app;
use ledgerline_royalty::earnings::{EarnedRow as Row, EarnedTotal as Total};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// What a payee earned in a month, before anything is recouped, withheld or held.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonthEarnings {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// `closed`: the sums of its statement's lines. `estimate`: what it comes to so far, never paid.
    #[schema(pattern = "^(closed|estimate)$")]
    pub state: &'static str,
    /// When the close was booked, or the estimate made.
    pub as_of: Instant,
    /// Whose.
    pub party: String,
    /// By what.
    #[schema(pattern = "^(recording|release|territory|tier|right|model)$")]
    pub by: &'static str,
    /// Those that earned most first.
    pub rows: Vec<EarnedRow>,
    /// How many rows there are; more than are shown where there are more than `limit`.
    pub rows_total: u64,
    /// What all rows come to, those too that are not shown.
    pub totals: Vec<EarnedTotal>,
}

/// What one thing earned in one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EarnedRow {
    /// The recording, release, territory, tier, right or model; null where lines name none: any
    /// territory or tier without revenue of its own, a recording on no release.
    #[schema(required)]
    pub key: Option<String>,
    /// The recording's or release's title, where the catalogue has one.
    #[schema(required)]
    pub title: Option<String>,
    /// Counted plays of the month. A play that is paid by several rights is told once; one whose
    /// share comes by several ways, too.
    pub plays: i64,
    /// What its lines come to, adjustments included, in major units with six digits.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub amount: String,
    /// Of it, what adjusts earlier months.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub adjusted: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// What all rows come to in one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EarnedTotal {
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// In major units with six digits behind the point.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub amount: String,
    /// Of it, what adjusts earlier months.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub adjusted: String,
}

/// Counted plays of a payee's recordings, by day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DaysHeard {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Whose.
    pub party: String,
    /// Whether its recordings are those of a statement (`closed`) or of an `estimate`.
    #[schema(pattern = "^(closed|estimate)$")]
    pub state: &'static str,
    /// Every day of the month, UTC.
    pub days: Vec<DayHeard>,
    /// All of them together.
    pub plays: i64,
}

/// A day's plays.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DayHeard {
    /// The day, UTC, of the plays' starts.
    #[schema(format = Date)]
    pub day: String,
    /// Plays that count now.
    pub plays: i64,
}

fn state(closed: bool) -> &'static str {
    if closed { "closed" } else { "estimate" }
}

impl From<app::MonthEarnings> for MonthEarnings {
    fn from(month: app::MonthEarnings) -> Self {
        let app::MonthEarnings { question, as_of, earned, titles, rows_total } = month;
        let title = |key: &str| titles.get(key).cloned();
        let closed = matches!(earned, app::Earned::Closed(..));
        let (rows, totals) = match earned {
            app::Earned::Closed(rows, totals) => (shown(rows, title), summed(totals)),
            app::Earned::Estimated((rows, totals)) => (shown(rows, title), summed(totals)),
        };
        Self {
            period: question.period.to_string(),
            state: state(closed),
            as_of: Instant(as_of),
            party: question.party,
            by: question.by.word(),
            rows,
            rows_total,
            totals,
        }
    }
}

fn shown<A: Display>(rows: Vec<Row<A>>, title: impl Fn(&str) -> Option<String>) -> Vec<EarnedRow> {
    let row = |row: Row<A>| EarnedRow {
        title: row.key.as_deref().and_then(&title),
        key: row.key.as_deref().map(str::to_owned),
        plays: row.plays,
        amount: row.amount.to_string(),
        adjusted: row.adjusted.to_string(),
        currency: row.currency.to_string(),
    };
    rows.into_iter().map(row).collect()
}

fn summed<A: Display>(totals: Vec<Total<A>>) -> Vec<EarnedTotal> {
    let total = |total: Total<A>| EarnedTotal {
        currency: total.currency.to_string(),
        amount: total.amount.to_string(),
        adjusted: total.adjusted.to_string(),
    };
    totals.into_iter().map(total).collect()
}

impl From<app::DaysHeard> for DaysHeard {
    fn from(heard: app::DaysHeard) -> Self {
        let day = |(day, plays): &(ledgerline_ids::DayNo, i64)| DayHeard {
            day: day.to_string(),
            plays: *plays,
        };
        Self {
            period: heard.period.to_string(),
            party: heard.party,
            state: state(heard.closed),
            plays: heard.days.iter().map(|(_, plays)| plays).sum(),
            days: heard.days.iter().map(day).collect(),
        }
    }
}
