//! The records of a run as columns. The column `record` has each record's own bytes, and it alone is
//! what a run is read from; the others say the same in the words of the API, each where it applies.

use ledgerline_app::ports::{ArchiveFileError, ArchivedReports, RecordsOfRun};
use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Quality, SessionId, SourceName, Territory, Tier, TrackId,
    UnixMs, UserId,
};
use ledgerline_records::LogRecord;
use ledgerline_records::play::PlayIdentity;
use ledgerline_records::report::{GrantCheck, PlaybackEvent, Producer, ReportRecord, TrackStamp};
use ledgerline_records::verdict::{Decision, Ruling};

use crate::columns::{Column, Form, Rows};
use crate::file::{Opened, damaged};

/// A record as a row: what its columns have.
#[derive(Default)]
struct Row<'r> {
    kind: &'static str,
    source: Option<SourceName<'r>>,
    producer: Option<Producer>,
    user: Option<UserId<'r>>,
    play_id: Option<PlayId<'r>>,
    track: Option<TrackId<'r>>,
    listened_ms: Option<u64>,
    started_at: Option<UnixMs>,
    sent_at: Option<UnixMs>,
    event: Option<PlaybackEvent>,
    completed: Option<bool>,
    session: Option<SessionId<'r>>,
    device: Option<DeviceId<'r>>,
    quality: Option<Quality<'r>>,
    offline: Option<bool>,
    context: Option<(ContextPart<'r>, ContextPart<'r>)>,
    tier: Option<Tier<'r>>,
    territory: Option<Territory<'r>>,
    preview: Option<bool>,
    imported: Option<bool>,
    grant: Option<GrantCheck>,
    stamp: Option<TrackStamp>,
    backfilled_at: Option<UnixMs>,
    listed: Option<bool>,
    decision: Option<Decision>,
    ruling: Option<Ruling>,
    decided_by: Option<&'r str>,
    decided_at: Option<UnixMs>,
    note: Option<&'r str>,
    told_at: Option<UnixMs>,
}

/// What a record says; of bytes that are no record only that.
fn row(record: &[u8]) -> Row<'_> {
    match LogRecord::decode(record) {
        Ok(LogRecord::Report(report)) => report_row(&report),
        Ok(LogRecord::Tick(tick)) => Row { kind: "tick", told_at: Some(tick.at), ..Row::default() },
        Ok(LogRecord::TrackFact(fact)) => Row {
            kind: "track_fact",
            track: Some(fact.track),
            stamp: Some(fact.stamp),
            ..Row::default()
        },
        Ok(LogRecord::DeviceFact(fact)) => Row {
            kind: "device_fact",
            device: Some(fact.device),
            listed: Some(fact.listed),
            ..Row::default()
        },
        Ok(LogRecord::Adjudicated(decided)) => Row {
            kind: "adjudicated",
            decision: Some(decided.decision),
            ..decided_row(&decided.play, decided.by, decided.note, decided.at)
        },
        Ok(LogRecord::FraudRuling(ruled)) => Row {
            kind: "fraud_ruling",
            ruling: Some(ruled.ruling),
            ..decided_row(&ruled.play, ruled.by, ruled.note, ruled.at)
        },
        Err(_) => Row { kind: "undecodable", ..Row::default() },
    }
}

fn report_row<'r>(report: &ReportRecord<'r>) -> Row<'r> {
    Row {
        kind: "report",
        source: Some(report.source),
        producer: Some(report.producer),
        user: report.user,
        play_id: report.play_id,
        track: Some(report.track),
        listened_ms: Some(report.listened_ms),
        started_at: report.started_at,
        sent_at: report.sent_at,
        event: report.event,
        completed: report.completed,
        session: report.session,
        device: report.device,
        quality: report.quality,
        offline: report.offline,
        context: report.context.map(|context| (context.kind, context.id)),
        tier: report.tier,
        territory: report.territory,
        preview: Some(report.preview),
        imported: Some(report.imported),
        grant: Some(report.grant),
        stamp: Some(report.stamp),
        backfilled_at: report.backfilled_at,
        ..Row::default()
    }
}

fn decided_row<'r>(play: &PlayIdentity<'r>, by: &'r str, note: &'r str, at: UnixMs) -> Row<'r> {
    Row {
        source: Some(play.source),
        user: play.user,
        play_id: play.key.play_id(),
        decided_by: Some(by),
        decided_at: Some(at),
        note: Some(note),
        ..Row::default()
    }
}

