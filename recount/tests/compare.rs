//! Recounts held against claims: each kind of error must be found, and named.

use ledgerline_ids::{PlayId, Position, SourceName, Tier, TrackId, UnixMs, UserId};
use ledgerline_records::LogRecord;
use ledgerline_records::play::{PlayIdentity, PlayKey, PlayRecord};
use ledgerline_records::report::{GrantCheck, Producer, ReportRecord, TrackStamp};
use ledgerline_records::verdict::{FraudRule, FraudRules, Status, Verdict};
use ledgerline_recount::{
    Claimed, Counts, DIFFERENCES_MAX, Identity, PartitionRecount, PlayName, Recounted,
    check_conservation, compare, compare_counts,
};

const NOON_MS: u64 = 1_772_366_400_000;
const TRACK_KNOWN: TrackStamp = TrackStamp { revision: 1, known: true, length_ms: None };

fn at(millis: u64) -> UnixMs {
    UnixMs::new(NOON_MS + millis).expect("in range")
}

fn identity(play_id: &str) -> PlayIdentity<'_> {
    PlayIdentity {
        source: SourceName::new("a").expect("valid"),
        user: Some(UserId::new("L1").expect("valid")),
        key: PlayKey::Keyed(PlayId::new(play_id).expect("valid")),
    }
}

fn name(play_id: &str) -> PlayName {
    PlayName::first(Identity::from(&identity(play_id)))
}

fn report(play_id: &str, listened_ms: u64) -> LogRecord<'_> {
    LogRecord::Report(ReportRecord {
        source: SourceName::new("a").expect("valid"),
        producer: Producer::Trusted,
        user: Some(UserId::new("L1").expect("valid")),
        play_id: Some(PlayId::new(play_id).expect("valid")),
        track: TrackId::new("T1").expect("valid"),
        listened_ms,
        started_at: Some(at(0)),
        sent_at: None,
        event: None,
        completed: None,
        session: None,
        device: None,
        quality: None,
        offline: None,
        context: None,
        tier: Some(Tier::new("premium").expect("valid")),
        territory: None,
        preview: false,
        imported: false,
        grant: GrantCheck::NotNeeded,
        stamp: TRACK_KNOWN,
        backfilled_at: None,
    })
}

/// The plays log's record of a play that was reported so.
fn claim(play_id: &str, listened_ms: u64, from: Option<Status>, to: Status) -> PlayRecord<'_> {
    PlayRecord {
        identity: identity(play_id),
        producer: Producer::Trusted,
        number: 1,
        amendment: 0,
        rule_version: 1,
        from,
        to,
        reason: None,
        counted_as: None,
        previous: None,
        cause: Position(0),
        received_at: at(0),
        first_received_at: at(0),
        track: TrackId::new("T1").expect("valid"),
        preview: false,
        imported: false,
        conflict: false,
        listened_ms,
        started_at: at(0),
        in_time: true,
        too_old: false,
        least_ms: listened_ms,
        tier: Some(Tier::new("premium").expect("valid")),
        territory: None,
        device: None,
        context: None,
        stamp: TRACK_KNOWN,
        sound: true,
        impossible_time: false,
        rules: FraudRules::NONE,
        ruling: None,
        decision: None,
    }
}

/// `P1` with 31 s and `P2` with 10 s, recounted and rightly claimed.
fn both() -> (Recounted, Claimed) {
    let mut recount = PartitionRecount::new(None).watching(&identity("P1"));
    let reports = [("P1", 10_000), ("P2", 10_000), ("P1", 31_000), ("P1", 31_000)];
    for (position, (play_id, listened_ms)) in (0..).map(Position).zip(reports) {
        recount.record(position, at(0), &report(play_id, listened_ms));
    }
    let recounted = recount.finish();
    let mut claimed = Claimed::new(recounted.counts.clone());
    claimed.take(&claim("P1", 10_000, None, Status::Pending));
    claimed.take(&claim("P2", 10_000, None, Status::Pending));
    claimed.take(&claim("P1", 31_000, Some(Status::Pending), Status::Counted));
    (recounted, claimed)
}

/// The differences after the claim was falsified, as sentences.
fn differences(falsify: impl FnOnce(&mut Claimed)) -> Vec<String> {
    let (recounted, mut claimed) = both();
    falsify(&mut claimed);
    compare(&recounted, &claimed).iter().map(ToString::to_string).collect()
}

fn falsify_play(falsify: impl FnOnce(&mut ledgerline_recount::ClaimedPlay)) -> Vec<String> {
    differences(|claimed| falsify(claimed.plays.get_mut(&name("P1")).expect("claimed above")))
}

#[test]
fn a_right_claim_has_no_differences() {
    assert_eq!(differences(|_| ()), Vec::<String>::new());
}

