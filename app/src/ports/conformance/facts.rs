//! The suite of [`FactStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::{DayNo, HourNo, PartitionId, Position};
use ledgerline_records::verdict::{Status, Verdict};
use std::collections::BTreeMap;

use super::counted_by;
use crate::ports::facts::{PartitionTotals, RecentTotals};
use crate::ports::{CommitError, FactStore, PartitionCommit, PartitionDelta};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: FactStore>(fresh: impl AsyncFn() -> S) {
    takes_over_and_raises_epochs(&fresh().await).await;
    fences_the_older_owner(&fresh().await).await;
    commits_once_from_one_position(&fresh().await).await;
    one_of_two_rivals_wins(&fresh().await).await;
    commits_all_partitions_or_none(&fresh().await).await;
    knows_no_partition_that_was_not_taken_over(&fresh().await).await;
    adds_up_what_was_committed(&fresh().await).await;
    takes_back_what_a_negative_delta_says(&fresh().await).await;
    moves_on_without_counts(&fresh().await).await;
    keeps_a_large_delta_whole(&fresh().await).await;
    counted_by::every_case(&fresh).await;
}

/// Missing partitions are created at the beginning; known ones keep their place.
pub async fn takes_over_and_raises_epochs(store: &dyn FactStore) {
    assert_eq!(store.committed().await.expect("reads"), [], "nothing was taken over yet");
    let first = store.take_over(2).await.expect("takes over");
    assert_eq!(first, [commit_at(0, 1, 0, 0), commit_at(1, 1, 0, 0)]);
    store.commit(&[counted(first[1], 3)]).await.expect("commits");

    let second = store.take_over(3).await.expect("takes over again");
    assert_eq!(second, [commit_at(0, 2, 0, 0), commit_at(1, 2, 3, 300), commit_at(2, 1, 0, 0)]);
    assert_eq!(store.committed().await.expect("reads"), second);
    let commits: Vec<_> = totals(store).await.iter().map(|totals| totals.commit).collect();
    assert_eq!(commits, second);
    sound(store).await;
}

/// Who had the partition before can't commit any more; the new owner can.
pub async fn fences_the_older_owner(store: &dyn FactStore) {
    let older = store.take_over(1).await.expect("takes over");
    let newer = store.take_over(1).await.expect("takes over again");
    fenced(store.commit(&[counted(older[0], 5)]).await, 0);
    assert_eq!(store.committed().await.expect("reads"), newer);

    store.commit(&[counted(newer[0], 5)]).await.expect("the new owner commits");
    fenced(store.commit(&[counted(moved(older[0], 5), 5)]).await, 0);
    assert_eq!(totals(store).await[0].accepted, BTreeMap::from([(HOUR, 5)]));
    sound(store).await;
}

/// The same commit a second time is fenced off and adds nothing.
pub async fn commits_once_from_one_position(store: &dyn FactStore) {
    let start = store.take_over(1).await.expect("takes over");
    let delta = counted(start[0], 4);
    store.commit(std::slice::from_ref(&delta)).await.expect("commits");
    let after = totals(store).await;

    fenced(store.commit(&[delta]).await, 0);
    let mut ahead = counted(start[0], 1);
    ahead.expected = Position(9);
    ahead.position = Position(10);
    fenced(store.commit(&[ahead]).await, 0);
    assert_eq!(totals(store).await, after, "a fenced commit changes nothing");
    sound(store).await;
}

/// Of two commits from one position at the same time exactly one happens.
pub async fn one_of_two_rivals_wins(store: &dyn FactStore) {
    let start = store.take_over(1).await.expect("takes over");
    let (three, four) = ([counted(start[0], 3)], [counted(start[0], 4)]);
    let (first, second) = tokio::join!(store.commit(&three), store.commit(&four));
    let winner = match (first, second) {
        (Ok(()), lost @ Err(_)) => {
            fenced(lost, 0);
            3
        }
        (lost @ Err(_), Ok(())) => {
            fenced(lost, 0);
            4
        }
        other => panic!("one of two rivals must win: {other:?}"),
    };
    assert_eq!(store.committed().await.expect("reads"), [moved(start[0], winner)]);
    sound(store).await;
}

/// One partition that is fenced off keeps the others back.
pub async fn commits_all_partitions_or_none(store: &dyn FactStore) {
    let start = store.take_over(3).await.expect("takes over");
    let before = totals(store).await;
    let mut stale = counted(start[1], 2);
    stale.epoch += 1;
    fenced(store.commit(&[counted(start[0], 1), stale, counted(start[2], 3)]).await, 1);
    assert_eq!(totals(store).await, before);

    let all = [counted(start[2], 3), counted(start[0], 1), counted(start[1], 2)];
    store.commit(&all).await.expect("commits");
    let after = totals(store).await;
    for (index, reports) in [(0, 1), (1, 2), (2, 3)] {
        assert_eq!(after[index], totals_of(moved(start[index], reports), reports), "{index}");
    }
    sound(store).await;
}

