//! Plays, their history, and decisions on them.

use ledgerline_app::Page;
use ledgerline_app::delivery::sent::SentForPlay;
use ledgerline_app::plays::{PlayView, ReportView, TransitionView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    DecisionWord, EventWord, FraudRuleWord, Instant, ReasonWord, RulingWord, StatusWord,
    VerdictWord,
};

/// A play: all its reports, merged, and what was decided of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// Whose credential its reports came in by.
    pub source: String,
    /// The listener; null for an anonymous one.
    #[schema(required)]
    pub user_id: Option<String>,
    /// The play's key; null where its reports had none.
    #[schema(required)]
    pub play_id: Option<String>,
    /// The recording.
    pub track_id: String,
    /// Where it stands.
    pub status: StatusWord,
    /// Why, where the status alone doesn't say.
    #[schema(required)]
    pub reason: Option<ReasonWord>,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// From what listened time on it counts, in milliseconds.
    pub threshold_ms: u64,
    /// When it started.
    pub started_at: Instant,
    /// When its first report was received.
    pub first_received_at: Instant,
    /// The listener's plan.
    #[schema(required)]
    pub tier: Option<String>,
    /// The listener's country.
    #[schema(required)]
    pub territory: Option<String>,
    /// The device.
    #[schema(required)]
    pub device_id: Option<String>,
    /// The fraud rules that touch it.
    pub rules: Vec<FraudRuleWord>,
    /// What a person ruled on it.
    #[schema(required)]
    pub ruling: Option<RulingWord>,
    /// What a person decided, where no report of it came in time.
    #[schema(required)]
    pub decision: Option<DecisionWord>,
    /// The partition that its records stand in.
    pub partition: u16,
    /// Each change of it, oldest first. Empty in lists.
    pub transitions: Vec<Transition>,
    /// Its reports in the order of the log, with what became of each. Empty in lists and in the
    /// answers to decisions and rulings.
    pub reports: Vec<PlayReport>,
    /// What access logs say was sent for it, where they cover its time and it is one of an account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent: Option<PlaySent>,
}

/// What was sent of audio for a play.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaySent {
    /// Bytes of audio, of all rungs together.
    pub bytes: u64,
    /// How much of the recording these are at the mean, in milliseconds.
    pub playable_ms: u64,
    /// Whether that is far too little for a play that counts. It is evidence, and excludes nothing by itself.
    pub too_few: bool,
}

/// A numbered change of a play.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The transition's deterministic id, in hex.
    pub id: String,
    /// Its number within the play.
    pub number: u64,
    /// The status before; null where it is the first.
    #[schema(required)]
    pub from: Option<StatusWord>,
    /// The status after.
    pub to: StatusWord,
    /// Why, where the status alone doesn't say.
    #[schema(required)]
    pub reason: Option<ReasonWord>,
    /// The time of the record that brought it about.
    pub at: Instant,
    /// The position of that record in the report log.
    pub position: u64,
    /// The version of the rules.
    pub rule_version: u16,
    /// The fraud rules that touched the play then.
    pub rules: Vec<FraudRuleWord>,
}

/// A report of a play.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayReport {
    /// Its position in the report log.
    pub position: u64,
    /// When it was received.
    pub received_at: Instant,
    /// The listened time that it states, in milliseconds.
    pub listened_ms: u64,
    /// Why it was sent.
    #[schema(required)]
    pub event: Option<EventWord>,
    /// What became of it.
    pub verdict: VerdictWord,
}

/// A page of plays.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayPage {
    /// What is on it.
    pub items: Vec<Play>,
    /// What to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// A decision on a play that no report brought in time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideRequest {
    /// The listener. At most 128 bytes, no control characters.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub user_id: String,
    /// The play's key.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub play_id: String,
    /// The source; needed where several have such a play.
    #[schema(min_length = 1, max_length = 96, pattern = "^[A-Za-z0-9_.:/@+-]+$")]
    pub source: Option<String>,
    /// `accept` treats the play as if it had come in time, `refuse` makes it not payable.
    pub decision: DecisionWord,
    /// Why, for those who look later. At most 1000 bytes.
    #[schema(max_length = 1000)]
    pub note: Option<String>,
}

impl From<PlayView> for Play {
    fn from(play: PlayView) -> Self {
        Self {
            source: play.source,
            user_id: play.user_id,
            play_id: play.play_id,
            track_id: play.track_id,
            status: StatusWord(play.status),
            reason: play.reason.map(ReasonWord),
            listened_ms: play.listened_ms,
            threshold_ms: play.threshold_ms,
            started_at: Instant(play.started_at),
            first_received_at: Instant(play.first_received_at),
            tier: play.tier,
            territory: play.territory,
            device_id: play.device_id,
            rules: play.rules.into_iter().map(FraudRuleWord).collect(),
            ruling: play.ruling.map(RulingWord),
            decision: play.decision.map(DecisionWord),
            partition: play.partition.0,
            transitions: play.transitions.into_iter().map(Transition::from).collect(),
            reports: play.reports.into_iter().map(PlayReport::from).collect(),
            sent: None,
        }
    }
}

impl From<SentForPlay> for PlaySent {
    fn from(sent: SentForPlay) -> Self {
        let SentForPlay { bytes, playable_ms, too_few } = sent;
        Self { bytes, playable_ms, too_few }
    }
}

impl From<TransitionView> for Transition {
    fn from(transition: TransitionView) -> Self {
        Self {
            id: transition.id,
            number: transition.number,
            from: transition.from.map(StatusWord),
            to: StatusWord(transition.to),
            reason: transition.reason.map(ReasonWord),
            at: Instant(transition.at),
            position: transition.position.0,
            rule_version: transition.rule_version,
            rules: transition.rules.into_iter().map(FraudRuleWord).collect(),
        }
    }
}

impl From<ReportView> for PlayReport {
    fn from(report: ReportView) -> Self {
        Self {
            position: report.position.0,
            received_at: Instant(report.received_at),
            listened_ms: report.listened_ms,
            event: report.event.map(EventWord),
            verdict: VerdictWord(report.verdict),
        }
    }
}

impl From<Page<PlayView>> for PlayPage {
    fn from(page: Page<PlayView>) -> Self {
        Self { items: page.items.into_iter().map(Play::from).collect(), next: page.next }
    }
}
