//! The suite of [`DeliveryStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::UnixMs;

use crate::ports::delivery::{
    ActiveDevice, DeliveryStore, PLACE_CHANGES_MAX, ReadLog, SentBytes, StoredKey,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: DeliveryStore>(fresh: impl AsyncFn() -> S) {
    keys_come_and_go(&fresh().await).await;
    the_latest_device_holds(&fresh().await).await;
    the_latest_changes_of_place_are_kept(&fresh().await).await;
    a_log_is_added_once(&fresh().await).await;
    logs_are_found_by_time_and_forgotten(&fresh().await).await;
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("an instant")
}

fn key(id: u32, signs_from: u64) -> StoredKey {
    let sealed = std::array::from_fn(|at| u8::try_from(at).expect("small"));
    StoredKey { id, sealed, made_at: at(1), signs_from: at(signs_from) }
}

/// As they were stored, in the order in which they sign; no more than are wanted.
pub async fn keys_come_and_go<S: DeliveryStore>(store: &S) {
    assert_eq!(store.signing_keys().await.expect("reads"), []);
    for (id, signs_from) in [(u32::MAX, 5), (0, 9), (7, 5)] {
        assert!(store.add_signing_key(&key(id, signs_from), 3).await.expect("stores"));
    }
    assert!(!store.add_signing_key(&key(8, 1), 3).await.expect("looks"), "there are three");
    store.add_signing_key(&key(7, 1), 9).await.expect_err("an id is used once");
    let expected = [key(0, 9), key(u32::MAX, 5), key(7, 5)];
    assert_eq!(store.signing_keys().await.expect("reads"), expected);
    assert!(store.remove_signing_key(u32::MAX).await.expect("removes"));
    assert!(!store.remove_signing_key(u32::MAX).await.expect("looks"));
    assert_eq!(store.signing_keys().await.expect("reads"), [key(0, 9), key(7, 5)]);
}

/// Of two who come at once, both learn who was later.
pub async fn the_latest_device_holds<S: DeliveryStore>(store: &S) {
    let device = |device: &str, since: u64| ActiveDevice {
        listener: "L".to_owned(),
        device: device.to_owned(),
        since: at(since),
    };
    assert_eq!(store.active_device("L").await.expect("reads"), None);
    for (comes, holds) in [
        (device("phone", 5), device("phone", 5)),
        (device("laptop", 9), device("laptop", 9)),
        (device("tardy", 7), device("laptop", 9)),
        (device("phone ☺'", 9), device("phone ☺'", 9)),
    ] {
        assert_eq!(store.activate_device(&comes).await.expect("stores"), holds);
        assert_eq!(store.active_device("L").await.expect("reads"), Some(holds));
    }
    assert_eq!(store.active_device("M").await.expect("reads"), None);
    assert_eq!(store.place_changes("L").await.expect("reads"), [at(9), at(5)]);
    assert_eq!(store.place_changes("M").await.expect("reads"), []);
}

/// So many of each listener, and no more.
pub async fn the_latest_changes_of_place_are_kept<S: DeliveryStore>(store: &S) {
    let most = u64::from(PLACE_CHANGES_MAX);
    for since in 1..=most + 2 {
        for listener in ["L", "M"].into_iter().take(if since == 1 { 2 } else { 1 }) {
            let (listener, device) = (listener.to_owned(), since.to_string());
            let device = ActiveDevice { listener, device, since: at(since) };
            assert_eq!(store.activate_device(&device).await.expect("stores"), device);
        }
    }
    let expected: Vec<UnixMs> = (3..=most + 2).rev().map(at).collect();
    assert_eq!(store.place_changes("L").await.expect("reads"), expected);
    assert_eq!(store.place_changes("M").await.expect("reads"), [at(1)], "it is another's");
}

fn log(number: u8, from: u64, to: u64) -> ReadLog {
    let name = format!("access-{number}.log");
    ReadLog { checksum: [number; 32], name, from: at(from), to: at(to), read_at: at(99) }
}

fn sent(play: &str, rung: &str, bytes: u64) -> SentBytes {
    let (play_id, rung) = (play.to_owned(), rung.to_owned());
    SentBytes { play_id, track_id: "T".to_owned(), rung, bytes }
}

/// Bytes of several logs add up; those of one that is read again don't.
pub async fn a_log_is_added_once<S: DeliveryStore>(store: &S) {
    let first = [sent("p", "opus-96", 5), sent("p", "flac", 7), sent("q", "flac", 1)];
    let big = u64::MAX >> 3;
    assert!(store.add_sent_bytes(&log(1, 0, 10), &first).await.expect("adds"));
    assert!(!store.add_sent_bytes(&log(1, 0, 10), &first).await.expect("looks"));
    let second = [sent("p", "opus-96", big), sent("r", "flac", 0)];
    assert!(store.add_sent_bytes(&log(2, 10, 20), &second).await.expect("adds"));
    let known = store.sent_bytes("p").await.expect("reads");
    assert_eq!(known, [sent("p", "flac", 7), sent("p", "opus-96", big + 5)]);
    assert_eq!(store.sent_bytes("q").await.expect("reads"), [sent("q", "flac", 1)]);
    assert_eq!(store.sent_bytes("x").await.expect("reads"), []);
}

/// By when their lines are of.
pub async fn logs_are_found_by_time_and_forgotten<S: DeliveryStore>(store: &S) {
    for (number, from, to) in [(3, 20, 30), (1, 0, 10), (2, 10, 20)] {
        let rows = [sent(&format!("p{number}"), "flac", 1)];
        assert!(store.add_sent_bytes(&log(number, from, to), &rows).await.expect("adds"));
    }
    let found = async |from, to, limit| {
        let logs = store.read_logs(at(from), at(to), limit).await.expect("reads");
        logs.iter().map(|log| log.checksum[0]).collect::<Vec<_>>()
    };
    assert_eq!(found(0, 99, 9).await, [1, 2, 3]);
    assert_eq!(found(0, 99, 1).await, [1]);
    assert_eq!(found(10, 10, 9).await, [1, 2]);
    assert_eq!(found(31, 99, 9).await, [] as [u8; 0]);
    assert_eq!(store.read_logs(at(0), at(5), 9).await.expect("reads"), [log(1, 0, 10)]);
    assert_eq!(store.forget_read_logs(at(20)).await.expect("forgets"), 1);
    assert_eq!(found(0, 99, 9).await, [2, 3]);
    assert_eq!(store.sent_bytes("p1").await.expect("reads"), []);
    assert_eq!(store.sent_bytes("p2").await.expect("reads"), [sent("p2", "flac", 1)]);
}
