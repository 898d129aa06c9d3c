//! What a report adds to its play.
//!
//! Everything here is a maximum, a minimum or an OR, so a merged play is the same whatever
//! the order, the repetition and the batching of its reports.

use ledgerline_ids::{DeviceId, HashKey, Position, Territory, Tier, UnixMs};
use ledgerline_records::play::{PlayIdentity, PlayRecord};
use ledgerline_records::report::{Context, ReportRecord};
use ledgerline_records::verdict::{FraudRules, Status};

use crate::rules::RULE_VERSION;
use crate::timing::{self, Soundness, Timeliness};

/// A report, with what the log says of its time.
#[derive(Debug, Clone, Copy)]
pub struct Received<'r, 'a> {
    /// The report.
    pub report: &'r ReportRecord<'a>,
    /// Where it stands in the log.
    pub position: Position,
    /// When it was received.
    pub at: UnixMs,
    /// When its play started, by it.
    pub start: UnixMs,
    /// Whether it came in time.
    pub timeliness: Timeliness,
    /// Whether it passed its own checks.
    pub soundness: Soundness,
}

impl<'r, 'a> Received<'r, 'a> {
    /// Reads the log's times off `report`.
    #[inline]
    #[must_use]
    pub fn new(report: &'r ReportRecord<'a>, position: Position, frame_at: UnixMs) -> Self {
        let at = timing::received_at(report, frame_at);
        let start = timing::start(report, at);
        Self {
            report,
            position,
            at,
            start,
            timeliness: timing::timeliness(report.producer, start, at),
            soundness: timing::soundness(report, at),
        }
    }

    /// Whether it passed its own checks.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.soundness == Soundness::Sound
    }

    /// A hash of all that a report can add to a play. Two reports of one play with the
    /// same hash add the same: the second one is a duplicate.
    #[must_use]
    pub fn fingerprint(&self, key: &HashKey) -> u64 {
        const FINGERPRINT: u8 = 8;
        let report = self.report;
        let mut hasher = key.hasher(FINGERPRINT);
        let flags = u64::from(report.preview)
            | u64::from(report.imported) << 1
            | (self.timeliness as u64) << 2
            | (self.soundness as u64) << 4
            | u64::from(report.stamp.known) << 6
            | u64::from(report.context.is_some()) << 7;
        hasher
            .number(flags)
            .number(report.listened_ms)
            .number(self.start.get())
            .number(report.stamp.revision)
            .number(report.stamp.length_ms.unwrap_or(0))
            .text(report.track.as_str())
            .optional(report.tier.map(Tier::as_str))
            .optional(report.territory.map(Territory::as_str))
            .optional(report.device.map(DeviceId::as_str));
        if let Some(context) = report.context {
            hasher.text(context.kind.as_str()).text(context.id.as_str());
        }
        hasher.finish64()
    }
}

/// The play that a first report makes, as if nothing had been decided on it; the status
/// fields are the caller's to set.
#[inline]
#[must_use]
pub fn begin<'a>(identity: PlayIdentity<'a>, received: &Received<'_, 'a>) -> PlayRecord<'a> {
    let report = received.report;
    PlayRecord {
        identity,
        producer: report.producer,
        number: 0,
        amendment: 0,
        rule_version: RULE_VERSION,
        from: None,
        to: Status::Pending,
        reason: None,
        counted_as: None,
        previous: None,
        cause: received.position,
        received_at: received.at,
        first_received_at: received.at,
        track: report.track,
        preview: report.preview,
        imported: report.imported,
        conflict: false,
        listened_ms: report.listened_ms,
        started_at: received.start,
        in_time: received.timeliness == Timeliness::InTime,
        too_old: received.timeliness == Timeliness::TooOld,
        least_ms: report.listened_ms,
        tier: report.tier,
        territory: report.territory,
        device: report.device,
        context: report.context,
        stamp: report.stamp,
        sound: received.is_sound(),
        impossible_time: received.soundness == Soundness::ImpossibleTime,
        rules: FraudRules::NONE,
        ruling: None,
        decision: None,
    }
}

/// `play` with what `received` adds. The status fields stay as they are.
#[must_use]
pub fn merge<'a>(play: &PlayRecord<'a>, received: &Received<'_, 'a>) -> PlayRecord<'a> {
    if play.sound && !received.is_sound() {
        return *play;
    }
    let added = begin(play.identity, received);
    if !play.sound && received.is_sound() {
        return afresh(play, &added);
    }
    let mut merged = *play;
    merged.conflict |= play.track != added.track
        || play.preview != added.preview
        || play.imported != added.imported;
    merged.track = play.track.min(added.track);
    merged.preview |= added.preview;
    merged.imported |= added.imported;
    merged.listened_ms = play.listened_ms.max(added.listened_ms);
    if cfg!(feature = "canary-merge-by-last") {
        merged.listened_ms = added.listened_ms;
    }
    merged.started_at = play.started_at.min(added.started_at);
    merged.in_time |= added.in_time;
    merged.too_old |= added.too_old;
    merged.stamp = play.stamp.max(added.stamp);
    merged.impossible_time |= added.impossible_time;
    if attribution(&added) < attribution(play) {
        merged.least_ms = added.least_ms;
        merged.tier = added.tier;
        merged.territory = added.territory;
        merged.device = added.device;
        merged.context = added.context;
    }
    merged
}

/// The play of a first sound report, where there were only unsound ones before: they add
/// nothing to it, but what was decided and its place in time stay.
fn afresh<'a>(play: &PlayRecord<'a>, added: &PlayRecord<'a>) -> PlayRecord<'a> {
    PlayRecord {
        number: play.number,
        amendment: play.amendment,
        from: play.from,
        to: play.to,
        reason: play.reason,
        previous: play.previous,
        first_received_at: play.first_received_at,
        rules: play.rules,
        ruling: play.ruling,
        decision: play.decision,
        impossible_time: play.impossible_time,
        cause: play.cause,
        received_at: play.received_at,
        ..*added
    }
}

type Attribution<'a> =
    (u64, Option<Tier<'a>>, Option<Territory<'a>>, Option<DeviceId<'a>>, Option<Context<'a>>);

/// The order that says which report a play's tier, territory, device and context are of.
fn attribution<'a>(play: &PlayRecord<'a>) -> Attribution<'a> {
    (play.least_ms, play.tier, play.territory, play.device, play.context)
}