/// No rows yet, in the order of the file.
fn no_rows() -> Vec<Column> {
    use Form::{Blob, Count, Flag, Instant, Small, Text};
    let (required, optional) = (Column::required, Column::optional);
    vec![
        required("partition", Small),
        required("position", Count),
        required("received_at", Instant),
        required("kind", Text),
        optional("source", Text),
        optional("producer", Text),
        optional("user_id", Text),
        optional("play_id", Text),
        optional("track_id", Text),
        optional("duration_listened_ms", Count),
        optional("started_at", Instant),
        optional("sent_at", Instant),
        optional("event", Text),
        optional("completed", Flag),
        optional("session_id", Text),
        optional("device_id", Text),
        optional("quality", Text),
        optional("offline", Flag),
        optional("context_type", Text),
        optional("context_id", Text),
        optional("tier", Text),
        optional("territory", Text),
        optional("preview", Flag),
        optional("imported", Flag),
        optional("grant", Text),
        optional("grant_issued_at", Instant),
        optional("grant_valid_until", Instant),
        optional("catalogue_revision", Count),
        optional("track_known", Flag),
        optional("track_length_ms", Count),
        optional("backfilled_at", Instant),
        optional("device_listed", Flag),
        optional("decision", Text),
        optional("ruling", Text),
        optional("decided_by", Text),
        optional("decided_at", Instant),
        optional("note", Text),
        optional("told_at", Instant),
        required("record", Blob),
    ]
}

/// The columns of a run.
pub(crate) fn columns_of(run: &ArchivedReports) -> Vec<Column> {
    let mut columns = no_rows();
    for (position, (received_at, record)) in (run.head.first.0..).zip(run.records.iter()) {
        let row = row(record);
        let mut columns = columns.iter_mut();
        let mut next = || columns.next().expect("a row has as many fields as there are columns");
        next().small(Some(i32::from(run.head.partition.0)));
        next().count(Some(position));
        next().instant(Some(received_at));
        next().text(Some(row.kind));
        next().text(row.source.map(SourceName::as_str));
        next().text(row.producer.map(Producer::as_str));
        next().text(row.user.map(UserId::as_str));
        next().text(row.play_id.map(PlayId::as_str));
        next().text(row.track.map(TrackId::as_str));
        next().count(row.listened_ms);
        next().instant(row.started_at);
        next().instant(row.sent_at);
        next().text(row.event.map(PlaybackEvent::as_str));
        next().flag(row.completed);
        next().text(row.session.map(SessionId::as_str));
        next().text(row.device.map(DeviceId::as_str));
        next().text(row.quality.map(Quality::as_str));
        next().flag(row.offline);
        next().text(row.context.map(|(kind, _)| kind.as_str()));
        next().text(row.context.map(|(_, id)| id.as_str()));
        next().text(row.tier.map(Tier::as_str));
        next().text(row.territory.map(Territory::as_str));
        next().flag(row.preview);
        next().flag(row.imported);
        let (grant, validity) = row.grant.map_or((None, None), granted);
        next().text(grant);
        next().instant(validity.map(|(issued_at, _)| issued_at));
        next().instant(validity.map(|(_, valid_until)| valid_until));
        next().count(row.stamp.map(|stamp| stamp.revision));
        next().flag(row.stamp.map(|stamp| stamp.known));
        next().count(row.stamp.and_then(|stamp| stamp.length_ms));
        next().instant(row.backfilled_at);
        next().flag(row.listed);
        next().text(row.decision.map(Decision::as_str));
        next().text(row.ruling.map(Ruling::as_str));
        next().text(row.decided_by);
        next().instant(row.decided_at);
        next().text(row.note);
        next().instant(row.told_at);
        next().bytes(Some(record.into()));
    }
    columns
}

type Validity = Option<(UnixMs, UnixMs)>;

fn granted(grant: GrantCheck) -> (Option<&'static str>, Validity) {
    match grant {
        GrantCheck::NotNeeded => (Some("not_needed"), None),
        GrantCheck::Valid { issued_at, valid_until } => {
            (Some("valid"), Some((issued_at, valid_until)))
        }
        GrantCheck::Missing => (Some("missing"), None),
        GrantCheck::Invalid => (Some("invalid"), None),
    }
}

/// The run that a file has: from the records' own bytes and the times at which they came.
pub(crate) fn run_of(file: &Opened) -> Result<ArchivedReports, ArchiveFileError> {
    let columns = file.read(&no_rows())?;
    let named = |name: &str| {
        let found = columns.iter().find(|column| column.name == name);
        Rows::of(found.expect("the file has just these columns"))
    };
    let (mut received_at, mut bytes) = (named("received_at"), named("record"));
    let mut records = RecordsOfRun::default();
    for _ in 0..file.rows {
        let received_at = received_at
            .instant()
            .ok_or_else(|| damaged("a record has no time at which it was received".to_owned()))?;
        let bytes = bytes.bytes().ok_or_else(|| damaged("a record has no bytes".to_owned()))?;
        records.push(received_at, bytes);
    }
    Ok(ArchivedReports { head: file.head.clone(), changes: file.number, records })
}
