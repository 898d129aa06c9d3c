//! Several processes on one database: workers of different partitions, rivals for one, imports, and calls
//! that are given up.

use ledgerline_app::ports::leases::LeaseStore;
use ledgerline_app::ports::{CatalogueStore, CatalogueTrack, CommitError, FactStore};
use ledgerline_sql_store::PostgresStore;
use sqlx::{Connection as _, PgConnection};
use std::sync::Arc;

use super::server::{Server, impatient, open};
use crate::accords::values;
use crate::facts_of_one_hour::{after, check, counted};
use crate::patience::given_up_after;

const WORKERS: u16 = 4;
const COMMITS: u64 = 40;

/// Each worker and each importer is a store of its own, as if it were another machine's.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_commit_and_import_beside_each_other() {
    let Some(server) = Server::shared("beside_each_other") else { return };
    let url = server.ready().await;
    let store = Arc::new(open(&url).await);
    let start = store.take_over(WORKERS).await.unwrap();
    let mut tasks = Vec::new();
    for mut at in start {
        let url = url.clone();
        tasks.push(tokio::spawn(async move {
            let store = open(&url).await;
            for reports in 1..=COMMITS {
                let delta = counted(at, reports);
                store.commit(std::slice::from_ref(&delta)).await.unwrap();
                at = after(&delta);
            }
            store.close().await.unwrap();
        }));
    }
    for importer in 0..2 {
        let url = url.clone();
        tasks.push(tokio::spawn(async move {
            let store = open(&url).await;
            for number in 0..10 {
                let track_id = format!("T{importer}-{number}");
                let track = CatalogueTrack { track_id, ..CatalogueTrack::default() };
                store.import_tracks(&[track]).await.unwrap();
            }
            store.close().await.unwrap();
        }));
    }
    while tasks.iter().any(|task| !task.is_finished()) {
        check(&store.totals().await.unwrap());
    }
    for task in tasks {
        task.await.unwrap();
    }
    let totals = store.totals().await.unwrap();
    check(&totals);
    for of in totals {
        assert_eq!(of.commit.position.0, COMMITS * (COMMITS + 1) / 2, "{}", of.commit.partition);
    }
    assert_eq!(store.revision().await.unwrap(), 20, "no revision was given twice");
    assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
    store.close().await.unwrap();
}

/// Two stores commit from the same position, again and again: one of them, each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_rivals_one_commits() {
    let Some(server) = Server::shared("rivals") else { return };
    let url = server.ready().await;
    let (first, second) = (open(&url).await, open(&url).await);
    let mut at = first.take_over(2).await.unwrap();
    for round in 1..=30 {
        // In different orders: they must not wait for each other in a circle.
        let ours = [counted(at[0], round), counted(at[1], round)];
        let theirs = [counted(at[1], round + 1), counted(at[0], round + 1)];
        let outcomes = tokio::join!(first.commit(&ours), second.commit(&theirs));
        let won = match outcomes {
            (Ok(()), Err(CommitError::Fenced { .. })) => [after(&ours[0]), after(&ours[1])],
            (Err(CommitError::Fenced { .. }), Ok(())) => [after(&theirs[1]), after(&theirs[0])],
            other => panic!("one of two rivals must win: {other:?}"),
        };
        at = first.committed().await.unwrap();
        assert_eq!(at, won);
        assert_eq!(second.committed().await.unwrap(), won);
    }
    check(&first.totals().await.unwrap());
}

/// A worker that is stopped at any moment reads back where it is and goes on from there:
/// nothing that was given up comes through afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_given_up_happened_or_not_and_nothing_in_between() {
    let Some(server) = Server::shared("given_up") else { return };
    let store = server.store().await;
    store.take_over(2).await.unwrap();
    let (mut given_up, mut happened) = (0, 0);
    for round in 0..120_u64 {
        let at = store.committed().await.unwrap();
        let deltas = [counted(at[0], 3), counted(at[1], 4)];
        // Another writing call: the one that is given up then has a connection to begin with.
        store.told(0).await.unwrap();
        match given_up_after(1 + round * 7 % 200, store.commit(&deltas)).await {
            Some(committed) => committed.expect("the position was read back"),
            None => given_up += 1,
        }
        let now = store.committed().await.unwrap();
        let first = now[0].position == deltas[0].position;
        let second = now[1].position == deltas[1].position;
        assert_eq!(first, second, "both partitions or none");
        assert!(first || now == at, "there is nothing in between");
        happened += u64::from(first);
    }
    assert!(given_up > 0 && happened > 0, "{given_up} given up, {happened} happened");
    check(&store.totals().await.unwrap());
    assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
    store.close().await.unwrap();
}

/// Nodes that start at the same moment with different keys: one is agreed on, and all see which.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_nodes_that_start_at_once_all_see_what_one_said() {
    let Some(server) = Server::shared("agree_at_once") else { return };
    let url = server.ready().await;
    let mut starting = Vec::new();
    for number in 0..8 {
        let url = url.clone();
        starting.push(tokio::spawn(async move {
            let store = open(&url).await;
            let agreed = store.agree(&values(&format!("key={number}"))).await.unwrap();
            store.close().await.unwrap();
            agreed
        }));
    }
    let mut seen = Vec::new();
    for start in starting {
        seen.push(start.await.unwrap());
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].len(), 1, "{seen:?}");
}

/// A process that was stopped in the midst of a commit holds its partition's row; a node that starts doesn't wait.
#[tokio::test]
async fn a_node_starts_beside_a_commit_that_stands_still() {
    let Some(server) = Server::shared("starts_beside") else { return };
    let url = server.ready().await;
    let store = PostgresStore::open(&url, impatient()).await.unwrap();
    store.prepare(WORKERS).await.unwrap();
    let mut stopped = PgConnection::connect(&url).await.unwrap();
    for statement in ["BEGIN", "UPDATE partition_commits SET position = position"] {
        sqlx::query(statement).execute(&mut stopped).await.unwrap();
    }
    store.prepare(WORKERS).await.unwrap();
    // Those that are missing are made all the same, once it is over.
    sqlx::query("ROLLBACK").execute(&mut stopped).await.unwrap();
    store.prepare(WORKERS + 1).await.unwrap();
    assert_eq!(store.committed().await.unwrap().len(), usize::from(WORKERS) + 1);
    store.close().await.unwrap();
}
