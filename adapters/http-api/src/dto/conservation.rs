//! The conservation law: `accepted = Σ verdicts + not yet judged`, `plays = Σ statuses`.

use std::collections::BTreeMap;

use ledgerline_app::conservation as app;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether no report and no play was lost on the way, with the numbers that show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Conservation {
    /// Whether it holds everywhere.
    pub holds: bool,
    /// In the order of the partitions.
    pub partitions: Vec<Partition>,
}

/// The law, for one partition.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PartitionConservation)]
pub struct Partition {
    /// Which partition.
    pub partition: u16,
    /// As of where: the position after the last judged and committed record.
    pub position: u64,
    /// The position after the last durable record.
    pub log_end: u64,
    /// Whether it holds.
    pub holds: bool,
    /// By receive hour.
    pub hours: Vec<Hour>,
}

/// The law, for one hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HourConservation)]
pub struct Hour {
    /// The hour's beginning, UTC.
    #[schema(format = DateTime)]
    pub hour: String,
    /// Reports that were acknowledged.
    pub accepted: i64,
    /// Of them, those that wait to be judged.
    pub not_yet_judged: i64,
    /// The others, by their verdict.
    pub verdicts: BTreeMap<&'static str, i64>,
    /// Plays whose first report was received in this hour.
    pub plays: i64,
    /// The same, by their status.
    pub statuses: BTreeMap<&'static str, i64>,
}

impl From<app::Conservation> for Conservation {
    fn from(conservation: app::Conservation) -> Self {
        Self {
            holds: conservation.holds,
            partitions: conservation.partitions.into_iter().map(Partition::from).collect(),
        }
    }
}

impl From<app::PartitionConservation> for Partition {
    fn from(partition: app::PartitionConservation) -> Self {
        Self {
            partition: partition.partition.0,
            position: partition.position.0,
            log_end: partition.log_end.0,
            holds: partition.holds,
            hours: partition.hours.into_iter().map(Hour::from).collect(),
        }
    }
}

impl From<app::HourRow> for Hour {
    fn from(row: app::HourRow) -> Self {
        let verdicts = row.verdicts.iter().map(|(verdict, count)| (verdict.as_str(), *count));
        let statuses = row.statuses.iter().map(|(status, count)| (status.as_str(), *count));
        Self {
            hour: row.hour.to_string(),
            accepted: row.accepted,
            not_yet_judged: row.not_yet_judged,
            verdicts: verdicts.collect(),
            plays: row.plays,
            statuses: statuses.collect(),
        }
    }
}
