//! One record of every kind, with every field, and one with none that may be absent.

use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Position, Quality, SessionId, SourceName, Territory, Tier,
    TrackId, UnixMs, UserId,
};
use ledgerline_records::LogRecord;
use ledgerline_records::control::{Adjudicated, DeviceFact, FraudRuling, Tick, TrackFact};
use ledgerline_records::play::{CountedAs, PlayAddress, PlayIdentity, PlayKey, PlayRecord};
use ledgerline_records::report::{
    Context, GrantCheck, PlaybackEvent, Producer, ReportRecord, TrackStamp,
};
use ledgerline_records::verdict::{Decision, FraudRule, FraudRules, Reason, Ruling, Status};

pub fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}

fn context() -> Context<'static> {
    Context {
        kind: ContextPart::new("playlist").expect("valid"),
        id: ContextPart::new("pl-1").expect("valid"),
    }
}

pub fn full_report() -> ReportRecord<'static> {
    ReportRecord {
        source: SourceName::new("web").expect("valid"),
        producer: Producer::Player,
        user: Some(UserId::new("L1").expect("valid")),
        play_id: Some(PlayId::new("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").expect("valid")),
        track: TrackId::new("T1").expect("valid"),
        listened_ms: 31_000,
        started_at: Some(at(1_645_557_742_000)),
        sent_at: Some(at(1_645_557_773_000)),
        event: Some(PlaybackEvent::PlayComplete),
        completed: Some(true),
        session: Some(SessionId::new("S1").expect("valid")),
        device: Some(DeviceId::new("D1").expect("valid")),
        quality: Some(Quality::new("320").expect("valid")),
        offline: Some(true),
        context: Some(context()),
        tier: Some(Tier::new("premium").expect("valid")),
        territory: Some(Territory::new("SE").expect("valid")),
        preview: true,
        imported: true,
        grant: GrantCheck::Valid {
            issued_at: at(1_645_557_740_000),
            valid_until: at(1_645_557_800_000),
        },
        stamp: TrackStamp { revision: 300, known: true, length_ms: Some(180_000) },
        backfilled_at: Some(at(1_645_557_773_500)),
    }
}

pub fn bare_report() -> ReportRecord<'static> {
    ReportRecord {
        source: SourceName::new("web").expect("valid"),
        producer: Producer::Trusted,
        user: None,
        play_id: None,
        track: TrackId::new("T1").expect("valid"),
        listened_ms: 0,
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

fn backfill() -> ReportRecord<'static> {
    let started_at = at(1_645_557_742_000);
    ReportRecord {
        producer: Producer::Backfill,
        listened_ms: 31_000,
        started_at: Some(started_at),
        backfilled_at: Some(started_at.plus(31_000)),
        ..bare_report()
    }
}

fn keyed() -> PlayIdentity<'static> {
    PlayIdentity {
        source: SourceName::new("web").expect("valid"),
        user: Some(UserId::new("L1").expect("valid")),
        key: PlayKey::Keyed(PlayId::new("P1").expect("valid")),
    }
}

fn started() -> PlayIdentity<'static> {
    let key = PlayKey::Started {
        track: TrackId::new("T1").expect("valid"),
        place: Some("S1"),
        started_at: at(1_645_557_742_000),
    };
    PlayIdentity { key, ..keyed() }
}

fn window() -> PlayIdentity<'static> {
    let key = PlayKey::Window {
        track: TrackId::new("T1").expect("valid"),
        place: None,
        opened_at: at(1_645_557_742_000),
        ordinal: 2,
    };
    PlayIdentity { key, user: None, ..keyed() }
}

/// Every kind of record of the report log, by name.
pub fn log_records() -> Vec<(&'static str, LogRecord<'static>)> {
    let stamp = TrackStamp { revision: 7, known: true, length_ms: Some(20_000) };
    let decided_at = at(1_645_557_900_000);
    vec![
        ("report, every field", LogRecord::Report(full_report())),
        ("report, no field that may be absent", LogRecord::Report(bare_report())),
        ("report, a backfill received at its play's end", LogRecord::Report(backfill())),
        ("tick", LogRecord::Tick(Tick { at: at(1_645_557_742_000) })),
        (
            "track fact",
            LogRecord::TrackFact(TrackFact { track: TrackId::new("T1").expect("valid"), stamp }),
        ),
        (
            "device fact",
            LogRecord::DeviceFact(DeviceFact {
                device: DeviceId::new("D1").expect("valid"),
                listed: true,
            }),
        ),
        (
            "adjudicated, a play with a key",
            LogRecord::Adjudicated(Adjudicated {
                play: keyed(),
                decision: Decision::Accept,
                by: "key_1",
                note: "was at sea",
                at: decided_at,
            }),
        ),
        (
            "fraud ruling, a play with a start",
            LogRecord::FraudRuling(FraudRuling {
                play: started(),
                ruling: Ruling::Reinstate,
                by: "key_1",
                note: "",
                at: decided_at,
            }),
        ),
        (
            "fraud ruling, a play with neither",
            LogRecord::FraudRuling(FraudRuling {
                play: window(),
                ruling: Ruling::Hold,
                by: "key_1",
                note: "",
                at: decided_at,
            }),
        ),
    ]
}

/// Records of the plays log, by name.
pub fn play_records() -> Vec<(&'static str, PlayRecord<'static>)> {
    let full = PlayRecord {
        identity: keyed(),
        producer: Producer::Trusted,
        number: 2,
        amendment: 1,
        rule_version: 1,
        from: Some(Status::Counted),
        to: Status::Held,
        reason: Some(Reason::TooOld),
        counted_as: Some(CountedAs {
            track: TrackId::new("T0").expect("valid"),
            started_at: at(1_645_557_741_000),
            listened_ms: 30_500,
            tier: Some(Tier::new("free").expect("valid")),
            territory: Some(Territory::new("NO").expect("valid")),
        }),
        previous: Some(PlayAddress(70_000)),
        cause: Position(123_456),
        received_at: at(1_645_557_773_000),
        first_received_at: at(1_645_557_743_000),
        track: TrackId::new("T1").expect("valid"),
        preview: true,
        imported: true,
        conflict: true,
        listened_ms: 31_000,
        started_at: at(1_645_557_742_000),
        in_time: true,
        too_old: true,
        least_ms: 30_000,
        tier: Some(Tier::new("premium").expect("valid")),
        territory: Some(Territory::new("SE").expect("valid")),
        device: Some(DeviceId::new("D1").expect("valid")),
        context: Some(context()),
        stamp: TrackStamp { revision: 300, known: true, length_ms: Some(180_000) },
        sound: true,
        impossible_time: true,
        rules: FraudRules::NONE.with(FraudRule::Rate).with(FraudRule::Loop),
        ruling: Some(Ruling::Hold),
        decision: Some(Decision::Accept),
    };
    let bare = PlayRecord {
        identity: window(),
        number: 1,
        amendment: 0,
        from: None,
        to: Status::Pending,
        reason: None,
        counted_as: None,
        previous: None,
        preview: false,
        imported: false,
        conflict: false,
        in_time: false,
        too_old: false,
        tier: None,
        territory: None,
        device: None,
        context: None,
        stamp: TrackStamp::default(),
        sound: false,
        impossible_time: false,
        rules: FraudRules::NONE,
        ruling: None,
        decision: None,
        ..full
    };
    vec![("play, every field", full), ("play, no field that may be absent", bare)]
}
