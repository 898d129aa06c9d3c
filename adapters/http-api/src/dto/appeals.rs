//! Appeals, what was found, and decisions.

use std::collections::BTreeMap;

use ledgerline_app::money::sentences::{AppealState, appeal_state};
use ledgerline_app::ports::appeals as app;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Instant, OutcomeWord};

/// An appeal that comes in: against one play (`user_id`, `play_id`), or against the unpaid plays of
/// a recording as a line of a statement states them (`period`, `track_id`, `payee`).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealRequest {
    /// The listener of the play. At most 128 bytes, no control characters.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub user_id: Option<String>,
    /// The play's key.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub play_id: Option<String>,
    /// The source; needed where several have such a play.
    #[schema(min_length = 1, max_length = 96, pattern = "^[A-Za-z0-9_.:/@+-]+$")]
    pub source: Option<String>,
    /// The month of the plays.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: Option<String>,
    /// The recording.
    #[schema(min_length = 1, max_length = 128)]
    pub track_id: Option<String>,
    /// Whose statement.
    #[schema(min_length = 1, max_length = 128)]
    pub payee: Option<String>,
    /// Who appeals. At most 256 bytes.
    #[schema(min_length = 1, max_length = 256)]
    pub appellant: String,
    /// Why. At most 4000 bytes.
    #[schema(min_length = 1, max_length = 4000)]
    pub grounds: String,
}

/// A decision on an appeal, which stands for good.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealDecisionRequest {
    /// `reinstate` lets the plays count whatever the rules say; `uphold` leaves them where they are.
    pub outcome: OutcomeWord,
    /// Why. At most 900 bytes.
    #[schema(min_length = 1, max_length = 900)]
    pub reason: String,
}

/// An appeal.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// Its number.
    pub number: u64,
    /// What it is against: `play` or `statement_line`.
    pub against: AppealAgainst,
    /// Who appeals.
    pub appellant: String,
    /// Why.
    pub grounds: String,
    /// The id of the key that it came by.
    pub opened_by: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// Its plays, and what the rules find of them.
    pub plays: Vec<AppealedPlay>,
    /// Plays of a statement line that have no play_id, so that nobody can rule on them.
    pub unnamed_plays: u64,
    /// The decision; null until there is one.
    #[schema(required)]
    pub decision: Option<AppealDecision>,
    /// Where it stands, as a sentence.
    pub sentence: String,
}

/// What an appeal is against: one play, or a line of a statement.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealAgainst {
    /// The play's source; null for a line.
    #[schema(required)]
    pub source: Option<String>,
    /// The play's listener; null for a line.
    #[schema(required)]
    pub user_id: Option<String>,
    /// The play's key; null for a line.
    #[schema(required)]
    pub play_id: Option<String>,
    /// The line's month; null for a play.
    #[schema(required)]
    pub period: Option<String>,
    /// The line's recording; null for a play.
    #[schema(required)]
    pub track_id: Option<String>,
    /// The line's payee; null for a play.
    #[schema(required)]
    pub payee: Option<String>,
}

/// A play that is appealed against.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealedPlay {
    /// Its source.
    pub source: String,
    /// Its listener.
    pub user_id: String,
    /// Its key.
    pub play_id: String,
    /// The recording.
    pub track_id: String,
    /// When it started.
    pub started_at: String,
    /// Where it stood when the appeal was opened.
    pub status: String,
    /// When it was kept back.
    pub kept_back_at: String,
    /// The rules that touched it then, by the log.
    pub rules_then: Vec<String>,
    /// What the rules of the appeal's day find on the evidence of then.
    pub then: AppealFinding,
    /// What they find with all that was known when the appeal was opened.
    pub now: AppealFinding,
}