/// A partition must be taken over before it can be committed to.
pub async fn knows_no_partition_that_was_not_taken_over(store: &dyn FactStore) {
    fenced(store.commit(&[counted(commit_at(0, 1, 0, 0), 1)]).await, 0);
    let start = store.take_over(1).await.expect("takes over");
    let unknown = counted(commit_at(1, 1, 0, 0), 1);
    fenced(store.commit(&[counted(start[0], 1), unknown]).await, 1);
    assert_eq!(store.committed().await.expect("reads"), start);
    sound(store).await;
}

/// The totals are the sums, by every key, of every partition for itself.
pub async fn adds_up_what_was_committed(store: &dyn FactStore) {
    let start = store.take_over(2).await.expect("takes over");
    let mut at = start.clone();
    let mut expected: Vec<_> = start.iter().map(|commit| totals_of(*commit, 0)).collect();
    for round in 1..=6_u32 {
        let mut deltas = Vec::new();
        for (index, commit) in at.iter_mut().enumerate() {
            let hour = HourNo(HOUR.0 + round % 3);
            let day = DayNo(DAY.0 + round % 2);
            let (some, more) = (i64::from(round), i64::from(round) * 10);
            let mut delta = moving(*commit, u64::from(round) * 11);
            delta.accepted = BTreeMap::from([(hour, some + more)]);
            delta.verdicts = BTreeMap::from([
                ((hour, Verdict::Counted), some),
                ((hour, Verdict::Duplicate), more),
            ]);
            delta.statuses =
                BTreeMap::from([((hour, Status::Counted), some), ((hour, Status::Pending), more)]);
            delta.counted = BTreeMap::from([(day, some)]);
            *commit = moved(*commit, u64::from(round) * 11);
            add(&mut expected[index], &delta);
            deltas.push(delta);
        }
        store.commit(&deltas).await.expect("commits");
    }
    assert_eq!(totals(store).await, expected);
    sound(store).await;
}

/// Plays leave a status as they enter one. A sum that is back at zero is not listed.
pub async fn takes_back_what_a_negative_delta_says(store: &dyn FactStore) {
    let start = store.take_over(1).await.expect("takes over");
    let first = counted(start[0], 5);
    store.commit(std::slice::from_ref(&first)).await.expect("commits");

    let at = moved(start[0], 5);
    let mut held = moving(at, 1);
    held.statuses = BTreeMap::from([((HOUR, Status::Counted), -2), ((HOUR, Status::Held), 2)]);
    held.counted = BTreeMap::from([(DAY, -2)]);
    store.commit(std::slice::from_ref(&held)).await.expect("commits");
    let mut expected = totals_of(start[0], 0);
    add(&mut expected, &first);
    add(&mut expected, &held);
    assert_eq!(totals(store).await, [expected.clone()]);
    sound(store).await;

    let mut excluded = moving(moved(at, 1), 1);
    excluded.statuses = BTreeMap::from([
        ((HOUR, Status::Counted), -3),
        ((HOUR, Status::Held), -2),
        ((HOUR, Status::Excluded), 5),
    ]);
    excluded.counted = BTreeMap::from([(DAY, -3), (DayNo(DAY.0 + 1), 0)]);
    store.commit(std::slice::from_ref(&excluded)).await.expect("commits");
    add(&mut expected, &excluded);
    assert_eq!(expected.statuses, BTreeMap::from([((HOUR, Status::Excluded), 5)]));
    assert_eq!(expected.counted, BTreeMap::new());
    assert_eq!(totals(store).await, [expected]);
    sound(store).await;
}

/// No deltas are no commit; a delta without counts moves the position alone.
pub async fn moves_on_without_counts(store: &dyn FactStore) {
    let start = store.take_over(2).await.expect("takes over");
    store.commit(&[]).await.expect("nothing to do is no error");
    assert_eq!(store.committed().await.expect("reads"), start);

    store.commit(&[moving(start[1], 7)]).await.expect("commits");
    assert_eq!(store.committed().await.expect("reads"), [start[0], moved(start[1], 7)]);
    // The plays log alone may grow too.
    let mut in_place = moving(moved(start[1], 7), 0);
    in_place.plays_bytes = 1_000_000_000_000;
    store.commit(&[in_place]).await.expect("commits");
    let committed = store.committed().await.expect("reads");
    assert_eq!(committed[1], commit_at(1, 1, 7, 1_000_000_000_000));
    assert_eq!(totals(store).await[1], totals_of(committed[1], 0));
    sound(store).await;
}

