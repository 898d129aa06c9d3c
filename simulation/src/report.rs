//! A report as a simulated player has it.

use ledgerline_app::intake::PlaybackReport;
use ledgerline_ids::{DeviceId, PlayId, SessionId, Territory, Tier, TrackId, UnixMs, UserId};
use ledgerline_records::report::ReportRecord;
use std::fmt::Write as _;

/// A report. Texts are valid, for whoever makes them knows the alphabets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the contract")]
pub struct Report {
    pub user: Option<String>,
    pub play_id: Option<String>,
    pub track: String,
    pub listened_ms: u64,
    pub started_at: Option<u64>,
    pub sent_at: Option<u64>,
    pub session: Option<String>,
    pub device: Option<String>,
    pub tier: Option<&'static str>,
    pub territory: Option<&'static str>,
    pub preview: bool,
    pub imported: bool,
    /// The receive time that a backfilled report has of its own.
    pub backfilled_at: Option<u64>,
}

/// What a report says, in a form that the sender's report and the log's record share.
pub type Said = String;

impl Report {
    /// The report as the intake takes it.
    #[must_use]
    pub fn as_sent(&self) -> PlaybackReport<'_> {
        PlaybackReport {
            play_id: self.play_id.as_deref().map(|id| PlayId::new(id).expect(VALID)),
            user: self.user.as_deref().map(|user| UserId::new(user).expect(VALID)),
            track: TrackId::new(&self.track).expect(VALID),
            listened_ms: self.listened_ms,
            started_at: self.started_at.map(instant),
            sent_at: self.sent_at.map(instant),
            event: None,
            completed: None,
            session: self.session.as_deref().map(|id| SessionId::new(id).expect(VALID)),
            device: self.device.as_deref().map(|id| DeviceId::new(id).expect(VALID)),
            quality: None,
            offline: None,
            context: None,
            tier: self.tier.map(|tier| Tier::new(tier).expect(VALID)),
            territory: self.territory.map(|land| Territory::new(land).expect(VALID)),
            preview: self.preview,
            imported: self.imported,
            grant: None,
        }
    }

    /// What it says, sent by `source`.
    #[must_use]
    pub fn said(&self, source: &str) -> Said {
        let sent = self.as_sent();
        said(source, &sent, self.backfilled_at.map(instant))
    }
}

/// What a record of the log says: everything but what the intake stamped on it.
#[must_use]
pub fn said_in_log(record: &ReportRecord<'_>) -> Said {
    let sent = PlaybackReport {
        play_id: record.play_id,
        user: record.user,
        track: record.track,
        listened_ms: record.listened_ms,
        started_at: record.started_at,
        sent_at: record.sent_at,
        event: record.event,
        completed: record.completed,
        session: record.session,
        device: record.device,
        quality: record.quality,
        offline: record.offline,
        context: record.context,
        tier: record.tier,
        territory: record.territory,
        preview: record.preview,
        imported: record.imported,
        grant: None,
    };
    said(record.source.as_str(), &sent, record.backfilled_at)
}

fn said(source: &str, sent: &PlaybackReport<'_>, backfilled_at: Option<UnixMs>) -> Said {
    let mut said = String::with_capacity(96);
    let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let time = |time: Option<UnixMs>| time.map_or(0, UnixMs::get);
    write!(
        said,
        "{source}/{}/{} {} {} ms, started {} sent {} at {} on {} {} {} {}{}{}",
        text(sent.user.map(UserId::as_str)),
        text(sent.play_id.map(PlayId::as_str)),
        sent.track.as_str(),
        sent.listened_ms,
        time(sent.started_at),
        time(sent.sent_at),
        time(backfilled_at),
        text(sent.device.map(DeviceId::as_str)),
        text(sent.session.map(SessionId::as_str)),
        text(sent.tier.map(Tier::as_str)),
        text(sent.territory.map(Territory::as_str)),
        if sent.preview { " preview" } else { "" },
        if sent.imported { " imported" } else { "" },
    )
    .expect("a String takes everything");
    said
}

/// An instant of a simulation.
#[must_use]
pub fn instant(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("simulations end long before 2109")
}

const VALID: &str = "whoever made the text knows its alphabet";
