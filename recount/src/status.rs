//! Where a play stands, and what became of a report.

use ledgerline_ids::UnixMs;
use ledgerline_records::verdict::{
    Decision, FraudRule, FraudRules, Reason, Ruling, Status, Verdict,
};

use crate::play::Play;
use crate::reading::ACCEPTANCE_MS;

/// Listened this long, a play counts.
const THRESHOLD_MS: u64 = 30_000;

/// A status and, where the status alone doesn't say, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub status: Status,
    pub reason: Option<Reason>,
}

/// *Status without fraud*: the first that matches.
pub(crate) fn without_fraud(play: &Play, clock: UnixMs) -> Standing {
    let merged = &play.merged;
    let plain = |status| Standing { status, reason: None };
    if merged.conflict {
        return plain(Status::Conflict);
    }
    if !merged.in_time && play.decision.is_none() {
        let reason = if merged.too_old { Reason::TooOld } else { Reason::ClockSkew };
        return Standing { status: Status::Adjudication, reason: Some(reason) };
    }
    if let Some(reason) = not_payable(play) {
        return Standing { status: Status::NotPayable, reason: Some(reason) };
    }
    if merged.listened_ms >= threshold_ms(play) {
        return plain(Status::Counted);
    }
    let reports_may_come = clock.get() <= merged.started_at.get() + ACCEPTANCE_MS;
    if play.backfill || reports_may_come {
        return plain(Status::Pending);
    }
    plain(Status::BelowThreshold)
}

fn not_payable(play: &Play) -> Option<Reason> {
    let merged = &play.merged;
    if !merged.in_time && play.decision == Some(Decision::Refuse) {
        return Some(Reason::Refused);
    }
    if merged.preview {
        return Some(Reason::Preview);
    }
    if merged.imported {
        return Some(Reason::Imported);
    }
    if play.anonymous {
        return Some(Reason::Anonymous);
    }
    if !merged.stamp.known {
        return Some(Reason::UnknownTrack);
    }
    if !merged.sound && merged.impossible_time {
        return Some(Reason::ImpossibleTime);
    }
    if !merged.sound {
        return Some(Reason::NoGrant);
    }
    None
}

/// 30 s, or the whole track where it is known to be shorter.
fn threshold_ms(play: &Play) -> u64 {
    match play.merged.stamp.length_ms {
        Some(length_ms) if length_ms < THRESHOLD_MS => length_ms,
        _ => THRESHOLD_MS,
    }
}

/// Whether a status is one that fraud decisions can change.
pub(crate) fn fraud_applies(status: Status) -> bool {
    matches!(status, Status::Counted | Status::Pending | Status::BelowThreshold)
}

/// The status after fraud decisions. A person's ruling stands above every rule.
pub(crate) fn with_fraud(play: &Play, clock: UnixMs) -> Standing {
    let standing = without_fraud(play, clock);
    if !fraud_applies(standing.status) {
        return standing;
    }
    let excluded = Standing { status: Status::Excluded, reason: None };
    let held = Standing { status: Status::Held, reason: None };
    match play.ruling {
        Some(Ruling::Reinstate) => standing,
        Some(Ruling::Exclude) => excluded,
        Some(Ruling::Hold) => held,
        None if play.rules.contains(FraudRule::BotDevice) => excluded,
        None if play.rules != FraudRules::NONE => held,
        None => standing,
    }
}

/// What a report did to its play.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effect {
    /// Whether the report passed its own grant and time check.
    pub report_sound: bool,
    /// Whether any report of the play did, this one included.
    pub play_sound: bool,
    /// Whether the merged play is another one after it.
    pub changed: bool,
    /// The play's status without fraud before it; `None` where it opened the play.
    pub before: Option<Status>,
    /// The play's status without fraud after it.
    pub after: Status,
}

/// *Verdict.* An unsound report of a sound play never changes it, so the rule on such
/// reports is tried before the one on duplicates: the other way round it would never match.
pub(crate) fn verdict(effect: &Effect) -> Verdict {
    if !effect.report_sound && effect.play_sound {
        return Verdict::NotPayable;
    }
    if !effect.changed {
        return Verdict::Duplicate;
    }
    match effect.after {
        Status::Conflict => Verdict::Conflict,
        Status::Adjudication => Verdict::Adjudication,
        Status::NotPayable => Verdict::NotPayable,
        Status::Counted if effect.before != Some(Status::Counted) => Verdict::Counted,
        _ => Verdict::Progress,
    }
}
