//! The suite of [`LeaseStore`], which is also a [`FactStore`]. Every case wants a store that nothing
//! was written to.

use ledgerline_ids::{PartitionId, Position};
use std::collections::BTreeMap;

use crate::ports::leases::{Held, LeaseStore, NodeId, Standing};
use crate::ports::{CommitError, FactStore, PartitionCommit, PartitionDelta};

/// A store whose clock can be set.
pub struct Clocked<S> {
    /// The store.
    pub store: S,
    /// Has the store's clock be so many milliseconds off from what it would be; each call says anew how
    /// many. It may go on by itself besides: no case depends on less than a minute.
    pub set_off: Box<dyn Fn(i64)>,
}

/// Runs every case, each on a store of its own.
pub async fn every_case<S: FactStore + LeaseStore>(fresh: impl AsyncFn() -> Clocked<S>) {
    makes_what_is_missing_and_no_more(&fresh().await).await;
    gives_a_free_partition_to_one_of_two_rivals(&fresh().await).await;
    refuses_a_lease_that_is_not_over(&fresh().await).await;
    gives_on_what_is_over_and_fences_who_had_it(&fresh().await).await;
    renews_for_as_long_again(&fresh().await).await;
    renews_what_is_over_and_nobody_took(&fresh().await).await;
    renews_by_epoch_and_by_node(&fresh().await).await;
    frees_at_once_what_is_released(&fresh().await).await;
    gives_a_node_its_own_lease_again(&fresh().await).await;
    knows_who_is_there(&fresh().await).await;
    frees_everything_of_a_node_that_leaves(&fresh().await).await;
    revives_nothing_when_the_clock_goes_back(&fresh().await).await;
    keeps_nothing_alive_when_the_clock_goes_far_back(&fresh().await).await;
    ends_leases_that_somebody_took_over(&fresh().await).await;
}

/// Missing partitions are made; others keep their place, and none is forgotten.
pub async fn makes_what_is_missing_and_no_more<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    assert_eq!(
        standing(store).await,
        Standing { nodes: vec![], leases: vec![], warm: BTreeMap::new() }
    );
    store.prepare(2).await.expect("makes them");
    assert_eq!(commits(store).await, [commit_at(0, 1, 0), commit_at(1, 1, 0)]);
    let own = acquired(store, 1, "a").await;
    store.commit(&[moving(own, 7)]).await.expect("the owner commits");
    store.prepare(3).await.expect("makes the third");
    assert_eq!(commits(store).await, [commit_at(0, 1, 0), commit_at(1, 2, 7), commit_at(2, 1, 0)]);
    assert_eq!(owners(store).await, [None, Some("a".to_owned()), None]);
    store.prepare(2).await.expect_err("the third would be forgotten");
    assert_eq!(store.committed().await.expect("reads"), commits(store).await);
    assert_eq!(store.acquire(PartitionId(9), &node("a"), LONG_MS).await.expect("reads"), None);
    sound(store).await;
}

/// Two nodes want the same partition at the same time.
pub async fn gives_a_free_partition_to_one_of_two_rivals<S: FactStore + LeaseStore>(
    clocked: &Clocked<S>,
) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    let (a, b) = (node("a"), node("b"));
    let (first, second) =
        tokio::join!(store.acquire(P0, &a, LONG_MS), store.acquire(P0, &b, LONG_MS));
    let (first, second) = (first.expect("answers"), second.expect("answers"));
    let winner = match (first, second) {
        (Some(commit), None) => ("a", commit),
        (None, Some(commit)) => ("b", commit),
        other => panic!("one of two rivals must win: {other:?}"),
    };
    assert_eq!(winner.1, commit_at(0, 2, 0));
    assert_eq!(owners(store).await, [Some(winner.0.to_owned())]);
    store.commit(&[moving(winner.1, 3)]).await.expect("the winner commits");
    sound(store).await;
}

/// As long as a lease isn't over, nobody else gets the partition; the next one is another's.
pub async fn refuses_a_lease_that_is_not_over<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    store.prepare(2).await.expect("makes them");
    let own = acquired(store, 0, "a").await;
    (clocked.set_off)(HALF_MS);
    assert_eq!(store.acquire(P0, &node("b"), LONG_MS).await.expect("answers"), None);
    assert_eq!(acquired(store, 1, "b").await, commit_at(1, 2, 0));
    store.commit(&[moving(own, 4)]).await.expect("whoever was refused changed nothing");
    assert_eq!(owners(store).await, [Some("a".to_owned()), Some("b".to_owned())]);
    sound(store).await;
}

