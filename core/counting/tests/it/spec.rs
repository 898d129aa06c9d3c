//! The tables of the counting rules, run through the real partition: with its index in
//! memory, sealed after every few records, and built again from a snapshot in between.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test may fail, and its logs are short"
)]

#[path = "../../../../recount/tests/fixture/mod.rs"]
mod fixture;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fixture::check::{JudgedPlay, Outcome, check};
use fixture::{By, Case, KeyRef, PlayRef, Record};
use ledgerline_counting::index::{Homes, IndexEntry};
use ledgerline_counting::tally::{Days, Dimension, Tally};
use ledgerline_counting::{Delta, Memory, Partition};
use ledgerline_ids::{DayNo, DeviceId, HashKey, IdentityHash, Position, Territory, Tier, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayKey, PlayRecord};

use crate::sealed::{Runs, sealed_in_runs};

/// How many orders of its records a case is run with, besides that of the table.
const ORDERS: u64 = 20;

/// A plays log and sealed runs, in memory.
#[derive(Default)]
struct InMemory {
    plays: Vec<Vec<u8>>,
    runs: Runs,
}

sealed_in_runs!(InMemory);

impl Memory for InMemory {
    fn find_sealed(
        &mut self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, String> {
        Ok(self.runs.find(hash, homes, strays, clock))
    }

    fn read_play(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), String> {
        out.clear();
        out.extend_from_slice(&self.plays[address.0 as usize]);
        Ok(())
    }

    fn undecodable(&self, address: PlayAddress) -> String {
        format!("record {} can't be decoded", address.0)
    }

    fn append_play(&mut self, play: &PlayRecord<'_>) -> PlayAddress {
        let mut bytes = Vec::new();
        play.encode(&mut bytes);
        assert_eq!(
            PlayRecord::decode(&bytes).as_ref(),
            Ok(play),
            "a record reads as it was written"
        );
        self.plays.push(bytes);
        PlayAddress(self.plays.len() as u64 - 1)
    }
}

/// What is done to the partition between records.
#[derive(Clone, Copy)]
enum Between {
    Nothing,
    /// The index is sealed after every so many records.
    Seal(usize),
    /// The same, and the partition is built again from the snapshot.
    Restart(usize),
}

fn key() -> HashKey {
    HashKey::new(*b"a key for tables")
}

fn count(records: &[Record], between: Between) -> Outcome {
    let mut memory = InMemory::default();
    let mut partition = Partition::new(key());
    let mut delta = Delta::default();
    let mut verdicts = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let position = Position(index as u64);
        let verdict =
            partition.apply(position, record.received_at, &record.log_record(), &mut memory);
        verdicts.push(verdict.unwrap());
        partition.finish_batch(&mut memory).unwrap();
        add(&mut delta, partition.take_delta());
        let every = match between {
            Between::Nothing => usize::MAX,
            Between::Seal(every) | Between::Restart(every) => every,
        };
        if (index + 1) % every == 0 {
            let state = partition.state();
            memory.runs.seal(&partition.freeze());
            partition.sealed();
            if matches!(between, Between::Restart(_)) {
                partition = Partition::restore(key(), &state);
            }
        }
    }
    outcome(&memory, &partition, delta, verdicts)
}

fn add(sum: &mut Delta, delta: Delta) {
    for (hour, reports) in delta.accepted {
        *sum.accepted.entry(hour).or_default() += reports;
    }
    for (key, reports) in delta.verdicts {
        *sum.verdicts.entry(key).or_default() += reports;
    }
    for (key, plays) in delta.statuses {
        *sum.statuses.entry(key).or_default() += plays;
    }
    for (day, plays) in delta.counted {
        *sum.counted.entry(day).or_default() += plays;
    }
}

