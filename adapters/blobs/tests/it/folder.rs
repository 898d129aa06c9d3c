//! Blobs in a folder.

use ledgerline_app::ports::conformance::blobs;
use ledgerline_app::ports::{BlobError, BlobName, BlobStore, Put};
use ledgerline_blobs::FolderBlobs;
use std::fs;

#[tokio::test]
async fn a_folder_conforms() {
    let root = tempfile::tempdir().unwrap();
    let next = std::cell::Cell::new(0);
    blobs::every_case(async || {
        next.set(next.get() + 1);
        FolderBlobs::open(&root.path().join(next.get().to_string())).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn blobs_are_files_and_stay_readable_when_they_are_deleted() {
    use std::os::unix::fs::FileExt as _;

    let root = tempfile::tempdir().unwrap();
    let store = FolderBlobs::open(root.path()).await.unwrap();
    let reading = FolderBlobs::open_reading(root.path()).unwrap();
    let name = BlobName::new("day=1/a.b-c_d").unwrap();
    store.put(&name, b"0123456789".to_vec()).await.unwrap();
    let opened = reading.open_file(&name).await.unwrap().expect("it is a file here");
    store.delete(&name).await.unwrap();
    assert!(store.open_file(&name).await.unwrap().is_none());
    let mut part = [0; 4];
    opened.file.read_exact_at(&mut part, 3).unwrap();
    assert_eq!((opened.bytes, &part), (10, b"3456"));
}

#[tokio::test]
async fn two_processes_share_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let one = FolderBlobs::open(root.path()).await.unwrap();
    let other = FolderBlobs::open(root.path()).await.unwrap();
    let name = BlobName::new("a/b").unwrap();
    assert_eq!(one.put(&name, b"1".to_vec()).await.unwrap(), Put::Created);
    assert_eq!(other.put(&name, b"1".to_vec()).await.unwrap(), Put::Same);
    assert_eq!(other.put(&name, b"2".to_vec()).await.unwrap(), Put::Other);
    assert_eq!(other.get(&name).await.unwrap(), Some(b"1".to_vec()));
}

#[tokio::test]
async fn what_a_crash_left_is_no_blob() {
    let root = tempfile::tempdir().unwrap();
    let store = FolderBlobs::open(root.path()).await.unwrap();
    fs::create_dir(root.path().join("a")).unwrap();
    for left in ["a/b#1", "a/B", "a/.x"] {
        fs::write(root.path().join(left), b"half").unwrap();
    }
    assert_eq!(store.list(None, None, 10).await.unwrap().blobs, []);
    let name = BlobName::new("a/b").unwrap();
    assert_eq!(store.put(&name, b"whole".to_vec()).await.unwrap(), Put::Created);
    assert_eq!(store.get(&name).await.unwrap(), Some(b"whole".to_vec()));
}

#[tokio::test]
async fn only_the_owner_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;

    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("x/blobs");
    FolderBlobs::open(&folder).await.unwrap();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_name_that_is_a_folder_is_refused_for_good() {
    let root = tempfile::tempdir().unwrap();
    let store = FolderBlobs::open(root.path()).await.unwrap();
    store.put(&BlobName::new("a/b").unwrap(), b"1".to_vec()).await.unwrap();
    let under = store.put(&BlobName::new("a/b/c").unwrap(), b"1".to_vec()).await;
    let under = under.expect_err("a blob is no folder");
    assert!(matches!(under, BlobError::Refused { .. }) && !under.may_pass(), "{under}");
}