/// Whoever gets a lease that is over has the partition alone, at the place where it is committed.
pub async fn gives_on_what_is_over_and_fences_who_had_it<S: FactStore + LeaseStore>(
    clocked: &Clocked<S>,
) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    let old = acquired(store, 0, "a").await;
    store.commit(&[moving(old, 5)]).await.expect("commits");
    (clocked.set_off)(LONG_MS_SIGNED);
    assert_eq!(owners(store).await, [None], "it is over");
    let last = moved(old, 5);
    store.commit(&[moving(last, 1)]).await.expect("nobody has it: its last owner may commit");

    let new = acquired(store, 0, "b").await;
    assert_eq!(new, commit_at(0, 3, 6), "at what was committed last");
    fenced(&store.commit(&[moving(moved(last, 1), 1)]).await);
    fenced(&store.commit(&[moving(old, 1)]).await);
    let standing = beat(store, "a", &[held(old)]).await;
    assert_eq!(owners_of(&standing), [Some("b".to_owned())], "nothing of a was renewed");
    assert!(!store.release(&node("a"), held(old)).await.expect("answers"));
    assert_eq!(owners(store).await, [Some("b".to_owned())]);
    store.commit(&[moving(new, 2)]).await.expect("the new owner commits");
    sound(store).await;
}

/// A beat has a lease last from then on, and says all there is to know.
pub async fn renews_for_as_long_again<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    store.prepare(2).await.expect("makes them");
    let own = acquired(store, 0, "a").await;
    for half in 1..=4 {
        (clocked.set_off)(half * HALF_MS);
        let standing = beat(store, "a", &[held(own)]).await;
        assert_eq!(standing.nodes, [node("a")]);
        assert_eq!(owners_of(&standing), [Some("a".to_owned()), None]);
        assert_eq!(standing.leases[0].commit, own);
        assert_eq!(store.acquire(P0, &node("b"), LONG_MS).await.expect("answers"), None);
    }
    store.commit(&[moving(own, 2)]).await.expect("renewing changes no epoch");
    // A beat without leases renews none.
    (clocked.set_off)(5 * HALF_MS);
    beat(store, "a", &[]).await;
    (clocked.set_off)(6 * HALF_MS);
    assert_eq!(owners(store).await, [None, None]);
    sound(store).await;
}

/// Nobody was waiting: there is no reason to begin anew.
pub async fn renews_what_is_over_and_nobody_took<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    let own = acquired(store, 0, "a").await;
    (clocked.set_off)(3 * LONG_MS_SIGNED);
    assert_eq!(owners(store).await, [None]);
    let standing = beat(store, "a", &[held(own)]).await;
    assert_eq!(owners_of(&standing), [Some("a".to_owned())]);
    assert_eq!(store.acquire(P0, &node("b"), LONG_MS).await.expect("answers"), None);
    store.commit(&[moving(own, 2)]).await.expect("it is the same lease");
    sound(store).await;
}

/// A lease of another node, or of another epoch, isn't renewed, and nothing else is touched.
pub async fn renews_by_epoch_and_by_node<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    store.prepare(3).await.expect("makes them");
    let (first, second) = (acquired(store, 0, "a").await, acquired(store, 1, "a").await);
    let newer = acquired(store, 0, "a").await;
    (clocked.set_off)(HALF_MS);
    beat(store, "b", &[held(newer), held(second)]).await;
    let unknown = Held { partition: PartitionId(2), epoch: 1 };
    beat(store, "a", &[held(first), held(second), unknown]).await;
    (clocked.set_off)(HALF_MS + HALF_MS);
    let standing = beat(store, "c", &[]).await;
    assert_eq!(owners_of(&standing), [None, Some("a".to_owned()), None]);
    sound(store).await;
}

/// Who gives a lease back doesn't make anybody wait.
pub async fn frees_at_once_what_is_released<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    let own = acquired(store, 0, "a").await;
    store.commit(&[moving(own, 9)]).await.expect("commits");
    assert!(!store.release(&node("b"), held(own)).await.expect("answers"), "it isn't b's");
    let stale = Held { epoch: own.epoch - 1, ..held(own) };
    assert!(!store.release(&node("a"), stale).await.expect("answers"), "it isn't that lease");
    assert_eq!(owners(store).await, [Some("a".to_owned())]);
    assert!(store.release(&node("a"), held(own)).await.expect("answers"));
    assert!(!store.release(&node("a"), held(own)).await.expect("answers"), "it was before");
    assert_eq!(owners(store).await, [None]);
    let standing = beat(store, "a", &[held(own)]).await;
    assert_eq!(owners_of(&standing), [None], "what was given back isn't renewed");
    assert_eq!(acquired(store, 0, "b").await, commit_at(0, 3, 9));
    fenced(&store.commit(&[moving(moved(own, 9), 1)]).await);
    sound(store).await;
}