fn outcome(
    memory: &InMemory,
    partition: &Partition,
    delta: Delta,
    verdicts: Vec<Option<ledgerline_records::verdict::Verdict>>,
) -> Outcome {
    let positive = |sum: i64| u64::try_from(sum).expect("no sum is negative");
    let mut plays = BTreeMap::new();
    let mut names = BTreeMap::<PlayAddress, PlayRef>::new();
    let mut incarnations = BTreeMap::<(String, Option<String>, KeyRef), u32>::new();
    for (address, bytes) in memory.plays.iter().enumerate() {
        let play = PlayRecord::decode(bytes).unwrap();
        let name = match play.previous {
            Some(previous) => names[&previous].clone(),
            None => {
                let source = play.identity.source.as_str().to_owned();
                let user = play.identity.user.map(|user| user.as_str().to_owned());
                let key = key_ref(play.identity.key);
                let of =
                    incarnations.entry((source.clone(), user.clone(), key.clone())).or_default();
                *of += 1;
                PlayRef { source, user, key, incarnation: *of }
            }
        };
        names.insert(PlayAddress(address as u64), name.clone());
        plays.insert(name, judged(&play));
    }
    let mut totals = BTreeMap::new();
    for (by, dimension) in [
        (By::Track, Dimension::Track),
        (By::User, Dimension::User),
        (By::Territory, Dimension::Territory),
        (By::Tier, Dimension::Tier),
        (By::Day, Dimension::Day),
    ] {
        let mut tally = Tally::new(dimension, Days::default());
        for bytes in &memory.plays {
            tally.add(&PlayRecord::decode(bytes).unwrap());
        }
        totals.extend(tally.rows().map(|(value, counted)| ((by, value), positive(counted))));
        if by == By::Day {
            let by_delta = delta.counted.iter().filter(|(_, counted)| **counted != 0);
            let by_delta: Vec<_> =
                by_delta.map(|(day, counted)| (day.to_string(), *counted)).collect();
            assert_eq!(by_delta, tally.rows().collect::<Vec<_>>(), "deltas and tally agree");
        }
    }
    Outcome {
        clock: partition.clock(),
        verdicts,
        plays,
        accepted: delta.accepted.into_iter().map(|(hour, sum)| (hour, positive(sum))).collect(),
        verdict_counts: delta.verdicts.into_iter().map(|(key, sum)| (key, positive(sum))).collect(),
        status_counts: delta.statuses.into_iter().map(|(key, sum)| (key, positive(sum))).collect(),
        totals,
    }
}

fn key_ref(key: PlayKey<'_>) -> KeyRef {
    match key {
        PlayKey::Keyed(play_id) => KeyRef::Keyed(play_id.as_str().to_owned()),
        PlayKey::Started { track, place, started_at } => KeyRef::Started {
            track: track.as_str().to_owned(),
            place: place.map(str::to_owned),
            started_at,
        },
        PlayKey::Window { track, place, opened_at, ordinal } => KeyRef::Window {
            track: track.as_str().to_owned(),
            place: place.map(str::to_owned),
            opened_at,
            ordinal,
        },
    }
}

fn judged(play: &PlayRecord<'_>) -> JudgedPlay {
    JudgedPlay {
        status: play.to,
        reason: play.reason,
        rules: play.rules,
        listened_ms: play.listened_ms,
        started_at: play.started_at,
        first_received_at: play.first_received_at,
        track: play.track.as_str().to_owned(),
        tier: play.tier.map(Tier::as_str).map(str::to_owned),
        territory: play.territory.map(Territory::as_str).map(str::to_owned),
        device: play.device.map(DeviceId::as_str).map(str::to_owned),
        reports: None,
    }
}

fn cases() -> Vec<Case> {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec");
    let cases = Case::read_folder(&tables);
    assert!(!cases.is_empty(), "no tables in {}", tables.display());
    cases
}

#[test]
fn every_table_holds() {
    for case in cases() {
        println!("{}", case.name);
        check(&case, 0, |records| count(records, Between::Nothing));
    }
}

#[test]
fn sealing_changes_nothing() {
    for case in cases() {
        println!("{}", case.name);
        for every in [1, 2, 7] {
            check(&case, 0, |records| count(records, Between::Seal(every)));
        }
    }
}

#[test]
fn a_restart_changes_nothing() {
    for case in cases() {
        println!("{}", case.name);
        for every in [1, 3] {
            check(&case, 0, |records| count(records, Between::Restart(every)));
        }
    }
}

#[test]
fn the_order_of_reports_is_of_no_account() {
    let mut orders = 0;
    for case in cases().iter().filter(|case| case.has_orders()) {
        println!("{}", case.name);
        for seed in 1..=ORDERS {
            check(case, seed, |records| count(records, Between::Seal(3)));
            orders += 1;
        }
    }
    assert!(orders > 0, "some case has an order to change");
}
