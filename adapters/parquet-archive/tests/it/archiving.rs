//! The archive of a deployment: the same files whoever writes them, whenever, and however often it is
//! broken off; and what is read of it is what the logs have.

use ledgerline_app::archive::{ArchiveError, ArchiveReader, Compared};
use ledgerline_app::counts::{By, CountsQuery};
use ledgerline_app::ports::memory_blobs::MemoryBlobs;
use ledgerline_app::ports::{BlobName, BlobStore as _};
use ledgerline_ids::{HashKey, PartitionId, Position};
use std::collections::BTreeMap;

use crate::deployment::{DAY_MS, PARTITIONS, Running, archive_on, archiver, key};

type Blobs = BTreeMap<String, Vec<u8>>;

/// Three days of plays, the last of which goes on.
async fn three_days(between: &mut (impl AsyncFnMut(&Running) + ?Sized)) -> Running {
    let running = Running::begin().await;
    for day in 0..3 {
        for batch in 0..4 {
            let first = day * 400 + batch * 100;
            running.send(first..first + 100).await;
            running.deployment.settle(true).await.unwrap();
            between(&running).await;
        }
        running.pass(DAY_MS);
    }
    running
}

async fn contents(blobs: &MemoryBlobs) -> Blobs {
    let mut all = Blobs::new();
    for name in blobs.names() {
        let bytes = blobs.get(&BlobName::new(name.clone()).unwrap()).await.unwrap().unwrap();
        all.insert(name, bytes);
    }
    all
}

