//! Random logs, judged by the partition and recounted by the independent code.
//!
//! Each seed makes one log of a partition: reports of trusted producers, of players and of
//! backfills, retries, late and early ones, facts, decisions, rulings and ticks. The
//! partition judges it three times: straight through; with its index and books sealed, runs
//! merged and frames ended at random; and with crashes, after which it begins again from its last
//! snapshot. All three must agree with each other on every record of the plays log, and with
//! the recount on every verdict, play and sum. A log on which they don't is made smaller
//! before it is printed.
//!
//! `DIFFERENTIAL_SEEDS=from..until` runs others than the default.

#![allow(clippy::cast_possible_truncation, reason = "numbers of a test are small")]

mod judging;
mod log;
mod memory;
mod smaller;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ledgerline_counting::identity::own_identity;
use ledgerline_counting::index::{Homes, IndexEntry};
use ledgerline_counting::tally::{Days, Dimension, Tally};
use ledgerline_counting::{Delta, Memory, Partition, PartitionState, Unsealed};
use ledgerline_ids::{
    ContextPart, DayNo, DeviceId, HashKey, IdentityHash, PlayId, Position, SessionId, SourceName,
    Territory, Tier, TrackId, UnixMs, UserId,
};
use ledgerline_records::LogRecord;
use ledgerline_records::control::{Adjudicated, DeviceFact, FraudRuling, Tick, TrackFact};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::report::{Context, GrantCheck, Producer, ReportRecord, TrackStamp};
use ledgerline_records::verdict::{Decision, Ruling, Verdict};
use ledgerline_recount::{
    Claimed, Counts, PartitionRecount, Recounted, check_conservation, compare,
};

use judging::*;
use log::*;
use smaller::*;

const SEEDS: std::ops::Range<u64> = 0..400;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// 2026-03-01T12:00:00Z.
const NOON: u64 = 1_772_366_400_000;
fn recount(items: &[Item]) -> (Vec<Option<Verdict>>, Recounted) {
    let is_tick = |item: &Item| matches!(LogRecord::decode(&item.bytes), Ok(LogRecord::Tick(_)));
    let last_tick = items.iter().rposition(is_tick).map(|at| Position(at as u64));
    let mut recount = PartitionRecount::new(last_tick);
    let mut verdicts = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let record = LogRecord::decode(&item.bytes).unwrap();
        verdicts.push(recount.record(Position(index as u64), item.frame_at, &record));
    }
    (verdicts, recount.finish())
}

fn claimed(judged: &Judged) -> Claimed {
    let positive = |sum: i64| u64::try_from(sum).expect("no sum is negative");
    let delta = &judged.delta;
    let mut counts = Counts::default();
    counts.accepted.extend(delta.accepted.iter().map(|(hour, sum)| (*hour, positive(*sum))));
    counts.verdicts.extend(delta.verdicts.iter().map(|(key, sum)| (*key, positive(*sum))));
    counts.statuses.extend(
        delta
            .statuses
            .iter()
            .filter(|(_, sum)| **sum != 0)
            .map(|(key, sum)| (*key, positive(*sum))),
    );
    let counted = &mut counts.counted;
    let by_day = delta.counted.iter().filter(|(_, sum)| **sum != 0);
    counted.by_day.extend(by_day.map(|(day, sum)| (day.to_string(), positive(*sum))));
    for (dimension, tallied) in [
        (Dimension::Track, &mut counted.by_track),
        (Dimension::User, &mut counted.by_user),
        (Dimension::Territory, &mut counted.by_territory),
        (Dimension::Tier, &mut counted.by_tier),
    ] {
        let mut tally = Tally::new(dimension, Days::default());
        for bytes in &judged.plays {
            tally.add(&PlayRecord::decode(bytes).unwrap());
        }
        tallied.extend(tally.rows().map(|(value, sum)| (value, positive(sum))));
    }
    let mut claimed = Claimed::new(counts);
    for bytes in &judged.plays {
        claimed.take(&PlayRecord::decode(bytes).unwrap());
    }
    claimed
}

/// What is wrong with what was made of a log; `None` where everything agrees.
fn wrong_with(items: &[Item]) -> Option<String> {
    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| differences(items)));
    match tried {
        Ok(found) => found,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Some(format!("panic: {}", text.unwrap_or_default()))
        }
    }
}

fn differences(items: &[Item]) -> Option<String> {
    let straight = judge(items, How::Straight);
    let (verdicts, recounted) = recount(items);
    if let Some(at) = (0..items.len()).find(|at| verdicts[*at] != straight.verdicts[*at]) {
        return Some(format!(
            "verdict at {at}: {:?}, recount says {:?}",
            straight.verdicts[at], verdicts[at]
        ));
    }
    if straight.clock != recounted.clock {
        return Some(format!("clock {}, recount says {}", straight.clock, recounted.clock));
    }
    let claimed = claimed(&straight);
    if let Some(difference) = compare(&recounted, &claimed).first() {
        return Some(difference.to_string());
    }
    let plays = claimed.plays.len() as u64;
    if let Some(imbalance) = check_conservation(&claimed.counts, plays).first() {
        return Some(imbalance.to_string());
    }
    for how in [How::Sealed, How::Crashing] {
        let other = judge(items, how);
        if other.verdicts != straight.verdicts {
            return Some(format!("{how:?}: verdicts differ"));
        }
        if other.delta != straight.delta {
            return Some(format!("{how:?}: sums differ"));
        }
        let records = straight.plays.len().max(other.plays.len());
        if let Some(at) = (0..records).find(|at| straight.plays.get(*at) != other.plays.get(*at)) {
            let show = |judged: &Judged| {
                let bytes = judged.plays.get(at).cloned();
                bytes.map(|bytes| format!("{:?}", PlayRecord::decode(&bytes).unwrap()))
            };
            return Some(format!(
                "{how:?}: record {at} of the plays log is\n  {:?}\nand straight through\n  {:?}",
                show(&other),
                show(&straight)
            ));
        }
    }
    None
}

#[test]
fn judging_and_recounting_agree() {
    let seeds = match std::env::var("DIFFERENTIAL_SEEDS") {
        Ok(range) => {
            let (from, until) = range.split_once("..").expect("`DIFFERENTIAL_SEEDS=0..1000`");
            from.parse().expect("a number")..until.parse().expect("a number")
        }
        Err(_) => SEEDS,
    };
    std::panic::set_hook(Box::new(|_| {}));
    let mut failures = String::new();
    let mut kinds = BTreeMap::<String, (u64, u64)>::new();
    let mut records = 0;
    for seed in seeds {
        let items = make(seed);
        records += items.len();
        let Some(first) = wrong_with(&items) else { continue };
        let kind: String =
            first.chars().filter(|c| c.is_alphabetic() || *c == ' ').take(40).collect();
        let seen = kinds.entry(kind).or_insert((0, seed));
        seen.0 += 1;
        if seen.0 > 1 || failures.len() > 100_000 {
            continue;
        }
        let items = smaller(items);
        let why = wrong_with(&items).unwrap_or(first);
        let _ = write!(failures, "\nseed {seed}: {why}\n{}", shown(&items));
    }
    let _ = std::panic::take_hook();
    println!("{records} records; {kinds:#?}");
    assert!(failures.is_empty(), "{failures}");
}
