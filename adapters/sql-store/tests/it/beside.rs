//! Reading beside a process that writes.

use ledgerline_app::ports::{CredentialStore, FactStore};
use ledgerline_ids::UnixMs;
use ledgerline_sql_store::SqlStore;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

use crate::durability::fill;
use crate::facts_of_one_hour::{check, counted};

/// Set for the process that reads: the file, and the position that it must find.
const FILE: &str = "LEDGERLINE_TEST_READ_BESIDE";
const POSITION: &str = "LEDGERLINE_TEST_POSITION";

#[tokio::test]
async fn another_process_sees_every_commit() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = SqlStore::open(&path).await.unwrap();
    let mut at = store.take_over(1).await.unwrap()[0];
    for _ in 0..3 {
        store.commit(&[counted(at, 5)]).await.unwrap();
        at = store.committed().await.unwrap()[0];
        read_in_another_process(&path, at.position.0);
    }
    // Its coming and going took no lock away and changed nothing.
    store.commit(&[counted(at, 5)]).await.unwrap();
    store.close().await.unwrap();
    read_in_another_process(&path, 20);
}

/// The other process; in an ordinary run of the tests it has nothing to do.
#[tokio::test]
async fn read_beside() {
    let (Ok(path), Ok(position)) = (std::env::var(FILE), std::env::var(POSITION)) else { return };
    let store = SqlStore::open_read_only(Path::new(&path)).await.unwrap();
    let totals = store.totals().await.unwrap();
    check(&totals);
    assert_eq!(totals[0].commit.position.to_string(), position);
    assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_reader_follows_the_writer_and_can_write_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let writer = SqlStore::open(&path).await.unwrap();
    fill(&writer).await;
    let reader = SqlStore::open_read_only(&path).await.unwrap();
    for _ in 0..3 {
        let at = writer.committed().await.unwrap();
        assert_eq!(reader.committed().await.unwrap(), at);
        writer.commit(&[counted(at[1], 5)]).await.unwrap();
        assert_eq!(reader.totals().await.unwrap(), writer.totals().await.unwrap());
    }
    let error = reader.take_over(2).await.unwrap_err();
    assert!(error.detail.contains("reading only"), "{error}");
    let error = reader.revoke("key_a", UnixMs::EPOCH).await.unwrap_err();
    assert!(error.detail.contains("reading only"), "{error}");
    check(&reader.totals().await.unwrap());
    // A reader that is there but doesn't read leaves nothing in the write-ahead log.
    writer.close().await.unwrap();
    assert_eq!(std::fs::metadata(folder.path().join("state.db-wal")).unwrap().len(), 0);
    check(&reader.totals().await.unwrap());
    reader.close().await.unwrap();
}

/// What a killed process left in the write-ahead log is read too.
#[tokio::test]
async fn a_reader_alone_sees_what_a_killed_writer_left() {
    let folder = TempDir::new().unwrap();
    let writer = SqlStore::open(&folder.path().join("state.db")).await.unwrap();
    fill(&writer).await;
    let copy = TempDir::new().unwrap();
    for name in ["state.db", "state.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let reader = SqlStore::open_read_only(&copy.path().join("state.db")).await.unwrap();
    assert_eq!(reader.totals().await.unwrap(), writer.totals().await.unwrap());
}

fn read_in_another_process(path: &Path, position: u64) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "beside::read_beside", "--nocapture"])
        .env(FILE, path)
        .env(POSITION, position.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "the other process must have read: {said}");
}
