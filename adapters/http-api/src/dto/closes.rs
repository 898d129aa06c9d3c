//! Closes, statements and their lines, estimates, and what explains them.

use std::collections::BTreeMap;

use ledgerline_app::access::Caller;
use ledgerline_app::money::close as app;
use ledgerline_royalty::estimate as estimated;
use ledgerline_royalty::line::Pool;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Instant, Play};

/// The close of a month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// `begun`, `refused` or `closed`.
    #[schema(pattern = "^(begun|refused|closed)$")]
    pub state: String,
    /// When it is booked.
    pub booked_at: Instant,
    /// Up to where plays are taken in.
    pub cut: Vec<CutPosition>,
    /// What it was computed from: revision by kind of fact.
    pub revisions: BTreeMap<&'static str, u64>,
    /// Why it was refused, one sentence each.
    pub refusals: Vec<String>,
    /// SHA-256 of the list of its files; null before it is closed.
    #[schema(required, pattern = "^[0-9a-f]{64}$")]
    pub manifest_sha256: Option<String>,
    /// The signed head of the ledger that it made, as one line; null where it booked nothing.
    #[schema(required)]
    pub ledger_head: Option<String>,
    /// What it came to; null before it is closed, and for who sees only some parties.
    #[schema(required)]
    pub summary: Option<CloseSummary>,
    /// What changed of earlier months. Empty in lists.
    pub adjustments: Vec<CloseAdjustment>,
    /// Whether nothing was changed, because only a look was asked for.
    pub dry_run: bool,
    /// Whether it was closed before this request already.
    pub already: bool,
    /// Of a dry run, what to look at before it is made in earnest; else null.
    #[schema(required)]
    pub preview: Option<super::ClosePreview>,
}

/// Up to where plays of a partition are taken in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CutPosition {
    /// Which partition.
    pub partition: u16,
    /// The position after the last judged record.
    pub position: u64,
}

/// What a close came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseSummary {
    /// Counted plays of the month.
    pub plays: u64,
    /// Lines of the month's own.
    pub lines: u64,
    /// Lines that adjust earlier months.
    pub adjusted_lines: u64,
    /// Payees with a statement.
    pub payees: u64,
    /// Entries in the ledger.
    pub entries: u64,
    /// Money, by currency.
    pub money: Vec<CloseMoney>,
    /// Counted plays of months before the first close, which no close takes.
    pub plays_before_first: u64,
}

/// A close's money in one currency, in major units with six digits behind the point.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseMoney {
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// Net revenue.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub net: String,
    /// All pools.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub pools: String,
    /// What changed of earlier months' pools.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub adjusted: String,
    /// Paid out.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub paid: String,
}

/// What one cause changed of one earlier month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAdjustment {
    /// The earlier month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Why: `late_plays`, `reversed_plays`, `revenue`, `exchange_rates`, `shares`, `terms`.
    pub cause: String,
    /// What changed, as a sentence.
    pub detail: String,
    /// Plays that came or left, the first hundred.
    #[schema(max_items = 100)]
    pub plays: Vec<ChangedPlay>,
}

/// A play that came to a closed month, or left it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedPlay {
    /// The listener; null for an anonymous one.
    #[schema(required)]
    pub user_id: Option<String>,
    /// The play's key; null where its reports had none.
    #[schema(required)]
    pub play_id: Option<String>,
    /// Whose credential its reports came by.
    pub source: String,
    /// The recording.
    pub track_id: String,
    /// When it started.
    #[schema(format = DateTime)]
    pub started_at: String,
}

/// All closes, by month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseList {
    /// Each close, without its adjustments.
    pub items: Vec<Close>,
}

/// Whether a close still is as it was booked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseCheck {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Whether nothing differs.
    pub holds: bool,
    /// How many files were compared with their digests.
    pub files: u64,
    /// How many statements were added up.
    pub statements: u64,
    /// How many entries of the ledger were compared.
    pub entries: u64,
    /// What differs, one sentence each; at most 100.
    #[schema(max_items = 100)]
    pub findings: Vec<String>,
}

fn micros(amount: i64) -> String {
    ledgerline_money::Micros::new(amount).to_string()
}

impl Close {
    /// A close without its adjustments.
    #[must_use]
    pub fn of(record: &app::Record) -> Self {
        let revisions = record.revisions;
        let summary = record.summary.as_ref().map(CloseSummary::of);
        Self {
            period: record.period.to_string(),
            state: record.state.word().to_owned(),
            booked_at: Instant(record.booked_at),
            cut: record
                .cut
                .iter()
                .map(|it| CutPosition { partition: it.partition.0, position: it.position.0 })
                .collect(),
            revisions: BTreeMap::from([
                ("contracts", revisions.contracts),
                ("fx", revisions.fx),
                ("revenue", revisions.revenue),
                ("rights", revisions.rights),
                ("usage", revisions.usage),
            ]),
            refusals: record.refusals.clone(),
            manifest_sha256: record.manifest_sha256.clone(),
            ledger_head: record.head.clone(),
            summary,
            adjustments: Vec::new(),
            dry_run: false,
            already: false,
            preview: None,
        }
    }

