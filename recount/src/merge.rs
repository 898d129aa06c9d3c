//! Many reports, one play: what a play is by its reports alone.
//!
//! [`Merged::join`] gives the same whichever of the two came first and however often
//! they come, so a play doesn't depend on the order of its reports.

use std::sync::Arc;

use ledgerline_ids::{DeviceId, Territory, Tier, UnixMs};
use ledgerline_records::report::TrackStamp;

use crate::reading::{Reading, Soundness, Timing};
use crate::texts::Texts;

/// What one report, or several together, say of a play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merged {
    /// Whether any report passed its own grant and time check.
    pub sound: bool,
    /// Whether any report failed because its time is impossible. Only of interest while
    /// the play isn't sound.
    pub impossible_time: bool,
    /// Of several tracks, the least in byte order.
    pub track: Arc<str>,
    pub preview: bool,
    pub imported: bool,
    /// Whether the reports disagree on one of the three above.
    pub conflict: bool,
    pub listened_ms: u64,
    pub started_at: UnixMs,
    pub in_time: bool,
    pub too_old: bool,
    pub least: Least,
    /// The newest that is known of the track.
    pub stamp: TrackStamp,
}

/// The report that tier, territory, device and context are taken from: the one where
/// these six, compared from the top, are least. Absent comes before present.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Least {
    pub listened_ms: u64,
    pub tier: Option<Arc<str>>,
    pub territory: Option<Arc<str>>,
    pub device: Option<Arc<str>>,
    pub context_type: Option<Arc<str>>,
    pub context_id: Option<Arc<str>>,
}

impl Merged {
    /// What one report says by itself.
    pub(crate) fn of(reading: &Reading<'_>, texts: &mut Texts) -> Self {
        let report = reading.report;
        Self {
            sound: reading.soundness == Soundness::Sound,
            impossible_time: reading.soundness == Soundness::ImpossibleTime,
            track: texts.keep(report.track.as_str()),
            preview: report.preview,
            imported: report.imported,
            conflict: false,
            listened_ms: report.listened_ms,
            started_at: reading.started_at,
            in_time: reading.timing == Timing::InTime,
            too_old: reading.timing == Timing::TooOld,
            least: Least {
                listened_ms: report.listened_ms,
                tier: texts.keep_some(report.tier.map(Tier::as_str)),
                territory: texts.keep_some(report.territory.map(Territory::as_str)),
                device: texts.keep_some(report.device.map(DeviceId::as_str)),
                context_type: texts.keep_some(report.context.map(|context| context.kind.as_str())),
                context_id: texts.keep_some(report.context.map(|context| context.id.as_str())),
            },
            stamp: report.stamp,
        }
    }

    /// *Merge*, and the second half of *Sound*: unsound reports merge among themselves
    /// and add nothing to sound ones.
    pub(crate) fn join(self, other: Self) -> Self {
        match (self.sound, other.sound) {
            (true, false) => return self,
            (false, true) => return other,
            (true, true) | (false, false) => {}
        }
        let agree = self.track == other.track
            && self.preview == other.preview
            && self.imported == other.imported;
        Self {
            sound: self.sound,
            impossible_time: self.impossible_time || other.impossible_time,
            track: self.track.min(other.track),
            preview: self.preview || other.preview,
            imported: self.imported || other.imported,
            conflict: self.conflict || other.conflict || !agree,
            listened_ms: self.listened_ms.max(other.listened_ms),
            started_at: self.started_at.min(other.started_at),
            in_time: self.in_time || other.in_time,
            too_old: self.too_old || other.too_old,
            least: self.least.min(other.least),
            stamp: newest_stamp(self.stamp, other.stamp),
        }
    }
}

/// The stamp with the greatest `(revision, known, length)`.
pub(crate) fn newest_stamp(one: TrackStamp, other: TrackStamp) -> TrackStamp {
    let rank = |stamp: TrackStamp| (stamp.revision, stamp.known, stamp.length_ms);
    if rank(other) > rank(one) { other } else { one }
}
