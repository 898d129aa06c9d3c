//! Plays that are kept back, the evidence, and rulings.

use std::collections::BTreeMap;

use ledgerline_app::{Page, fraud as app};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FraudRuleWord, Instant, Play, RulingWord};

/// A play that is held or excluded, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FraudCase {
    /// The play, without its transitions and reports.
    pub play: Play,
    /// The version of the rules.
    pub rule_version: u16,
    /// What each rule found, for the rules that touch the play.
    pub evidence: Vec<Evidence>,
    /// How to appeal, as a sentence.
    pub appeal: String,
}

/// What a rule found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Which rule.
    pub rule: FraudRuleWord,
    /// The rule's numbers, by name.
    pub parameters: BTreeMap<&'static str, u64>,
    /// What it means, as a sentence.
    pub explanation: String,
    /// The plays that the rule marks together with this one; at most 20 of them.
    #[schema(max_items = 20)]
    pub plays: Vec<EvidencePlay>,
    /// How many they are.
    pub plays_total: u64,
}

/// A play that is part of the evidence.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidencePlay {
    /// The play's key; null where its reports had none.
    #[schema(required)]
    pub play_id: Option<String>,
    /// The recording.
    pub track_id: String,
    /// When it started.
    pub started_at: Instant,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
}

/// A page of plays that are kept back.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FraudPage {
    /// What is on it.
    pub items: Vec<FraudCase>,
    /// What to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// A ruling on a play. It stands above every rule until the next one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleRequest {
    /// The listener. At most 128 bytes, no control characters.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub user_id: String,
    /// The play's key.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub play_id: String,
    /// The source; needed where several have such a play.
    #[schema(min_length = 1, max_length = 96, pattern = "^[A-Za-z0-9_.:/@+-]+$")]
    pub source: Option<String>,
    /// `hold` keeps it back, `exclude` takes it out, `reinstate` lets it count whatever the rules
    /// say.
    pub ruling: RulingWord,
    /// Why, for those who look later. At most 1000 bytes.
    #[schema(max_length = 1000)]
    pub note: Option<String>,
}

impl From<app::FraudCase> for FraudCase {
    fn from(case: app::FraudCase) -> Self {
        Self {
            play: case.play.into(),
            rule_version: case.rule_version,
            evidence: case.evidence.into_iter().map(Evidence::from).collect(),
            appeal: case.appeal,
        }
    }
}

impl From<app::Evidence> for Evidence {
    fn from(evidence: app::Evidence) -> Self {
        let plays = evidence.plays.into_iter().map(|play| EvidencePlay {
            play_id: play.play_id,
            track_id: play.track_id,
            started_at: Instant(play.started_at),
            listened_ms: play.listened_ms,
        });
        Self {
            rule: FraudRuleWord(evidence.rule),
            parameters: evidence.parameters.into_iter().collect(),
            explanation: evidence.explanation,
            plays: plays.collect(),
            plays_total: evidence.plays_total,
        }
    }
}

impl From<Page<app::FraudCase>> for FraudPage {
    fn from(page: Page<app::FraudCase>) -> Self {
        Self { items: page.items.into_iter().map(FraudCase::from).collect(), next: page.next }
    }
}
