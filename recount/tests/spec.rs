//! The tables of the counting rules, run through the recount.

mod fixture;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fixture::check::{JudgedPlay, Outcome, check};
use fixture::{By, Case, KeyRef, PlayRef, Record};
use ledgerline_ids::Position;
use ledgerline_records::LogRecord;
use ledgerline_recount::{
    IdentityKey, PartitionRecount, PlayName, Recounted, RecountedPlay, check_conservation,
};

/// How many orders of its records a case is run with, besides that of the table.
const ORDERS: u64 = 60;

fn cases() -> Vec<Case> {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/counting/tests/spec");
    let cases = Case::read_folder(&tables);
    assert!(!cases.is_empty(), "no tables in {}", tables.display());
    cases
}

/// Recounts a log whose records were each received in a frame of its own.
fn recount(records: &[Record]) -> Outcome {
    let position = |index: usize| Position(index as u64);
    let is_tick = |record: &Record| matches!(record.log_record(), LogRecord::Tick(_));
    let mut recount = PartitionRecount::new(records.iter().rposition(is_tick).map(position));
    let verdicts = records.iter().enumerate().map(|(index, record)| {
        recount.record(position(index), record.received_at, &record.log_record())
    });
    let verdicts = verdicts.collect();
    let recounted = recount.finish();
    let imbalances = check_conservation(&recounted.counts, recounted.plays.len() as u64);
    assert_eq!(imbalances, [], "the recount's own counts add up");
    Outcome { verdicts, ..outcome(&recounted) }
}

fn outcome(recounted: &Recounted) -> Outcome {
    let counts = &recounted.counts;
    let mut totals = BTreeMap::new();
    for (by, tally) in [
        (By::Track, &counts.counted.by_track),
        (By::User, &counts.counted.by_user),
        (By::Territory, &counts.counted.by_territory),
        (By::Tier, &counts.counted.by_tier),
        (By::Day, &counts.counted.by_day),
    ] {
        totals.extend(tally.iter().map(|(key, count)| ((by, key.clone()), *count)));
    }
    Outcome {
        clock: recounted.clock,
        verdicts: Vec::new(),
        plays: recounted.plays.iter().map(|(name, play)| (play_ref(name), judged(play))).collect(),
        accepted: counts.accepted.clone(),
        verdict_counts: counts.verdicts.clone(),
        status_counts: counts.statuses.clone(),
        totals,
    }
}

fn text(text: &Option<Arc<str>>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}

fn play_ref(name: &PlayName) -> PlayRef {
    let key = match name.identity.key.clone() {
        IdentityKey::Keyed(play_id) => KeyRef::Keyed(play_id.to_string()),
        IdentityKey::Started { track, place, started_at } => {
            KeyRef::Started { track: track.to_string(), place: text(&place), started_at }
        }
        IdentityKey::Window { track, place, opened_at, ordinal } => {
            KeyRef::Window { track: track.to_string(), place: text(&place), opened_at, ordinal }
        }
    };
    PlayRef {
        source: name.identity.source.to_string(),
        user: text(&name.identity.user),
        key,
        incarnation: name.incarnation,
    }
}

fn judged(play: &RecountedPlay) -> JudgedPlay {
    JudgedPlay {
        status: play.status,
        reason: play.reason,
        rules: play.rules,
        listened_ms: play.listened_ms,
        started_at: play.started_at,
        first_received_at: play.first_received_at,
        track: play.track.to_string(),
        tier: text(&play.tier),
        territory: text(&play.territory),
        device: text(&play.device),
        reports: Some(play.reports),
    }
}

#[test]
fn every_table_holds() {
    for case in cases() {
        println!("{}", case.name);
        check(&case, 0, recount);
    }
}

#[test]
fn the_order_of_reports_is_of_no_account() {
    let mut orders = 0;
    for case in cases().iter().filter(|case| case.has_orders()) {
        println!("{}", case.name);
        // Which report got which verdict is the one thing that may differ.
        let all_but_verdicts = |seed| {
            let outcome = check(case, seed, recount);
            Outcome { verdicts: Vec::new(), verdict_counts: BTreeMap::new(), ..outcome }
        };
        let as_written = all_but_verdicts(0);
        for seed in 1..=ORDERS {
            assert_eq!(all_but_verdicts(seed), as_written, "{}, order {seed}", case.name);
            orders += 1;
        }
    }
    assert!(orders > 0, "no table has records that may come in any order");
}

// A table that can't fail checks nothing: each kind of line must be able to.

fn check_table(lines: &str) {
    let report = "report P1 listened_ms=31000 started=12:00 received=12:01";
    for case in Case::parse("canary", &format!("case canary\n{report}\n{lines}")) {
        check(&case, 0, recount);
    }
}

#[test]
fn a_table_can_fail() {
    check_table("report P1 listened_ms=31000 started=12:00 -> duplicate");
    let wrong = [
        "report P1 listened_ms=31000 started=12:00 -> counted",
        "clock -> 12:00",
        "plays -> 2",
        "play L1/P1 -> pending",
        "play L1/P1 -> counted preview",
        "play L1/P1 -> counted rate",
        "play L1/P1 -> counted listened_ms=30000",
        "play L1/P1 -> counted tier=free",
        "play L1/P1 -> absent",
        "play L1/P2 -> counted",
        "play L1/P1 incarnation=2 -> counted",
        "total track=T1 -> 0",
        "accepted hour=12:00 -> 0",
        "verdicts hour=12:00 counted -> 0",
        "statuses hour=12:00 counted -> 0",
        "report P1 listened_ms=31000 tempo=fast",
    ];
    for line in wrong {
        let result = std::panic::catch_unwind(|| check_table(line));
        assert!(result.is_err(), "`{line}` passed");
    }
}
