//! When a report was received, when its play started, and whether that is in time.

use ledgerline_ids::{PlayId, UnixMs};
use ledgerline_records::report::{GrantCheck, Producer, ReportRecord};

use crate::rules::{ACCEPTANCE_MS, CLOCK_SKEW_MS, CLOCK_TOLERANCE_MS, GRANT_SLACK_MS};

/// Whether a report came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    /// It did.
    InTime,
    /// Its play started too long ago.
    TooOld,
    /// Its play starts in the future.
    ClockSkew,
}

/// Whether a report passed its own checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Soundness {
    /// It did, or needs none.
    Sound,
    /// Its grant is missing or doesn't hold.
    NoGrant,
    /// More time listened than can have passed.
    ImpossibleTime,
}

/// A report's receive time: its frame's, unless it is a backfill with a time of its own.
#[inline]
#[must_use]
pub fn received_at(report: &ReportRecord<'_>, frame_received_at: UnixMs) -> UnixMs {
    report.backfilled_at.unwrap_or(frame_received_at)
}

/// When the play started, by this report, corrected where the device's clock is off.
#[inline]
#[must_use]
pub fn start(report: &ReportRecord<'_>, received_at: UnixMs) -> UnixMs {
    let Some(by_device) =
        report.started_at.or_else(|| report.play_id.and_then(PlayId::uuid_v7_time))
    else {
        return received_at.minus(report.listened_ms);
    };
    match report.sent_at {
        Some(sent_at) if report.producer != Producer::Backfill => {
            correct(by_device, sent_at, received_at)
        }
        _ => by_device,
    }
}

fn correct(by_device: UnixMs, sent_at: UnixMs, received_at: UnixMs) -> UnixMs {
    let (behind, ahead) = (received_at.since(sent_at), sent_at.since(received_at));
    if behind > CLOCK_TOLERANCE_MS {
        by_device.plus(behind)
    } else if ahead > CLOCK_TOLERANCE_MS {
        by_device.minus(ahead)
    } else {
        by_device
    }
}

/// Whether a report of a play that started at `start` came in time.
#[inline]
#[must_use]
pub fn timeliness(producer: Producer, start: UnixMs, received_at: UnixMs) -> Timeliness {
    if producer == Producer::Backfill {
        Timeliness::InTime
    } else if received_at.since(start) > ACCEPTANCE_MS {
        Timeliness::TooOld
    } else if start.since(received_at) > CLOCK_SKEW_MS {
        Timeliness::ClockSkew
    } else {
        Timeliness::InTime
    }
}

/// Whether a report passes its own grant and time check.
#[inline]
#[must_use]
pub fn soundness(report: &ReportRecord<'_>, received_at: UnixMs) -> Soundness {
    if report.producer != Producer::Player {
        return Soundness::Sound;
    }
    match report.grant {
        GrantCheck::NotNeeded => Soundness::Sound,
        GrantCheck::Missing | GrantCheck::Invalid => Soundness::NoGrant,
        GrantCheck::Valid { issued_at, valid_until } => {
            let possible_ms = received_at.since(issued_at) + GRANT_SLACK_MS;
            let valid = (issued_at..=valid_until).contains(&received_at);
            if valid && report.listened_ms <= possible_ms {
                Soundness::Sound
            } else {
                Soundness::ImpossibleTime
            }
        }
    }
}

/// Whether a report on a play that started at `start` may still come in time.
#[inline]
#[must_use]
pub fn may_still_come(producer: Producer, start: UnixMs, clock: UnixMs) -> bool {
    producer == Producer::Backfill || clock.since(start) <= ACCEPTANCE_MS
}
