//! The part of the suite of [`FactStore`] that is about what the store counts by.

use ledgerline_counting::tally::{Days, Dimension};
use ledgerline_ids::{DayNo, PartitionId, Position};
use std::collections::BTreeMap;

use super::facts::{counted, fenced, moved, moving, sound};
use crate::ports::counted_deltas::{CountedDeltas, CountedKey, StoredCounts};
use crate::ports::{CommitError, FactStore, PartitionCommit, PartitionDelta};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: FactStore>(fresh: &impl AsyncFn() -> S) {
    has_nothing_at_first(&fresh().await).await;
    counts_by_every_dimension(&fresh().await).await;
    rolls_each_row_up_once(&fresh().await).await;
    goes_with_its_commit_or_not_at_all(&fresh().await).await;
    covers_positions_of_its_own(&fresh().await).await;
    keeps_many_rows_whole(&fresh().await).await;
}

/// A place without deltas, and no counts; and of listeners never any.
pub async fn has_nothing_at_first(store: &dyn FactStore) {
    let start = store.take_over(2).await.expect("takes over");
    store.commit(&[counted(start[0], 3)]).await.expect("commits");
    assert_eq!(up_to(store, 0).await, Position(0), "what a commit doesn't have isn't there");
    assert_eq!(by(store, Dimension::Track).await, BTreeMap::new());
    assert_eq!(store.roll_up(10).await.expect("rolls up"), 0);
    assert!(store.counted_by(Dimension::User, Days::default()).await.is_err());
    sound(store).await;
}

/// Rows of two partitions, which add up wherever they stand.
pub async fn counts_by_every_dimension(store: &dyn FactStore) {
    let start = store.take_over(2).await.expect("takes over");
    let first = with(start[0], 5, &[(("t1", "DE", "premium", 1), 3), (("t2", "", "", 2), 2)]);
    let second = with(start[1], 6, &[(("t1", "DE", "free", 1), 4), (("t1", "FR", "free", 3), 2)]);
    store.commit(&[first, second]).await.expect("commits");
    for _ in 0..2 {
        let expected: &[(Dimension, &[(&str, i64)])] = &[
            (Dimension::Track, &[("t1", 9), ("t2", 2)]),
            (Dimension::Territory, &[("", 2), ("DE", 7), ("FR", 2)]),
            (Dimension::Tier, &[("", 2), ("free", 6), ("premium", 3)]),
            (Dimension::Day, &[("2026-03-01", 7), ("2026-03-02", 2), ("2026-03-03", 2)]),
        ];
        for (dimension, expected) in expected {
            assert_eq!(by(store, *dimension).await, counts(expected), "by {dimension:?}");
        }
        let days = Days { from: Some(day(2)), to: Some(day(3)) };
        let stored = store.counted_by(Dimension::Track, days).await.expect("reads");
        let up_to = vec![(PartitionId(0), Position(5)), (PartitionId(1), Position(6))];
        assert_eq!(stored, StoredCounts { up_to, counted: counts(&[("t2", 2)]) });
        // The same once it is rolled up.
        store.roll_up(100).await.expect("rolls up");
    }
    sound(store).await;
}

/// However often and in however small parts, beside what commits insert.
pub async fn rolls_each_row_up_once(store: &dyn FactStore) {
    let start = store.take_over(1).await.expect("takes over");
    let plays = [(("t1", "", "", 1), 5), (("t2", "", "", 1), 1), (("t3", "", "", 2), 1)];
    store.commit(&[with(start[0], 7, &plays)]).await.expect("commits");
    assert!((1..=2).contains(&store.roll_up(2).await.expect("rolls up")));
    let less = [(("t1", "", "", 1), -5), (("t3", "", "", 2), 1)];
    store.commit(&[after(moved(start[0], 7), 7, 3, &less)]).await.expect("commits");
    let expected = counts(&[("t2", 1), ("t3", 2)]);
    assert_eq!(by(store, Dimension::Track).await, expected);
    while store.roll_up(1).await.expect("rolls up") == 1 {
        assert_eq!(by(store, Dimension::Track).await, expected);
    }
    assert_eq!(by(store, Dimension::Track).await, expected);
    sound(store).await;
}