/// Every word, and more hours and days than fit into any one statement.
pub async fn keeps_a_large_delta_whole(store: &dyn FactStore) {
    let start = store.take_over(1).await.expect("takes over");
    let mut delta = moving(start[0], 1_000_000_000);
    for hour in (0..1003).map(|offset| HourNo(HOUR.0 + offset)) {
        for (number, verdict) in (1_i64..).zip(Verdict::ALL) {
            delta.verdicts.insert((hour, *verdict), number);
            *delta.accepted.entry(hour).or_default() += number;
        }
        for (number, status) in (1_i64..).zip(Status::ALL) {
            delta.statuses.insert((hour, *status), number);
            if *status == Status::Counted {
                delta.counted.insert(DayNo(hour.0), number);
            }
        }
    }
    store.commit(std::slice::from_ref(&delta)).await.expect("commits");
    let mut expected = totals_of(moved(start[0], 1_000_000_000), 0);
    add(&mut expected, &delta);
    expected.commit.plays_bytes = delta.plays_bytes;
    assert_eq!(totals(store).await, [expected]);
    sound(store).await;
}

const HOUR: HourNo = HourNo(492_324);
const DAY: DayNo = DayNo(20_513);

fn commit_at(partition: u16, epoch: u64, position: u64, plays_bytes: u64) -> PartitionCommit {
    let (partition, position) = (PartitionId(partition), Position(position));
    PartitionCommit { partition, epoch, position, plays_bytes }
}

/// Where `commit` is after `records` more.
pub(super) fn moved(commit: PartitionCommit, records: u64) -> PartitionCommit {
    PartitionCommit {
        position: commit.position.plus(records),
        plays_bytes: commit.plays_bytes + records * 100,
        ..commit
    }
}

/// A delta from `commit` on over `records` records, without counts.
pub(super) fn moving(commit: PartitionCommit, records: u64) -> PartitionDelta {
    let after = moved(commit, records);
    PartitionDelta {
        partition: commit.partition,
        epoch: commit.epoch,
        expected: commit.position,
        position: after.position,
        plays_bytes: after.plays_bytes,
        accepted: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        statuses: BTreeMap::new(),
        counted: BTreeMap::new(),
        counted_by: None,
    }
}

/// A delta from `commit` on over `reports` reports that all count.
pub(super) fn counted(commit: PartitionCommit, reports: u64) -> PartitionDelta {
    let number = i64::try_from(reports).expect("a small number");
    PartitionDelta {
        accepted: BTreeMap::from([(HOUR, number)]),
        verdicts: BTreeMap::from([((HOUR, Verdict::Counted), number)]),
        statuses: BTreeMap::from([((HOUR, Status::Counted), number)]),
        counted: BTreeMap::from([(DAY, number)]),
        ..moving(commit, reports)
    }
}

/// The totals at `commit` where nothing but `reports` that all count was committed.
fn totals_of(commit: PartitionCommit, reports: u64) -> PartitionTotals {
    let mut totals = PartitionTotals {
        commit,
        accepted: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        statuses: BTreeMap::new(),
        counted: BTreeMap::new(),
    };
    if reports > 0 {
        add(&mut totals, &counted(commit, reports));
        totals.commit = commit;
    }
    totals
}

/// Adds a delta in the plainest way there is.
fn add(totals: &mut PartitionTotals, delta: &PartitionDelta) {
    fn sum<K: Ord + Copy>(totals: &mut BTreeMap<K, i64>, delta: &BTreeMap<K, i64>) {
        for (key, number) in delta {
            *totals.entry(*key).or_insert(0) += number;
        }
        totals.retain(|_, number| *number != 0);
    }
    totals.commit.position = delta.position;
    totals.commit.plays_bytes = delta.plays_bytes;
    sum(&mut totals.accepted, &delta.accepted);
    sum(&mut totals.verdicts, &delta.verdicts);
    sum(&mut totals.statuses, &delta.statuses);
    sum(&mut totals.counted, &delta.counted);
}

async fn totals(store: &dyn FactStore) -> Vec<PartitionTotals> {
    let totals = store.totals().await.expect("reads the totals");
    for hours_max in [1, 2, 1_000] {
        let recent = store.recent_totals(hours_max).await.expect("reads the newest");
        assert_eq!(recent, RecentTotals::of(&totals, hours_max), "of {hours_max} hours");
    }
    totals
}

pub(super) async fn sound(store: &dyn FactStore) {
    assert_eq!(store.verify().await.expect("verifies"), Vec::<String>::new());
}

#[track_caller]
pub(super) fn fenced(outcome: Result<(), CommitError>, by: u16) {
    match outcome {
        Err(CommitError::Fenced { partition }) => assert_eq!(partition, PartitionId(by)),
        other => panic!("{} should have been fenced: {other:?}", PartitionId(by)),
    }
}