    /// Without what tells of everybody's money and plays.
    #[must_use]
    pub fn without_totals(self) -> Self {
        Self {
            cut: Vec::new(),
            revisions: BTreeMap::new(),
            refusals: Vec::new(),
            summary: None,
            adjustments: Vec::new(),
            ..self
        }
    }

    /// With what changed of earlier months.
    #[must_use]
    pub fn with_manifest(mut self, manifest: &app::Manifest) -> Self {
        self.adjustments = manifest.adjustments.iter().map(CloseAdjustment::of).collect();
        self
    }
}

impl From<app::Closed> for Close {
    fn from(closed: app::Closed) -> Self {
        let adjustments =
            closed.adjustments.iter().map(|(period, cause, detail, lines)| CloseAdjustment {
                period: period.to_string(),
                cause: cause.clone(),
                detail: format!("{detail}; {lines} lines"),
                plays: Vec::new(),
            });
        Self {
            adjustments: adjustments.collect(),
            dry_run: closed.dry_run,
            already: closed.already,
            preview: closed.preview.map(super::ClosePreview::from),
            ..Self::of(&closed.record)
        }
    }
}

impl CloseMoney {
    pub(super) fn of(money: &app::CloseMoney) -> Self {
        Self {
            currency: money.currency.clone(),
            net: micros(money.net_micros),
            pools: micros(money.pools_micros),
            adjusted: micros(money.adjusted_micros),
            paid: micros(money.paid_micros),
        }
    }
}

impl CloseSummary {
    fn of(summary: &app::CloseSummary) -> Self {
        Self {
            plays: summary.plays,
            lines: summary.lines,
            adjusted_lines: summary.adjusted_lines,
            payees: summary.payees,
            entries: summary.entries,
            money: summary.money.iter().map(CloseMoney::of).collect(),
            plays_before_first: summary.plays_before_first,
        }
    }
}

impl CloseAdjustment {
    fn of(adjustment: &app::StoredAdjustment) -> Self {
        let play = |play: &app::NamedPlay| ChangedPlay {
            user_id: play.user_id.clone(),
            play_id: play.play_id.clone(),
            source: play.source.clone(),
            track_id: play.track_id.clone(),
            started_at: play.started_at.clone(),
        };
        Self {
            period: adjustment.period.clone(),
            cause: adjustment.cause.clone(),
            detail: adjustment.detail.clone(),
            plays: adjustment.plays.iter().map(play).collect(),
        }
    }
}

impl From<app::reading::CloseCheck> for CloseCheck {
    fn from(check: app::reading::CloseCheck) -> Self {
        Self {
            period: check.period.to_string(),
            holds: check.findings.is_empty(),
            files: check.files,
            statements: check.statements,
            entries: check.entries,
            findings: check.findings,
        }
    }
}

/// What each payee's recordings come to so far: an estimate, which is never paid.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Always true: these numbers change until the month is closed.
    pub is_estimate: bool,
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// When it was made.
    pub made_at: Instant,
    /// Up to where plays are taken in.
    pub as_of: Vec<CutPosition>,
    /// Counted plays of the month; for who sees only some parties, those in their lines.
    pub plays: u64,
    /// By payee, then currency.
    pub payees: Vec<EstimatedPayee>,
    /// What a close would be refused for today; those plays have no part in the amounts.
    pub missing: Vec<String>,
}

/// What one payee's recordings come to so far.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EstimatedPayee {
    /// Who.
    pub payee: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// Counted plays in its lines; a play stands in one for each right.
    pub plays: i64,
    /// Before anything is recouped, withheld or held; in major units.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub estimated_amount: String,
}

impl Estimate {
    /// As a caller sees it: of one payee only, where one is named, and without what tells of
    /// everybody where the caller is bound to parties.
    #[must_use]
    pub fn of(estimate: &estimated::Estimate, payee: Option<&str>, caller: &Caller) -> Self {
        let wanted = estimate.payees.iter();
        let wanted = wanted.filter(|it| payee.is_none_or(|payee| it.payee == payee));
        let wanted: Vec<_> = wanted.filter(|it| caller.sees(&it.payee)).collect();
        let plays: i64 = wanted.iter().map(|it| it.plays).sum();
        let whole = caller.parties.is_none();
        let cut = |(partition, position): &(u16, u64)| CutPosition {
            partition: *partition,
            position: *position,
        };
        Self {
            is_estimate: true,
            period: estimate.period.to_string(),
            made_at: Instant(estimate.made_at),
            as_of: estimate.as_of.iter().filter(|_| whole).map(cut).collect(),
            plays: if whole { estimate.plays } else { plays.unsigned_abs() },
            payees: wanted
                .into_iter()
                .map(|it| EstimatedPayee {
                    payee: it.payee.clone(),
                    currency: it.currency.to_string(),
                    plays: it.plays,
                    estimated_amount: it.amount.to_string(),
                })
                .collect(),
            missing: if whole { estimate.missing.clone() } else { Vec::new() },
        }
    }
}

