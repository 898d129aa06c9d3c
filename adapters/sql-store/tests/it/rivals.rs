//! Several at once: workers of different partitions, readers, and calls that are given up.

use ledgerline_app::ports::{CatalogueStore, CatalogueTrack, CommitError, FactStore};
use ledgerline_sql_store::SqlStore;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

use crate::facts_of_one_hour::{after, check, counted};
use crate::patience::given_up_after;

const WORKERS: u16 = 4;
const COMMITS: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_commit_at_once_while_others_read_and_import() {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(SqlStore::open(&folder.path().join("state.db")).await.unwrap());
    let start = store.take_over(WORKERS).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));

    let reader = tokio::spawn({
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        async move {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                check(&store.totals().await.unwrap());
                reads += 1;
            }
            reads
        }
    });
    let importer = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for number in 0..20 {
                let track_id = format!("T{number}");
                let track = CatalogueTrack { track_id, ..CatalogueTrack::default() };
                store.import_tracks(&[track]).await.unwrap();
            }
        }
    });
    let workers: Vec<_> = start
        .into_iter()
        .map(|mut at| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for reports in 1..=COMMITS {
                    let delta = counted(at, reports);
                    store.commit(std::slice::from_ref(&delta)).await.unwrap();
                    at = after(&delta);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    importer.await.unwrap();
    done.store(true, Ordering::Relaxed);
    assert!(reader.await.unwrap() > 0);

    let totals = store.totals().await.unwrap();
    check(&totals);
    for of in totals {
        assert_eq!(of.commit.position.0, COMMITS * (COMMITS + 1) / 2, "{}", of.commit.partition);
    }
    assert_eq!(store.revision().await.unwrap(), 20);
    assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
    store.close().await.unwrap();
}

/// A worker that is stopped at any moment reads back where it is and goes on from there:
/// nothing that was given up comes through afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_given_up_happened_or_not_and_nothing_in_between() {
    let folder = TempDir::new().unwrap();
    let store = SqlStore::open(&folder.path().join("state.db")).await.unwrap();
    store.take_over(2).await.unwrap();
    let mut given_up = 0;
    for round in 0..200_u64 {
        let at = store.committed().await.unwrap();
        let deltas = [counted(at[0], 3), counted(at[1], 4)];
        match given_up_after(1 + round % 12, store.commit(&deltas)).await {
            Some(committed) => committed.expect("the position was read back"),
            None => given_up += 1,
        }
        let now = store.committed().await.unwrap();
        let first = now[0].position == deltas[0].position;
        let second = now[1].position == deltas[1].position;
        assert_eq!(first, second, "both partitions or none");
        assert!(first || now == at, "there is nothing in between");
    }
    assert!(given_up > 0, "some commits must have been given up");
    check(&store.totals().await.unwrap());
    assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
    store.close().await.unwrap();
}

/// Two processes that both believe that they own everything: the later one does.
#[tokio::test]
async fn of_two_processes_the_later_one_owns_the_partitions() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    // Opened from tasks of their own, as a server does that opens several things at once.
    let open = |path: PathBuf| tokio::spawn(async move { SqlStore::open(&path).await.unwrap() });
    let (first, second) = (open(path.clone()).await.unwrap(), open(path).await.unwrap());
    let older = first.take_over(1).await.unwrap()[0];
    first.commit(&[counted(older, 1)]).await.unwrap();
    let newer = second.take_over(1).await.unwrap()[0];
    let late = first.commit(&[counted(first.committed().await.unwrap()[0], 1)]).await;
    assert!(late.is_ok(), "who reads the epoch back knows the new one: {late:?}");
    match first.commit(&[counted(older, 1)]).await {
        Err(CommitError::Fenced { partition }) => assert_eq!(partition, older.partition),
        other => panic!("the older owner should have been fenced: {other:?}"),
    }
    assert_eq!(newer.epoch, older.epoch + 1);
    first.close().await.unwrap();
    second.close().await.unwrap();
}