async fn archived(running: &Running, blobs: &MemoryBlobs) -> Result<u64, ArchiveError> {
    let all = archiver(running, blobs).archive_once(&|_| {}).await?;
    for of in &all {
        assert!(of.archived_to <= of.committed, "{of:?}");
    }
    Ok(all.iter().map(|of| of.runs).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_the_same_whoever_writes_them() {
    let at_once = MemoryBlobs::new();
    // One that archives after every batch, and remembers.
    let as_it_goes = MemoryBlobs::new();
    let mut along = None;
    let running = three_days(&mut async |running: &Running| {
        let along = along.get_or_insert_with(|| archiver(running, &as_it_goes));
        along.archive_once(&|_| {}).await.unwrap();
    })
    .await;
    drop(along);
    let runs = archived(&running, &at_once).await.unwrap();
    assert!(runs > 20, "{runs}");
    assert_eq!(contents(&at_once).await, contents(&as_it_goes).await);
    // It is all there, and is left alone.
    assert_eq!(archived(&running, &at_once).await.unwrap(), 0);

    // Another node has the same log, and a plays log of its own with other addresses.
    let other = running.rebuilt().await;
    other.deployment.wait_until_ready().await.unwrap();
    let by_other = MemoryBlobs::new();
    assert_eq!(archived(&other, &by_other).await.unwrap(), runs);
    assert_eq!(contents(&by_other).await, contents(&at_once).await);
    other.deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_anywhere_it_goes_on() {
    let running = three_days(&mut async |_: &Running| {}).await;
    let whole = MemoryBlobs::new();
    archived(&running, &whole).await.unwrap();
    let (calls, whole) = (whole.calls(), contents(&whole).await);
    // The store goes away after some calls; or the first ones are done, and nobody hears of it.
    let away = (0..calls).step_by(7).map(|call| (call, 0));
    for (call, in_secret) in away.chain((1..4).map(|secret| (u64::MAX, secret))) {
        let blobs = MemoryBlobs::new();
        blobs.away_after(call);
        blobs.act_in_secret(in_secret);
        let error = archived(&running, &blobs).await.unwrap_err();
        assert!(error.may_pass(), "{error}");
        blobs.set_away(false);
        blobs.act_in_secret(0);
        archived(&running, &blobs).await.unwrap();
        assert!(contents(&blobs).await == whole, "broken off at call {call}, {in_secret}");
    }
    running.deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_write_one_archive() {
    let running = three_days(&mut async |_: &Running| {}).await;
    let (alone, shared) = (MemoryBlobs::new(), MemoryBlobs::new());
    let runs = archived(&running, &alone).await.unwrap();
    let (one, other) = tokio::join!(archived(&running, &shared), archived(&running, &shared));
    assert_eq!(one.unwrap() + other.unwrap(), runs, "each run was created once");
    assert_eq!(contents(&shared).await, contents(&alone).await);
    running.deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_goes_on_waits_for_its_end() {
    let running = Running::begin().await;
    running.send(0..10).await;
    let blobs = MemoryBlobs::new();
    assert_eq!(archived(&running, &blobs).await.unwrap(), 0);
    assert_eq!(blobs.names(), [""; 0]);
    running.pass(DAY_MS);
    // Nothing says in the log yet that the day is over.
    assert_eq!(archived(&running, &blobs).await.unwrap(), 0);
    running.deployment.settle(true).await.unwrap();
    assert_eq!(archived(&running, &blobs).await.unwrap(), u64::from(PARTITIONS));
    let status = archiver(&running, &blobs).status().await.unwrap();
    for of in status {
        assert_eq!((of.runs, of.committed.0 - of.archived_to.0), (1, 1), "but the tick: {of:?}");
    }
    running.deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_never_overwritten() {
    let running = three_days(&mut async |_: &Running| {}).await;
    let blobs = MemoryBlobs::new();
    let name = BlobName::new("reports/p000/00000000000000000000.parquet").unwrap();
    archived(&running, &blobs).await.unwrap();
    let whole = contents(&blobs).await;

    // Another history under the same name.
    let other = Running::begin().await;
    other.send(5_000..5_400).await;
    let others = MemoryBlobs::new();
    archived(&other, &others).await.unwrap();
    others
        .delete(&BlobName::new("plays/p000/00000000000000000000-00000.parquet").unwrap())
        .await
        .unwrap();
    let error = archived(&running, &others).await.unwrap_err();
    assert!(matches!(&error, ArchiveError::Differs { .. }), "{error}");
    assert!(error.to_string().contains("have another record at position"), "{error}");

    // The archive of a deployment with another key.
    let (folder, key) = (tempfile::tempdir().unwrap(), HashKey::new(*b"another one's ky"));
    let foreign = Running::on(Default::default(), folder, 1_772_323_200_000, key).await;
    foreign.send(0..400).await;
    let error = archived(&foreign, &blobs).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Foreign { .. }), "{error}");

    // A deployment that is older than its archive.
    let older = Running::begin().await;
    older.send(0..10).await;
    let error = archived(&older, &blobs).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Ahead { .. }), "{error}");

    assert_eq!(contents(&blobs).await, whole);
    blobs.tamper(&name, |bytes| bytes.truncate(bytes.len() / 2));
    let error = compared(&running, &blobs).await.unwrap_err().to_string();
    assert!(error.contains(name.as_str()) && error.contains("damaged"), "{error}");
    for running in [running, other, foreign, older] {
        running.deployment.stop().await;
    }
}

/// Each partition's archive against its logs.
async fn compared(running: &Running, blobs: &MemoryBlobs) -> Result<Vec<Compared>, ArchiveError> {
    let all = archiver(running, blobs).compare().await?;
    Ok(all.into_iter().map(|(_, compared)| compared).collect())
}

/// What the archive's changes add up to, by track.
fn counts_of(blobs: &MemoryBlobs) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::<String, i64>::new();
    tokio::task::block_in_place(|| {
        let reader = ArchiveReader::new(archive_on(blobs), &key());
        for partition in (0..PARTITIONS).map(PartitionId) {
            let mut changes = reader.changes(partition, Position::LIMIT).unwrap();
            while let Some(change) = changes.next_change().unwrap() {
                *counts.entry(change.track_id).or_default() += i64::from(change.change);
            }
        }
    });
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_what_the_logs_have() {
    let running = three_days(&mut async |_: &Running| {}).await;
    running.deployment.settle(true).await.unwrap();
    let blobs = MemoryBlobs::new();
    archived(&running, &blobs).await.unwrap();
    for of in compared(&running, &blobs).await.unwrap() {
        assert_eq!(of.differences, [""; 0], "{of:?}");
        assert_eq!(of.records, of.archived_to.0, "all of the log is still there");
        assert!(of.changes > 400, "{of:?}");
    }
    let query = CountsQuery { by: By::Track, from: None, to: None };
    let by_track = running.deployment.counts(query).await.unwrap();
    let by_track: BTreeMap<String, i64> =
        by_track.rows.iter().map(|row| (row.value.clone(), row.counted)).collect();
    assert_eq!(counts_of(&blobs), by_track);

    // A run that is gone from between others, and a part of one.
    let names = blobs.names();
    let run = BlobName::new(
        names.iter().filter(|it| it.contains("reports/p001")).nth(1).unwrap().clone(),
    )
    .unwrap();
    let part =
        BlobName::new(names.iter().find(|it| it.contains("plays/p000")).unwrap().clone()).unwrap();
    for (gone, told) in [(run, "lacks positions"), (part, "is missing")] {
        let bytes = blobs.get(&gone).await.unwrap().unwrap();
        blobs.delete(&gone).await.unwrap();
        let error = compared(&running, &blobs).await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
        blobs.put(&gone, bytes).await.unwrap();
    }
    running.deployment.stop().await;
}
