//! The deployment at a glance.

use std::collections::BTreeMap;

use ledgerline_app::overview as app;
use ledgerline_app::ports::facts::HourTotals;
use ledgerline_ids::HourNo;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// What became of all reports and plays, as of what is judged and committed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// When.
    pub as_of: Instant,
    /// Plays that were first reported within the last minute, as far as somebody has been looking.
    pub plays_now: i64,
    /// Reports that were acknowledged, a second, over the last five.
    #[schema(minimum = 0)]
    pub reports_per_second: f64,
    /// Records that are durable and wait to be judged.
    pub waiting: u64,
    /// Reports that are judged: the sum of `verdicts`.
    pub reports: i64,
    /// Reports by their verdict.
    pub verdicts: BTreeMap<&'static str, i64>,
    /// Plays: the sum of `statuses`.
    pub plays: i64,
    /// Plays by their status.
    pub statuses: BTreeMap<&'static str, i64>,
    /// Whether every report has its verdict, in all and in each hour shown, and no status has less
    /// than no plays. `GET /api/v1/conservation` shows it for every hour and partition.
    pub sums_hold: bool,
    /// The last 48 hours up to the newest in which a report was received, those without any left
    /// out.
    #[schema(max_items = 48)]
    pub hours: Vec<OverviewHour>,
}

/// One hour, of all partitions.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverviewHour {
    /// The hour's beginning, UTC.
    #[schema(format = DateTime)]
    pub hour: String,
    /// Reports that were received in it, and are judged.
    pub reports: i64,
    /// The same, by their verdict.
    pub verdicts: BTreeMap<&'static str, i64>,
    /// Plays whose first report was received in it.
    pub plays: i64,
    /// The same, by their status.
    pub statuses: BTreeMap<&'static str, i64>,
}

impl From<&app::Overview> for Overview {
    fn from(overview: &app::Overview) -> Self {
        let totals = &overview.totals;
        let verdicts = totals.verdicts.iter().map(|(verdict, count)| (verdict.as_str(), *count));
        let statuses = totals.statuses.iter().map(|(status, count)| (status.as_str(), *count));
        Self {
            as_of: Instant(overview.as_of),
            plays_now: overview.plays_now,
            reports_per_second: per_second(overview.lately),
            waiting: overview.waiting,
            reports: totals.accepted,
            verdicts: verdicts.collect(),
            plays: totals.statuses.values().sum(),
            statuses: statuses.collect(),
            sums_hold: overview.sums_hold,
            hours: totals.hours.iter().map(OverviewHour::from).collect(),
        }
    }
}

/// With one digit behind the point: it is for people.
#[allow(clippy::cast_precision_loss, reason = "a rate for people needs no more digits")]
fn per_second((reports, millis): (u64, u64)) -> f64 {
    if millis == 0 {
        return 0.0;
    }
    (reports as f64 * 10_000.0 / millis as f64).round() / 10.0
}

impl From<(&HourNo, &HourTotals)> for OverviewHour {
    fn from((hour, of): (&HourNo, &HourTotals)) -> Self {
        let verdicts = of.verdicts.iter().map(|(verdict, count)| (verdict.as_str(), *count));
        let statuses = of.statuses.iter().map(|(status, count)| (status.as_str(), *count));
        Self {
            hour: hour.to_string(),
            reports: of.accepted,
            verdicts: verdicts.collect(),
            plays: of.statuses.values().sum(),
            statuses: statuses.collect(),
        }
    }
}