/// What the rules find of a play on some evidence.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealFinding {
    /// The version of the rules.
    pub rule_version: u16,
    /// Up to which position of its partition's report log the evidence goes.
    pub position: u64,
    /// The rules that hold, and those that held when the play was kept back.
    pub rules: Vec<AppealedRule>,
    /// How many plays the rules looked at.
    pub plays: u64,
    /// SHA-256 of these plays: the same evidence has the same.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub evidence_sha256: String,
}

/// What one rule finds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealedRule {
    /// The rule.
    pub rule: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was measured, by name.
    pub figures: BTreeMap<String, u64>,
    /// What it is measured against, by name.
    pub limits: BTreeMap<String, u64>,
    /// The same as a sentence.
    pub sentence: String,
}

/// A person's decision on an appeal.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealDecision {
    /// How it ends.
    pub outcome: OutcomeWord,
    /// Why.
    pub reason: String,
    /// The id of the key that it came by.
    pub decided_by: String,
    /// When.
    pub decided_at: Instant,
    /// When the log had its rulings; null while they wait.
    #[schema(required)]
    pub applied_at: Option<Instant>,
}

/// A page of appeals.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealPage {
    /// What is on it, by number.
    pub items: Vec<Appeal>,
    /// What to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<u64>,
}

impl From<app::Appeal> for Appeal {
    fn from(appeal: app::Appeal) -> Self {
        let app::Appeal { number, opened, decision, applied_at } = appeal;
        let count = opened.plays.len() as u64;
        let state = match &decision {
            None => AppealState::Waiting,
            Some(decision) => match decision.outcome {
                app::Outcome::Reinstate => AppealState::Reinstated(&decision.reason),
                app::Outcome::Uphold => AppealState::Upheld(&decision.reason),
            },
        };
        Self {
            number,
            sentence: appeal_state(number, count, state),
            against: opened.subject.into(),
            appellant: opened.appellant,
            grounds: opened.grounds,
            opened_by: opened.by,
            opened_at: Instant(opened.at),
            plays: opened.plays.into_iter().map(AppealedPlay::from).collect(),
            unnamed_plays: opened.unnamed,
            decision: decision.map(|decision| AppealDecision {
                outcome: OutcomeWord(decision.outcome),
                reason: decision.reason,
                decided_by: decision.by,
                decided_at: Instant(decision.at),
                applied_at: applied_at.map(Instant),
            }),
        }
    }
}

impl From<app::AppealSubject> for AppealAgainst {
    fn from(subject: app::AppealSubject) -> Self {
        let none = Self {
            source: None,
            user_id: None,
            play_id: None,
            period: None,
            track_id: None,
            payee: None,
        };
        match subject {
            app::AppealSubject::Play { source, user_id, play_id } => Self {
                source: Some(source),
                user_id: Some(user_id),
                play_id: Some(play_id),
                ..none
            },
            app::AppealSubject::StatementLine { period, track_id, payee } => {
                Self { period: Some(period), track_id: Some(track_id), payee: Some(payee), ..none }
            }
        }
    }
}

impl From<app::AppealedPlay> for AppealedPlay {
    fn from(play: app::AppealedPlay) -> Self {
        Self {
            source: play.source,
            user_id: play.user_id,
            play_id: play.play_id,
            track_id: play.track_id,
            started_at: play.started_at,
            status: play.status,
            kept_back_at: play.kept_back_at,
            rules_then: play.rules_then,
            then: play.then.into(),
            now: play.now.into(),
        }
    }
}

impl From<app::Finding> for AppealFinding {
    fn from(finding: app::Finding) -> Self {
        let rules = finding.rules.into_iter().map(|rule| AppealedRule {
            rule: rule.rule,
            holds: rule.holds,
            figures: rule.figures.into_iter().collect(),
            limits: rule.limits.into_iter().collect(),
            sentence: rule.sentence,
        });
        Self {
            rule_version: finding.rule_version,
            position: finding.position,
            rules: rules.collect(),
            plays: finding.plays,
            evidence_sha256: finding.evidence_sha256,
        }
    }
}
