//! A month by several models, side by side.

use ledgerline_app::money::close::comparing as compared;
use serde::Serialize;
use utoipa::ToSchema;

/// What a month comes to by several models, on the same plays. Never paid.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// The models; amounts are in this order.
    pub models: Vec<String>,
    /// Counted plays, the same for all.
    pub plays: u64,
    /// By payee, then currency.
    pub payees: Vec<ComparedAmounts>,
    /// By the main artists of the recordings, then currency.
    pub artists: Vec<ComparedAmounts>,
    /// What a close would be refused for; those plays have no part in the amounts.
    pub missing: Vec<String>,
}

/// What one gets by each model.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedAmounts {
    /// Who; null for recordings without an artist.
    pub name: Option<String>,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// By model, in major units.
    pub amounts: Vec<String>,
}

impl From<compared::Comparison> for Comparison {
    fn from(comparison: compared::Comparison) -> Self {
        let rows = |rows: Vec<compared::ComparedRow>| -> Vec<ComparedAmounts> {
            let row = |row: compared::ComparedRow| ComparedAmounts {
                name: row.name,
                currency: row.currency.to_string(),
                amounts: row.amounts.iter().map(ToString::to_string).collect(),
            };
            rows.into_iter().map(row).collect()
        };
        Self {
            period: comparison.period.to_string(),
            models: comparison.models.iter().map(|model| model.word().to_owned()).collect(),
            plays: comparison.plays,
            payees: rows(comparison.payees),
            artists: rows(comparison.artists),
            missing: comparison.missing,
        }
    }
}