/// Whoever doesn't know what became of an attempt tries again; the last epoch holds.
pub async fn gives_a_node_its_own_lease_again<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    let first = acquired(store, 0, "a").await;
    let second = acquired(store, 0, "a").await;
    assert_eq!(second, commit_at(0, 3, 0));
    fenced(&store.commit(&[moving(first, 1)]).await);
    store.commit(&[moving(second, 1)]).await.expect("commits");
    sound(store).await;
}

/// Nodes are there for as long as they said, and beats are of one node each.
pub async fn knows_who_is_there<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    let nodes = |standing: &Standing| {
        standing.nodes.iter().map(|node| node.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(nodes(&beat(store, "b", &[]).await), ["b"]);
    (clocked.set_off)(HALF_MS);
    assert_eq!(nodes(&beat(store, "a/1.x-y_z", &[]).await), ["a/1.x-y_z", "b"], "sorted");
    (clocked.set_off)(HALF_MS + HALF_MS);
    assert_eq!(nodes(&standing(store).await), ["a/1.x-y_z"], "b is over");
    assert_eq!(nodes(&beat(store, "b", &[]).await), ["a/1.x-y_z", "b"]);
    // What it keeps warm is what it said last.
    let warm = |standing: &Standing| -> Vec<(String, Vec<u16>)> {
        let warm = standing.warm.iter();
        warm.map(|(node, of)| (node.as_str().to_owned(), of.iter().map(|it| it.0).collect()))
            .collect()
    };
    assert_eq!(
        warm(&warm_beat(store, "b", &[], &[0, 1, 2, 7]).await),
        [("b".to_owned(), vec![0, 1, 2, 7])]
    );
    assert_eq!(warm(&standing(store).await), [("b".to_owned(), vec![0, 1, 2, 7])]);
    assert_eq!(warm(&warm_beat(store, "b", &[], &[3]).await), [("b".to_owned(), vec![3])]);
    assert_eq!(warm(&beat(store, "b", &[]).await), []);
    // Getting a lease says nothing of who is there.
    acquired(store, 0, "c").await;
    assert_eq!(nodes(&standing(store).await), ["a/1.x-y_z", "b"]);
    sound(store).await;
}

/// A node that ends in order leaves nothing behind.
pub async fn frees_everything_of_a_node_that_leaves<S: FactStore + LeaseStore>(
    clocked: &Clocked<S>,
) {
    let store = &clocked.store;
    store.prepare(3).await.expect("makes them");
    store.leave(&node("a")).await.expect("it never was there");
    beat(store, "a", &[]).await;
    beat(store, "b", &[]).await;
    for (partition, name) in [(0, "a"), (1, "b"), (2, "a")] {
        acquired(store, partition, name).await;
    }
    store.leave(&node("a")).await.expect("leaves");
    let standing = standing(store).await;
    assert_eq!(standing.nodes, [node("b")]);
    assert_eq!(owners_of(&standing), [None, Some("b".to_owned()), None]);
    acquired(store, 0, "b").await;
    sound(store).await;
}

/// What somebody else got meanwhile stays with them, whatever the clock says then.
pub async fn revives_nothing_when_the_clock_goes_back<S: FactStore + LeaseStore>(
    clocked: &Clocked<S>,
) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    let old = acquired(store, 0, "a").await;
    (clocked.set_off)(LONG_MS_SIGNED + HALF_MS);
    let new = acquired(store, 0, "b").await;
    // By this clock a's lease would not be over.
    (clocked.set_off)(LONG_MS_SIGNED - HALF_MS / 2);
    let standing = beat(store, "a", &[held(old)]).await;
    assert_eq!(owners_of(&standing), [Some("b".to_owned())]);
    assert_eq!(store.acquire(P0, &node("a"), LONG_MS).await.expect("answers"), None);
    fenced(&store.commit(&[moving(old, 1)]).await);
    store.commit(&[moving(new, 1)]).await.expect("commits");
    sound(store).await;
}