#[test]
fn each_field_of_a_play_is_compared() {
    let held = falsify_play(|play| {
        play.status = Status::Held;
        play.rules = FraudRules::NONE.with(FraudRule::Rate).with(FraudRule::Loop);
    });
    assert_eq!(held, ["play a/L1/P1: status is held (rate, loop), recount says counted"]);
    let reinstated = falsify_play(|play| play.rules = FraudRules::NONE.with(FraudRule::Rate));
    assert_eq!(reinstated, ["play a/L1/P1: rules is rate, recount says none"]);
    let rows = [
        (falsify_play(|play| play.listened_ms = 1), "listened_ms is 1, recount says 31000"),
        (
            falsify_play(|play| play.started_at = at(1)),
            "started_at is 2026-03-01T12:00:00.001Z, recount says 2026-03-01T12:00:00.000Z",
        ),
        (falsify_play(|play| play.track = "T2".into()), "track is T2, recount says T1"),
        (falsify_play(|play| play.tier = None), "tier is missing, recount says premium"),
        (
            falsify_play(|play| play.territory = Some("SE".into())),
            "territory is SE, recount says there is none",
        ),
        (
            falsify_play(|play| play.first_received_at = at(2)),
            "first_received_at is 2026-03-01T12:00:00.002Z, recount says 2026-03-01T12:00:00.000Z",
        ),
    ];
    for (found, expected) in rows {
        assert_eq!(found, [format!("play a/L1/P1: {expected}")]);
    }
}

#[test]
fn missing_and_extra_plays_are_named() {
    let found = differences(|claimed| {
        let play = claimed.plays.remove(&name("P2")).expect("claimed above");
        claimed.plays.insert(name("P3"), play);
    });
    assert_eq!(
        found,
        [
            "play a/L1/P2: status is missing, recount says pending",
            "play a/L1/P3: status is pending, recount says there is none",
        ]
    );
}

#[test]
fn each_count_is_compared() {
    let found = differences(|claimed| {
        let hour = at(0).hour();
        let counts = &mut claimed.counts;
        counts.accepted.insert(hour, 5);
        counts.verdicts.insert((hour, Verdict::Duplicate), 2);
        counts.statuses.insert((hour, Status::Held), 1);
        counts.counted.by_track.insert("T1".to_owned(), 2);
        counts.counted.by_user.clear();
        counts.counted.by_territory.clear();
        counts.counted.by_tier.insert("free".to_owned(), 1);
        counts.counted.by_day.clear();
    });
    assert_eq!(
        found,
        [
            "hour 2026-03-01T12:00:00Z: accepted reports is 5, recount says 4",
            "hour 2026-03-01T12:00:00Z, duplicate: verdicts is 2, recount says 1",
            "hour 2026-03-01T12:00:00Z, held: plays is 1, recount says 0",
            "track T1: counted plays is 2, recount says 1",
            "user L1: counted plays is 0, recount says 1",
            "territory -: counted plays is 0, recount says 1",
            "tier free: counted plays is 1, recount says 0",
            "day 2026-03-01: counted plays is 0, recount says 1",
        ]
    );
}

#[test]
fn no_more_than_the_first_differences_are_listed() {
    let ids: Vec<String> = (1000..1300).map(|number| format!("P{number}")).collect();
    let mut claimed = Claimed::default();
    for id in &ids {
        claimed.take(&claim(id, 31_000, None, Status::Counted));
    }
    let found = compare(&Recounted::default(), &claimed);
    assert_eq!(found.len(), DIFFERENCES_MAX);
    assert_eq!(found[0].subject, "play a/L1/P1000");
}

#[test]
fn records_of_two_plays_of_one_identity_are_told_apart() {
    let mut claimed = Claimed::default();
    let later = |record| PlayRecord { first_received_at: at(50 * 86_400_000), ..record };
    claimed.take(&claim("P1", 10_000, None, Status::Pending));
    claimed.take(&later(claim("P1", 31_000, None, Status::Counted)));
    claimed.take(&claim("P1", 10_000, Some(Status::Pending), Status::BelowThreshold));
    let statuses: Vec<_> = claimed.plays.values().map(|play| play.status).collect();
    assert_eq!(statuses, [Status::BelowThreshold, Status::Counted]);
    let names: Vec<_> = claimed.plays.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["a/L1/P1", "a/L1/P1#2"]);
}

#[test]
fn a_watched_play_tells_what_became_of_its_reports() {
    let (recounted, _) = both();
    let watched: Vec<_> =
        recounted.watched.iter().map(|r| (r.position.0, r.listened_ms, r.verdict)).collect();
    let expected = [
        (0, 10_000, Verdict::Progress),
        (2, 31_000, Verdict::Counted),
        (3, 31_000, Verdict::Duplicate),
    ];
    assert_eq!(watched, expected);
}

#[test]
fn counts_that_do_not_add_up_are_found() {
    let (mut recounted, _) = both();
    assert_eq!(check_conservation(&recounted.counts, 2), []);
    recounted.counts.verdicts.remove(&(at(0).hour(), Verdict::Duplicate));
    let found = check_conservation(&recounted.counts, 3);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "accepted reports of 2026-03-01T12:00:00Z: 4, but their parts add up to 3",
        "plays: 3, but their parts add up to 2",
    ];
    assert_eq!(found, expected);
}

#[test]
fn counts_of_partitions_add_up() {
    let (recounted, _) = both();
    let mut sum = Counts::default();
    sum.add(&recounted.counts);
    assert_eq!(compare_counts(&recounted.counts, &sum), []);
    sum.add(&recounted.counts);
    assert_eq!(sum.counted.by_track["T1"], 2);
    assert_eq!(sum.accepted[&at(0).hour()], 8);
}
