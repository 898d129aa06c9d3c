//! One report, read by itself: when it was received, when its play started, whether it
//! came in time and whether its own grant and time check holds.

use ledgerline_ids::{PlayId, UnixMs};
use ledgerline_records::report::{GrantCheck, Producer, ReportRecord};

use crate::lifetime::DAY_MS;

/// A report may come up to 35 days after its play started.
pub(crate) const ACCEPTANCE_MS: u64 = 35 * DAY_MS;
/// A play may start, by its device, up to 10 minutes after its report was received.
pub(crate) const CLOCK_AHEAD_MS: u64 = 600_000;
/// A device's clock is believed while it is off by no more than 2 minutes.
const CLOCK_TRUSTED_MS: u64 = 120_000;
/// More time than has passed may be listened, by 10 s.
const LISTENED_AHEAD_MS: u64 = 10_000;

/// Whether a report came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    InTime,
    /// More than 35 days after the start.
    TooOld,
    /// More than 10 minutes before the start.
    ClockSkew,
}

/// Whether a report's own grant and time check holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Soundness {
    Sound,
    NoGrant,
    ImpossibleTime,
}

/// One report and what can be said of it without looking at any other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub report: &'a ReportRecord<'a>,
    pub received_at: UnixMs,
    /// Corrected, where the device's clock was off.
    pub started_at: UnixMs,
    pub timing: Timing,
    pub soundness: Soundness,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(report: &'a ReportRecord<'a>, frame_received_at: UnixMs) -> Self {
        let received_at = report.backfilled_at.unwrap_or(frame_received_at);
        let started_at = start(report, received_at);
        Self {
            report,
            received_at,
            started_at,
            timing: timing(report.producer, started_at, received_at),
            soundness: soundness(report, received_at),
        }
    }

    /// Backfills bring history: they have no acceptance limit and never move the clock.
    pub(crate) fn is_backfill(&self) -> bool {
        self.report.producer == Producer::Backfill
    }

    /// The session, else the device: what stands in for a missing play id.
    pub(crate) fn place(&self) -> Option<&'a str> {
        match (self.report.session, self.report.device) {
            (Some(session), _) => Some(session.as_str()),
            (None, Some(device)) => Some(device.as_str()),
            (None, None) => None,
        }
    }
}

/// *Start.*
fn start(report: &ReportRecord<'_>, received_at: UnixMs) -> UnixMs {
    let device_start = match report.started_at {
        Some(started_at) => Some(started_at),
        None => report.play_id.and_then(PlayId::uuid_v7_time),
    };
    match device_start {
        Some(start) => corrected(start, report, received_at),
        None => received_at.minus(report.listened_ms),
    }
}

/// Moves a start by as much as the device's clock was off when it sent the report.
fn corrected(start: UnixMs, report: &ReportRecord<'_>, received_at: UnixMs) -> UnixMs {
    let Some(sent_at) = report.sent_at else { return start };
    if report.producer == Producer::Backfill {
        return start;
    }
    let slow_by_ms = received_at.since(sent_at);
    let fast_by_ms = sent_at.since(received_at);
    if slow_by_ms > CLOCK_TRUSTED_MS {
        start.plus(slow_by_ms)
    } else if fast_by_ms > CLOCK_TRUSTED_MS {
        start.minus(fast_by_ms)
    } else {
        start
    }
}

/// *In time.*
fn timing(producer: Producer, started_at: UnixMs, received_at: UnixMs) -> Timing {
    if producer == Producer::Backfill {
        Timing::InTime
    } else if received_at.since(started_at) > ACCEPTANCE_MS {
        Timing::TooOld
    } else if started_at.since(received_at) > CLOCK_AHEAD_MS {
        Timing::ClockSkew
    } else {
        Timing::InTime
    }
}

/// *Sound.*
fn soundness(report: &ReportRecord<'_>, received_at: UnixMs) -> Soundness {
    match report.producer {
        Producer::Trusted | Producer::Backfill => return Soundness::Sound,
        Producer::Player => {}
    }
    match report.grant {
        GrantCheck::Missing | GrantCheck::Invalid => Soundness::NoGrant,
        GrantCheck::NotNeeded => Soundness::Sound,
        GrantCheck::Valid { issued_at, valid_until } => {
            let inside = issued_at <= received_at && received_at <= valid_until;
            let passed_ms = received_at.since(issued_at);
            if !inside || report.listened_ms > passed_ms + LISTENED_AHEAD_MS {
                Soundness::ImpossibleTime
            } else {
                Soundness::Sound
            }
        }
    }
}