/// A step of a computation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolStep {
    /// What is computed.
    pub what: String,
    /// What came out, exactly.
    pub result: String,
}

/// The pool that a line is out of.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinePool {
    /// Its money; in an adjustment, what changed of it. In major units.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub money: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// Counted plays that take part.
    pub plays: u64,
    /// How its money came about, step by step.
    pub steps: Vec<PoolStep>,
}

impl PoolStep {
    pub(super) fn of(step: &ledgerline_royalty::line::Step) -> Self {
        Self { what: step.what.clone(), result: step.result.clone() }
    }
}

impl From<&Pool> for LinePool {
    fn from(pool: &Pool) -> Self {
        Self {
            money: pool.money.to_string(),
            currency: pool.currency.to_string(),
            plays: pool.plays,
            steps: pool.steps.iter().map(PoolStep::of).collect(),
        }
    }
}

/// A counted play behind a line.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinePlay {
    /// The listener; null for an anonymous one.
    #[schema(required)]
    pub user_id: Option<String>,
    /// The play's key; null where its reports had none.
    #[schema(required)]
    pub play_id: Option<String>,
    /// Whose credential its reports came by.
    pub source: String,
    /// When it started.
    pub started_at: Instant,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// The partition of its reports.
    pub partition: u16,
    /// Where the report stands that last changed it.
    pub position: u64,
}

/// A line of a statement, and all that it came from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainedLine {
    /// Whose.
    pub payee: String,
    /// The close that states it.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub stated_in: String,
    /// The line.
    pub line: super::StatementLine,
    /// Its pool.
    pub pool: LinePool,
    /// What changed, where it adjusts an earlier month.
    #[schema(required)]
    pub detail: Option<String>,
    /// What the close was computed from: revision by kind of fact.
    pub revisions: BTreeMap<&'static str, u64>,
    /// Some of the counted plays behind it; `GET /api/v1/plays/…` shows the reports of each.
    #[schema(max_items = 100)]
    pub plays: Vec<LinePlay>,
}

impl From<app::ExplainedLine> for ExplainedLine {
    fn from(explained: app::ExplainedLine) -> Self {
        let revisions = explained.revisions;
        let play = |play: app::LinePlay| LinePlay {
            user_id: play.user_id,
            play_id: play.play_id,
            source: play.source,
            started_at: Instant(play.started_at),
            listened_ms: play.listened_ms,
            partition: play.partition.0,
            position: play.position.0,
        };
        Self {
            payee: explained.payee,
            stated_in: explained.stated_in.to_string(),
            line: super::StatementLine::from(explained.line),
            pool: LinePool::from(&explained.pool),
            detail: explained.detail,
            revisions: BTreeMap::from([
                ("contracts", revisions.contracts),
                ("fx", revisions.fx),
                ("revenue", revisions.revenue),
                ("rights", revisions.rights),
                ("usage", revisions.usage),
            ]),
            plays: explained.plays.into_iter().map(play).collect(),
        }
    }
}

/// A line that a play has a part in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayMoneyLine {
    /// The close that states it.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub stated_in: String,
    /// Whose statement it is on.
    pub payee: String,
    /// The line.
    pub line: super::StatementLine,
    /// One even part of the line's amount, exactly, as a decimal or a fraction; null where the
    /// line has no plays.
    #[schema(required)]
    pub each: Option<String>,
}

/// A play, and every line that it has a part in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayMoney {
    /// The play, with its reports.
    pub play: Play,
    /// The month that it belongs to.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// How it stands with closes.
    pub sentence: String,
    /// What it caused.
    pub lines: Vec<PlayMoneyLine>,
}

impl From<app::ExplainedPlay> for PlayMoney {
    fn from(explained: app::ExplainedPlay) -> Self {
        let line = |line: app::PlayLine| PlayMoneyLine {
            stated_in: line.stated_in.to_string(),
            payee: line.payee,
            line: super::StatementLine::from(line.line),
            each: line.each.map(|each| each.to_string()),
        };
        Self {
            play: explained.play.into(),
            period: explained.period.to_string(),
            sentence: explained.sentence,
            lines: explained.lines.into_iter().map(line).collect(),
        }
    }
}
