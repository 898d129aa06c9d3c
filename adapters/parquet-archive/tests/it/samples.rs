//! A run with a record of every kind, and the changes of plays that it could have caused.

use ledgerline_app::ports::{
    ArchivedChange, ArchivedChanges, ArchivedReports, RecordsOfRun, RunHead,
};
use ledgerline_ids::{
    ContextPart, DeviceId, PartitionId, PlayId, Position, Quality, SessionId, SourceName,
    Territory, Tier, TrackId, UnixMs, UserId,
};
use ledgerline_records::LogRecord;
use ledgerline_records::control::{Adjudicated, DeviceFact, FraudRuling, Tick, TrackFact};
use ledgerline_records::play::{PlayIdentity, PlayKey};
use ledgerline_records::report::{
    Context, GrantCheck, PlaybackEvent, Producer, ReportRecord, TrackStamp,
};
use ledgerline_records::verdict::{Decision, Reason, Ruling, Status};

pub fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).unwrap()
}

pub fn head(first: u64, end: u64) -> RunHead {
    RunHead {
        partition: PartitionId(3),
        first: Position(first),
        end: Position(end),
        key_fingerprint: "00112233445566778899aabbccddeeff".to_owned(),
    }
}

pub fn bare_report(user: Option<&'static str>, listened_ms: u64) -> ReportRecord<'static> {
    ReportRecord {
        source: SourceName::new("web").unwrap(),
        producer: Producer::Trusted,
        user: user.map(|user| UserId::new(user).unwrap()),
        play_id: None,
        track: TrackId::new("T1").unwrap(),
        listened_ms,
        started_at: None,
        sent_at: None,
        event: None,
        completed: None,
        session: None,
        device: None,
        quality: None,
        offline: None,
        context: None,
        tier: None,
        territory: None,
        preview: false,
        imported: false,
        grant: GrantCheck::NotNeeded,
        stamp: TrackStamp { revision: 0, known: true, length_ms: None },
        backfilled_at: None,
    }
}

pub fn full_report() -> ReportRecord<'static> {
    ReportRecord {
        producer: Producer::Player,
        play_id: Some(PlayId::new("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").unwrap()),
        started_at: Some(at(1_645_557_742_000)),
        sent_at: Some(at(1_645_557_773_000)),
        event: Some(PlaybackEvent::PlayComplete),
        completed: Some(false),
        session: Some(SessionId::new("S1").unwrap()),
        device: Some(DeviceId::new("D1").unwrap()),
        quality: Some(Quality::new("320").unwrap()),
        offline: Some(true),
        context: Some(Context {
            kind: ContextPart::new("playlist").unwrap(),
            id: ContextPart::new("pl-1").unwrap(),
        }),
        tier: Some(Tier::new("premium").unwrap()),
        territory: Some(Territory::new("SE").unwrap()),
        preview: true,
        imported: true,
        grant: GrantCheck::Valid {
            issued_at: at(1_645_557_740_000),
            valid_until: at(1_645_557_800_000),
        },
        stamp: TrackStamp { revision: u64::MAX, known: true, length_ms: Some(180_000) },
        backfilled_at: Some(at(1_645_557_773_500)),
        ..bare_report(Some("L1"), 31_000)
    }
}

fn encoded(record: &LogRecord<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    bytes
}

/// A record of every kind; the last is none that anybody can read.
pub fn run() -> ArchivedReports {
    let play = PlayIdentity {
        source: SourceName::new("web").unwrap(),
        user: Some(UserId::new("L1").unwrap()),
        key: PlayKey::Keyed(PlayId::new("P1").unwrap()),
    };
    let decided_at = at(1_645_557_900_000);
    let track = TrackId::new("T1").unwrap();
    let stamp = TrackStamp { revision: 7, known: false, length_ms: None };
    let device = DeviceId::new("D1").unwrap();
    let (decision, ruling) = (Decision::Accept, Ruling::Reinstate);
    let (by, note) = ("key_1", "was at sea; não sabia");
    let log = [
        LogRecord::Report(full_report()),
        LogRecord::Report(bare_report(None, u64::MAX)),
        LogRecord::Tick(Tick { at: at(1_645_557_742_000) }),
        LogRecord::TrackFact(TrackFact { track, stamp }),
        LogRecord::DeviceFact(DeviceFact { device, listed: true }),
        LogRecord::Adjudicated(Adjudicated { play, decision, by, note, at: decided_at }),
        LogRecord::FraudRuling(FraudRuling { play, ruling, by, note: "", at: decided_at }),
    ];
    let mut records = RecordsOfRun::default();
    for (number, record) in (0..).zip(&log) {
        records.push(at(1_645_557_773_000 + number), &encoded(record));
    }
    records.push(at(1_645_557_773_999), b"\x63 is no record that is known");
    ArchivedReports { head: head(40, 48), changes: 3, records }
}

/// A play that counts, and that goes on counting as something else.
pub fn changes() -> ArchivedChanges {
    let counts = ArchivedChange {
        change: 1,
        transition_id: "0123456789abcdef0123456789abcdef".to_owned(),
        amendment: 0,
        number: 2,
        rule_version: 1,
        cause: Position(40),
        changed_at: at(1_645_557_773_000),
        from_status: Some(Status::Pending),
        to_status: Status::Counted,
        reason: None,
        play: "fedcba9876543210fedcba9876543210".to_owned(),
        source: "web".to_owned(),
        user_id: Some("L1".to_owned()),
        play_id: Some("P1".to_owned()),
        first_received_at: at(1_645_557_760_000),
        track_id: "T1".to_owned(),
        started_at: at(1_645_557_742_000),
        listened_ms: 31_000,
        tier: Some("premium".to_owned()),
        territory: Some("SE".to_owned()),
    };
    let before = ArchivedChange {
        change: -1,
        amendment: 1,
        cause: Position(41),
        from_status: Some(Status::Counted),
        ..counts.clone()
    };
    let after = ArchivedChange {
        change: 1,
        listened_ms: u64::MAX,
        tier: None,
        territory: None,
        play_id: None,
        reason: Some(Reason::Imported),
        ..before.clone()
    };
    ArchivedChanges { head: head(40, 48), part: 1, changes: vec![counts, before, after] }
}
