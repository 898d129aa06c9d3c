//! The suite of [`BlobStore`]. Every case wants a store that nothing was put into.

use crate::ports::blobs::{
    BLOB_BYTES_MAX, BLOB_PAGE_MAX, BlobError, BlobName, BlobPage, BlobStore, Put, list_all,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: BlobStore>(fresh: impl AsyncFn() -> S) {
    reads_what_was_put(&fresh().await).await;
    puts_only_where_nothing_is(&fresh().await).await;
    lets_one_of_many_rivals_win(&fresh().await).await;
    reads_parts(&fresh().await).await;
    opens_files_that_have_the_same_bytes(&fresh().await).await;
    lists_in_order_and_by_pages(&fresh().await).await;
    lists_folders_and_not_beginnings(&fresh().await).await;
    deletes(&fresh().await).await;
    refuses_what_is_too_large(&fresh().await).await;
}

fn name(name: &str) -> BlobName {
    BlobName::new(name).expect("a name")
}

async fn put<S: BlobStore>(store: &S, at: &str, bytes: &[u8]) -> Put {
    store.put(&name(at), bytes.to_vec()).await.expect("puts")
}

async fn get<S: BlobStore>(store: &S, at: &str) -> Option<Vec<u8>> {
    store.get(&name(at)).await.expect("reads")
}

async fn page<S: BlobStore>(
    store: &S,
    folder: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> (Vec<(String, u64)>, bool) {
    let (folder, after) = (folder.map(name), after.map(name));
    let BlobPage { blobs, more } =
        store.list(folder.as_ref(), after.as_ref(), limit).await.expect("lists");
    (blobs.into_iter().map(|blob| (blob.name.to_string(), blob.bytes)).collect(), more)
}

fn listed(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
    rows.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect()
}

/// Bytes come back as they were, none and many; what nobody put isn't there.
pub async fn reads_what_was_put<S: BlobStore>(store: &S) {
    let many: Vec<u8> = (0..3_000_000u32).flat_map(|number| number.to_le_bytes()).collect();
    assert_eq!(get(store, "a/b").await, None);
    for (at, bytes) in [
        ("a/b", &b"one"[..]),
        ("a/none", b""),
        ("day=2026-11-27/x_1.y-z", b"\0\xff"),
        ("many", &many),
    ] {
        assert_eq!(put(store, at, bytes).await, Put::Created, "{at}");
        assert!(get(store, at).await.as_deref() == Some(bytes), "{at} has other bytes");
    }
    assert_eq!(get(store, "a/c").await, None);
    assert_eq!(get(store, "a").await, None, "a folder is no blob");
}

/// What is there stays, and whoever comes second is told what is there.
pub async fn puts_only_where_nothing_is<S: BlobStore>(store: &S) {
    assert_eq!(put(store, "a/b", b"one").await, Put::Created);
    assert_eq!(put(store, "a/b", b"one").await, Put::Same);
    for other in [&b"two"[..], b"on", b"one more", b""] {
        assert_eq!(put(store, "a/b", other).await, Put::Other);
    }
    assert_eq!(get(store, "a/b").await.as_deref(), Some(&b"one"[..]));
    assert_eq!(put(store, "a/none", b"").await, Put::Created);
    assert_eq!(put(store, "a/none", b"").await, Put::Same);
    assert_eq!(put(store, "a/none", b"1").await, Put::Other);
}

/// Of those who put the same name at the same time exactly one creates it.
pub async fn lets_one_of_many_rivals_win<S: BlobStore>(store: &S) {
    for round in 0..8 {
        let at = format!("rivals/{round}");
        let [a, b, c, d] = [b"a", b"b", b"c", b"d"].map(|bytes| put(store, &at, bytes));
        let (a, b, c, d) = tokio::join!(a, b, c, d);
        let winners: Vec<_> = [("a", a), ("b", b), ("c", c), ("d", d)]
            .into_iter()
            .filter(|(_, put)| *put == Put::Created)
            .map(|(bytes, _)| bytes.as_bytes().to_vec())
            .collect();
        assert_eq!(winners.len(), 1, "{at}: {winners:?}");
        assert_eq!(get(store, &at).await, winners.first().cloned());
    }
}

/// Parts end at the end, wherever they begin.
pub async fn reads_parts<S: BlobStore>(store: &S) {
    put(store, "a/b", b"0123456789").await;
    put(store, "a/none", b"").await;
    for (at, offset, length, expected) in [
        ("a/b", 0, 10, Some(&b"0123456789"[..])),
        ("a/b", 2, 3, Some(b"234")),
        ("a/b", 8, 100, Some(b"89")),
        ("a/b", 10, 1, Some(b"")),
        ("a/b", 99, 1, Some(b"")),
        ("a/b", 3, 0, Some(b"")),
        ("a/none", 0, 5, Some(b"")),
        ("a/c", 0, 5, None),
        ("a/c", 0, 0, None),
    ] {
        let part = store.get_range(&name(at), offset, length).await.expect("reads");
        assert_eq!(part.as_deref(), expected, "{at} from {offset}, {length} bytes");
    }
}

/// Where blobs are files, a file has its blob's bytes, and there is none where there is no blob.
pub async fn opens_files_that_have_the_same_bytes<S: BlobStore>(store: &S) {
    let open = async |at: &str| store.open_file(&name(at)).await.expect("opens, or doesn't");
    let many: Vec<u8> = (0..300_000u32).flat_map(|number| number.to_le_bytes()).collect();
    for (at, bytes) in [("a/b", &b"one"[..]), ("a/none", b""), ("day=1/many", &many)] {
        put(store, at, bytes).await;
        if let Some(opened) = open(at).await {
            assert_eq!(opened.bytes, bytes.len() as u64, "{at}");
            let mut read = Vec::new();
            std::io::Read::read_to_end(&mut &*opened.file, &mut read).expect("it is a file");
            assert!(read == bytes, "{at} has other bytes");
        }
    }
    assert!(open("a").await.is_none(), "a folder is no blob");
    assert!(open("a/c").await.is_none() && open("a/b/c").await.is_none(), "nobody put that");
    store.delete(&name("a/b")).await.expect("deletes");
    assert!(open("a/b").await.is_none(), "it is deleted");
}

/// Lists are in the order of bytes, and pages follow one another without a gap.
pub async fn lists_in_order_and_by_pages<S: BlobStore>(store: &S) {
    assert_eq!(page(store, None, None, 10).await, (vec![], false));
    assert_eq!(page(store, Some("a"), None, 10).await, (vec![], false));
    // `-` and `.` stand before `/` and digits, `_` between digits and letters.
    let sorted = ["a-b/x", "a.b/x", "a/1", "a/10", "a/2", "a/b/c", "a/b_/c", "a/bb", "b"];
    for at in sorted.iter().rev() {
        put(store, at, at.as_bytes()).await;
    }
    let all: Vec<_> = sorted.iter().map(|at| ((*at).to_owned(), at.len() as u64)).collect();
    assert_eq!(page(store, None, None, 100).await, (all.clone(), false));
    assert_eq!(page(store, None, None, all.len()).await, (all.clone(), false));
    for limit in 1..all.len() {
        let mut got: Vec<(String, u64)> = Vec::new();
        loop {
            let after = got.last().map(|(at, _)| at.clone());
            let (rows, more) = page(store, None, after.as_deref(), limit).await;
            assert!(rows.len() == limit || !more, "only the last page is short");
            got.extend(rows);
            if !more {
                break;
            }
        }
        assert_eq!(got, all, "by pages of {limit}");
    }
    let behind = page(store, None, Some("a/1-"), 1).await;
    assert_eq!(behind, (listed(&[("a/10", 4)]), true), "behind what isn't there");
}

/// A folder has what stands behind its `/`; pages end at the most.
pub async fn lists_folders_and_not_beginnings<S: BlobStore>(store: &S) {
    for at in ["p1/a", "p1/b/c", "p10/a", "p1.a", "p0/a"] {
        put(store, at, b"1").await;
    }
    assert_eq!(
        page(store, Some("p1"), None, 10).await,
        (listed(&[("p1/a", 1), ("p1/b/c", 1)]), false)
    );
    assert_eq!(page(store, Some("p1/b"), None, 10).await, (listed(&[("p1/b/c", 1)]), false));
    assert_eq!(page(store, Some("p1"), Some("p1/a"), 10).await, (listed(&[("p1/b/c", 1)]), false));
    assert_eq!(page(store, Some("p1"), Some("p10/a"), 10).await, (vec![], false));
    assert_eq!(page(store, Some("p2"), None, 10).await, (vec![], false));
    let all = list_all(store, &name("p1"), 2).await.expect("lists");
    assert_eq!(all.len(), 2);
    list_all(store, &name("p1"), 1).await.expect_err("there are more");
    let (rows, more) = page(store, None, None, usize::MAX).await;
    assert!(rows.len() == 5 && !more && rows.len() <= BLOB_PAGE_MAX);
}

/// What is deleted is gone, and its name is free.
pub async fn deletes<S: BlobStore>(store: &S) {
    put(store, "a/b", b"one").await;
    put(store, "a/c", b"two").await;
    for _ in 0..2 {
        store.delete(&name("a/b")).await.expect("deletes, or it isn't there");
    }
    assert_eq!(get(store, "a/b").await, None);
    assert_eq!(page(store, None, None, 10).await, (listed(&[("a/c", 3)]), false));
    assert_eq!(put(store, "a/b", b"three").await, Put::Created);
    assert_eq!(get(store, "a/b").await.as_deref(), Some(&b"three"[..]));
}

/// What couldn't be in memory isn't taken.
pub async fn refuses_what_is_too_large<S: BlobStore>(store: &S) {
    let error = store.put(&name("a"), vec![0; BLOB_BYTES_MAX + 1]).await;
    let error = error.expect_err("it is too large");
    assert!(matches!(error, BlobError::TooLarge { .. }) && !error.may_pass(), "{error}");
    assert_eq!(get(store, "a").await, None);
    let error = store.get_range(&name("a"), 0, BLOB_BYTES_MAX + 1).await;
    error.expect_err("it would be too large");
}