/// A node that died doesn't keep its partition until a clock is back where it was.
pub async fn keeps_nothing_alive_when_the_clock_goes_far_back<S: FactStore + LeaseStore>(
    clocked: &Clocked<S>,
) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    beat(store, "a", &[]).await;
    acquired(store, 0, "a").await;
    (clocked.set_off)(-HALF_MS);
    assert_eq!(store.acquire(P0, &node("b"), LONG_MS).await.expect("answers"), None);
    (clocked.set_off)(-2 * LONG_MS_SIGNED);
    let standing = standing(store).await;
    assert_eq!((standing.nodes.len(), owners_of(&standing)), (0, vec![None]));
    acquired(store, 0, "b").await;
    sound(store).await;
}

/// Who takes all partitions over asks no lease.
pub async fn ends_leases_that_somebody_took_over<S: FactStore + LeaseStore>(clocked: &Clocked<S>) {
    let store = &clocked.store;
    store.prepare(1).await.expect("makes it");
    let old = acquired(store, 0, "a").await;
    let taken = store.take_over(1).await.expect("takes over");
    assert_eq!(taken, [commit_at(0, 3, 0)]);
    let standing = beat(store, "a", &[held(old)]).await;
    assert_eq!(owners_of(&standing), [None]);
    fenced(&store.commit(&[moving(old, 1)]).await);
    store.commit(&[moving(taken[0], 1)]).await.expect("commits");
    assert_eq!(acquired(store, 0, "b").await, commit_at(0, 4, 1));
    sound(store).await;
}

const P0: PartitionId = PartitionId(0);
/// How long leases and beats last here.
const LONG_MS: u64 = 3_600_000;
const LONG_MS_SIGNED: i64 = 3_600_000;
/// Rather more than half of that: twice this is over, once isn't.
const HALF_MS: i64 = 1_920_000;

fn node(name: &str) -> NodeId {
    NodeId::new(name).expect("a name of a node")
}

fn held(commit: PartitionCommit) -> Held {
    Held { partition: commit.partition, epoch: commit.epoch }
}

fn commit_at(partition: u16, epoch: u64, position: u64) -> PartitionCommit {
    let (partition, plays_bytes) = (PartitionId(partition), position * 100);
    PartitionCommit { partition, epoch, position: Position(position), plays_bytes }
}

/// Where `commit` is after `records` more.
fn moved(commit: PartitionCommit, records: u64) -> PartitionCommit {
    commit_at(commit.partition.0, commit.epoch, commit.position.0 + records)
}

/// A delta from `commit` on over `records` records, without counts.
fn moving(commit: PartitionCommit, records: u64) -> PartitionDelta {
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

async fn acquired(store: &dyn LeaseStore, partition: u16, name: &str) -> PartitionCommit {
    let got = store.acquire(PartitionId(partition), &node(name), LONG_MS).await;
    got.expect("answers").expect("it is to be had")
}

async fn beat(store: &dyn LeaseStore, name: &str, held: &[Held]) -> Standing {
    warm_beat(store, name, held, &[]).await
}

async fn warm_beat(store: &dyn LeaseStore, name: &str, held: &[Held], warm: &[u16]) -> Standing {
    let warm = warm.iter().copied().map(PartitionId).collect();
    store.beat(&node(name), held, &warm, LONG_MS).await.expect("beats")
}

async fn standing(store: &dyn LeaseStore) -> Standing {
    store.standing().await.expect("reads")
}

async fn commits(store: &dyn LeaseStore) -> Vec<PartitionCommit> {
    standing(store).await.leases.iter().map(|lease| lease.commit).collect()
}

async fn owners(store: &dyn LeaseStore) -> Vec<Option<String>> {
    owners_of(&standing(store).await)
}

fn owners_of(standing: &Standing) -> Vec<Option<String>> {
    let owner = |owner: &Option<NodeId>| owner.as_ref().map(|node| node.as_str().to_owned());
    standing.leases.iter().map(|lease| owner(&lease.owner)).collect()
}

async fn sound(store: &dyn FactStore) {
    assert_eq!(store.verify().await.expect("verifies"), Vec::<String>::new());
}

#[track_caller]
fn fenced(outcome: &Result<(), CommitError>) {
    assert!(
        matches!(outcome, Err(CommitError::Fenced { partition: P0 })),
        "it should have been fenced: {outcome:?}"
    );
}
