//! Counts.

use ledgerline_app::counts as app;
use serde::Serialize;
use utoipa::ToSchema;

use super::ByWord;

/// How many plays count, by one thing. All rows, in the order of their values.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// By what.
    pub by: ByWord,
    /// The first day of it, UTC, by the play's start; null where it has no beginning.
    #[schema(required, format = Date)]
    pub from: Option<String>,
    /// The day after the last one; null where it has no end.
    #[schema(required, format = Date)]
    pub to: Option<String>,
    /// Up to where each partition's reports are counted.
    pub applied_to: Vec<AppliedTo>,
    /// There only where counting waits for the disk or the store: reports that were accepted
    /// after `applied_to` are not in the rows yet. Says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waits: Option<String>,
    /// The rows.
    pub rows: Vec<CountRow>,
}

/// Up to where a partition's reports are counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedTo {
    /// Which partition.
    pub partition: u16,
    /// The position after the last counted record.
    pub position: u64,
}

/// One row: the value under the name of what was asked for, and the count.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 2, max_properties = 2)]
pub struct CountRow {
    /// The recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub track_id: Option<String>,
    /// The artist.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub artist: Option<String>,
    /// The label's party id; empty where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub label: Option<String>,
    /// The release's id; empty where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub release: Option<String>,
    /// The listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_id: Option<String>,
    /// The listener's country; empty where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub territory: Option<String>,
    /// The listener's plan; empty where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tier: Option<String>,
    /// The UTC day of the play's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Date)]
    pub day: Option<String>,
    /// How many plays count.
    pub counted: i64,
}

impl CountRow {
    fn of(by: app::By, row: app::CountRow) -> Self {
        let mut shown = Self { counted: row.counted, ..Self::default() };
        let place = match by {
            app::By::Track => &mut shown.track_id,
            app::By::Artist => &mut shown.artist,
            app::By::Label => &mut shown.label,
            app::By::Release => &mut shown.release,
            app::By::User => &mut shown.user_id,
            app::By::Territory => &mut shown.territory,
            app::By::Tier => &mut shown.tier,
            app::By::Day => &mut shown.day,
        };
        *place = Some(row.value);
        shown
    }
}

impl From<app::Counts> for Counts {
    fn from(counts: app::Counts) -> Self {
        let app::CountsQuery { by, from, to } = counts.query;
        let applied_to = counts.applied_to.iter().map(|applied| AppliedTo {
            partition: applied.partition.0,
            position: applied.position.0,
        });
        Self {
            by: ByWord(by),
            from: from.map(|day| day.to_string()),
            to: to.map(|day| day.to_string()),
            applied_to: applied_to.collect(),
            waits: counts.waits,
            rows: counts.rows.into_iter().map(|row| CountRow::of(by, row)).collect(),
        }
    }
}
