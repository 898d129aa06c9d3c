//! Where a play stands: a pure function of the merged play, the decisions on it, and the
//! clock. The first rule that matches says.

use ledgerline_ids::UnixMs;
use ledgerline_records::play::PlayRecord;
use ledgerline_records::verdict::{Decision, FraudRule, FraudRules, Reason, Ruling, Status};

use crate::rules::THRESHOLD_MS;
use crate::timing::may_still_come;

/// A status, and why where the status alone doesn't say.
pub type Standing = (Status, Option<Reason>);

/// The listened time from which a play counts, in milliseconds.
#[inline]
#[must_use]
pub fn threshold_ms(play: &PlayRecord<'_>) -> u64 {
    play.stamp.length_ms.map_or(THRESHOLD_MS, |length_ms| length_ms.min(THRESHOLD_MS))
}

/// The status of a play as if there were no fraud rules.
#[inline]
#[must_use]
pub fn without_fraud(play: &PlayRecord<'_>, clock: UnixMs) -> Standing {
    if play.conflict {
        return (Status::Conflict, None);
    }
    if !play.in_time && play.decision.is_none() {
        let reason = if play.too_old { Reason::TooOld } else { Reason::ClockSkew };
        return (Status::Adjudication, Some(reason));
    }
    if let Some(reason) = never_payable(play) {
        return (Status::NotPayable, Some(reason));
    }
    if play.listened_ms >= threshold_ms(play) {
        (Status::Counted, None)
    } else if may_still_come(play.producer, play.started_at, clock) {
        (Status::Pending, None)
    } else {
        (Status::BelowThreshold, None)
    }
}

fn never_payable(play: &PlayRecord<'_>) -> Option<Reason> {
    if !play.in_time && play.decision == Some(Decision::Refuse) {
        Some(Reason::Refused)
    } else if play.preview {
        Some(Reason::Preview)
    } else if play.imported {
        Some(Reason::Imported)
    } else if play.identity.user.is_none() {
        Some(Reason::Anonymous)
    } else if !play.stamp.known {
        Some(Reason::UnknownTrack)
    } else if play.sound {
        None
    } else if play.impossible_time {
        Some(Reason::ImpossibleTime)
    } else {
        Some(Reason::NoGrant)
    }
}

/// Whether the fraud rules look at a play of this status.
#[inline]
#[must_use]
pub fn is_candidate(status: Status) -> bool {
    matches!(status, Status::Counted | Status::Pending | Status::BelowThreshold)
}

/// The status of a play, with what the fraud rules and people's rulings say of it.
#[inline]
#[must_use]
pub fn standing(play: &PlayRecord<'_>, clock: UnixMs) -> Standing {
    let (status, reason) = without_fraud(play, clock);
    if !is_candidate(status) {
        return (status, reason);
    }
    let by_fraud = match play.ruling {
        Some(Ruling::Exclude) => Some(Status::Excluded),
        Some(Ruling::Hold) => Some(Status::Held),
        Some(Ruling::Reinstate) => None,
        None if play.rules.contains(FraudRule::BotDevice) => Some(Status::Excluded),
        None if play.rules != FraudRules::NONE => Some(Status::Held),
        None => None,
    };
    (by_fraud.unwrap_or(status), reason)
}
