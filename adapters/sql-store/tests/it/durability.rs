//! What is in the files, under which mode, and what is there after opening them again.

use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::{
    CatalogueStore, CatalogueTrack, CommitError, Credential, CredentialStore, FactStore,
    NewCredential, Scope, Untold,
};
use ledgerline_ids::UnixMs;
use ledgerline_sql_store::SqlStore;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

use crate::facts_of_one_hour::{check, counted};

/// Everything that a store holds.
#[derive(Debug, PartialEq)]
struct Contents {
    totals: Vec<PartitionTotals>,
    credentials: Vec<Credential>,
    tracks: Vec<CatalogueTrack>,
    revision: u64,
    devices: Vec<String>,
    untold: Vec<Untold>,
}

/// Writes something into every table.
pub async fn fill<S: FactStore + CredentialStore + CatalogueStore>(store: &S) {
    let start = store.take_over(2).await.unwrap();
    store.commit(&[counted(start[0], 5), counted(start[1], 7)]).await.unwrap();
    let credential = NewCredential {
        id: "key_a".to_owned(),
        secret_hash: [7; 32],
        scopes: vec![Scope::ReportsWrite, Scope::CountsRead],
        source: "main".to_owned(),
        user_prefix: None,
        reports_per_second: Some(10),
        created_at: UnixMs::new(1_772_368_496_789).unwrap(),
    };
    store.add(credential).await.unwrap();
    let tracks: Vec<_> = (0..300)
        .map(|number| CatalogueTrack {
            track_id: format!("T{number:03}"),
            duration_ms: Some(180_000 + number),
            title: format!("Title {number}"),
            artists: vec!["One".to_owned(), "Two".to_owned()],
            isrc: None,
        })
        .collect();
    store.import_tracks(&tracks).await.unwrap();
    store.list_devices(&["bot".to_owned()], true).await.unwrap();
}

async fn contents(store: &SqlStore) -> Contents {
    let untold = store.untold(u32::MAX).await.unwrap();
    assert_eq!(untold.len(), 301, "nobody told them");
    Contents {
        totals: store.totals().await.unwrap(),
        credentials: store.list().await.unwrap(),
        tracks: store.tracks_after("", u32::MAX).await.unwrap(),
        revision: store.revision().await.unwrap(),
        devices: store.listed_devices().await.unwrap(),
        untold,
    }
}

#[tokio::test]
async fn opening_again_finds_everything() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = SqlStore::open(&path).await.unwrap();
    fill(&store).await;
    let before = contents(&store).await;
    check(&before.totals);
    store.close().await.unwrap();

    let store = SqlStore::open(&path).await.unwrap();
    assert_eq!(contents(&store).await, before);
    assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
    let next = store.take_over(2).await.unwrap();
    assert_eq!(next[0].epoch, 2);
    store.commit(&[counted(next[0], 1)]).await.unwrap();
    check(&store.totals().await.unwrap());
}

/// A killed process closes nothing: the files are copied as they lie on the disk.
#[tokio::test]
async fn what_was_committed_is_in_the_files_before_closing() {
    let folder = TempDir::new().unwrap();
    let store = SqlStore::open(&folder.path().join("state.db")).await.unwrap();
    fill(&store).await;
    let copy = TempDir::new().unwrap();
    for name in ["state.db", "state.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let copied = SqlStore::open(&copy.path().join("state.db")).await.unwrap();
    assert_eq!(contents(&copied).await, contents(&store).await);
    assert_eq!(copied.verify().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn closing_leaves_everything_in_the_one_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = SqlStore::open(&path).await.unwrap();
    fill(&store).await;
    let before = contents(&store).await;
    assert!(names(folder.path()).contains(&"state.db-wal".to_owned()));
    store.close().await.unwrap();
    assert_eq!(names(folder.path()), ["state.db"]);

    store.close().await.expect("closing twice does nothing");
    let start = before.totals[0].commit;
    match store.commit(&[counted(start, 1)]).await {
        Err(CommitError::Store(error)) => assert!(error.detail.contains("closed"), "{error}"),
        other => panic!("a closed store can't commit: {other:?}"),
    }
    store.totals().await.expect_err("a closed store can't be read");

    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    assert_eq!(contents(&SqlStore::open(&copy).await.unwrap()).await, before);
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    for loosened in [false, true] {
        if loosened {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o664)).unwrap();
        }
        let store = SqlStore::open(&path).await.unwrap();
        store.take_over(1).await.unwrap();
        let names = names(folder.path());
        assert_eq!(names, ["state.db", "state.db-shm", "state.db-wal"]);
        for name in names {
            let mode = std::fs::metadata(folder.path().join(&name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_missing_folder_or_file_is_named() {
    let folder = TempDir::new().unwrap();
    let nowhere = folder.path().join("nowhere").join("state.db");
    for error in [
        SqlStore::open(&nowhere).await.unwrap_err(),
        SqlStore::open_read_only(&folder.path().join("state.db")).await.unwrap_err(),
    ] {
        assert!(error.detail.contains("state.db"), "{error}");
    }
    assert_eq!(names(folder.path()), Vec::<String>::new(), "a reader creates nothing");
}

/// Fewer partitions than there were would leave counts out without a word.
#[tokio::test]
async fn refuses_to_take_over_only_some_of_the_partitions() {
    let folder = TempDir::new().unwrap();
    let store = SqlStore::open(&folder.path().join("state.db")).await.unwrap();
    let taken = store.take_over(4).await.unwrap();
    let error = store.take_over(3).await.unwrap_err();
    assert!(error.detail.contains("4 partitions, not 3"), "{error}");
    assert_eq!(store.committed().await.unwrap(), taken, "no epoch was raised");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