/// A commit that is fenced off inserts nothing, and one whose deltas begin elsewhere commits nothing.
pub async fn goes_with_its_commit_or_not_at_all(store: &dyn FactStore) {
    let older = store.take_over(1).await.expect("takes over");
    let newer = store.take_over(1).await.expect("takes over again");
    let plays = [(("t1", "", "", 1), 4)];
    fenced(store.commit(&[with(older[0], 4, &plays)]).await, 0);
    assert_eq!(up_to(store, 0).await, Position(0));

    let delta = with(newer[0], 4, &plays);
    store.commit(std::slice::from_ref(&delta)).await.expect("commits");
    fenced(store.commit(&[delta]).await, 0);
    let there = moved(newer[0], 4);
    for expected in [0, 3, 5] {
        fenced(store.commit(&[after(there, expected, 2, &plays)]).await, 0);
    }
    assert_eq!(store.committed().await.expect("reads"), [there]);
    assert_eq!(up_to(store, 0).await, Position(4));
    assert_eq!(by(store, Dimension::Track).await, counts(&[("t1", 4)]));

    // Beyond what is committed there is nothing to count.
    let mut beyond = after(there, 4, 2, &plays);
    if let Some(counted) = &mut beyond.counted_by {
        counted.position = Position(9);
    }
    let refused = store.commit(&[beyond]).await;
    assert!(matches!(refused, Err(CommitError::Store(_))), "{refused:?}");
    assert_eq!(store.committed().await.expect("reads"), [there]);
    sound(store).await;
}

/// Of several commits, ended by one of them; or by one that moves nothing else.
pub async fn covers_positions_of_its_own(store: &dyn FactStore) {
    let start = store.take_over(1).await.expect("takes over");
    store.commit(&[counted(start[0], 2)]).await.expect("commits");
    store.commit(&[counted(moved(start[0], 2), 2)]).await.expect("commits");
    let there = moved(start[0], 4);
    let mut late = moving(there, 0);
    late.counted_by = Some(CountedDeltas {
        expected: Position(0),
        position: Position(3),
        rows: rows(&[(("t1", "", "", 1), 3)]),
    });
    store.commit(&[late]).await.expect("commits");
    assert_eq!(store.committed().await.expect("reads"), [there]);
    assert_eq!(up_to(store, 0).await, Position(3));
    assert_eq!(by(store, Dimension::Track).await, counts(&[("t1", 3)]));
    // Nothing may have changed in so many records.
    let mut nothing = moving(there, 0);
    nothing.counted_by =
        Some(CountedDeltas { expected: Position(3), position: Position(4), rows: rows(&[]) });
    store.commit(&[nothing]).await.expect("commits");
    assert_eq!(up_to(store, 0).await, Position(4));
}

/// More than fit into any one statement, strange texts among them.
pub async fn keeps_many_rows_whole(store: &dyn FactStore) {
    let start = store.take_over(1).await.expect("takes over");
    let names: Vec<String> = (0..1_500).map(|number| format!("it's \"{number}\" ☺")).collect();
    let plays: Vec<_> = names.iter().map(|name| ((name.as_str(), "DE", "", 1), 2)).collect();
    store.commit(&[with(start[0], 3_000, &plays)]).await.expect("commits");
    let expected: BTreeMap<String, i64> = names.iter().map(|name| (name.clone(), 2)).collect();
    assert_eq!(by(store, Dimension::Track).await, expected);
    let mut parts = 0;
    while store.roll_up(20).await.expect("rolls up") > 0 {
        assert_eq!(by(store, Dimension::Track).await, expected);
        parts += 1;
    }
    assert!(parts > 1, "all of it went at once");
}

/// The 1st of March 2026, or a later day of that month.
fn day(of_march: u32) -> DayNo {
    DayNo(20_512 + of_march)
}

type Row<'t> = ((&'t str, &'t str, &'t str, u32), i64);

fn rows(plays: &[Row<'_>]) -> BTreeMap<CountedKey, i64> {
    let key = |(track, territory, tier, of_march): (&str, &str, &str, u32)| CountedKey {
        day: day(of_march),
        track: track.into(),
        territory: territory.into(),
        tier: tier.into(),
    };
    plays.iter().map(|(it, plays)| (key(*it), *plays)).collect()
}

/// A delta from the beginning on, by which these plays count.
fn with(commit: PartitionCommit, records: u64, plays: &[Row<'_>]) -> PartitionDelta {
    after(commit, 0, records, plays)
}

/// The same, where the store has what counts up to `expected`.
fn after(
    commit: PartitionCommit,
    expected: u64,
    records: u64,
    plays: &[Row<'_>],
) -> PartitionDelta {
    let mut delta = moving(commit, records);
    for ((_, _, _, of_march), plays) in plays {
        *delta.counted.entry(day(*of_march)).or_default() += plays;
        let hour = (day(*of_march).start().hour(), ledgerline_records::verdict::Status::Counted);
        *delta.statuses.entry(hour).or_default() += plays;
    }
    let position = delta.position;
    delta.counted_by =
        Some(CountedDeltas { expected: Position(expected), position, rows: rows(plays) });
    delta
}

fn counts(expected: &[(&str, i64)]) -> BTreeMap<String, i64> {
    expected.iter().map(|(value, plays)| ((*value).to_owned(), *plays)).collect()
}

async fn by(store: &dyn FactStore, by: Dimension) -> BTreeMap<String, i64> {
    store.counted_by(by, Days::default()).await.expect("reads").counted
}

async fn up_to(store: &dyn FactStore, partition: u16) -> Position {
    store.counted_position(PartitionId(partition)).await.expect("reads")
}
