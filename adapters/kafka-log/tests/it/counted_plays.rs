//! What others are told of what counts: whoever upserts by id has it, whatever fails in between.

use crate::deployment::{send_of, start_with};
use crate::own_brokers::OwnBrokers;
use crate::support::{settings, told, with_topics};
use async_trait::async_trait;
use ledgerline_app::Deployment;
use ledgerline_app::counts::{By, CountsQuery};
use ledgerline_app::deployment::Parts;
use ledgerline_app::ports::conformance::counted_plays::{Published, every_case};
use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::memory_counted_plays::counted_by_track;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{
    CommitError, CountedChange, CountedPlays, FactStore, LogError, PartitionCommit, PartitionDelta,
    StoreError, StoredCounts,
};
use ledgerline_counting::tally::{Days, Dimension};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_kafka_log::topics::{Plan, create};
use ledgerline_kafka_log::{KafkaCountedPlays, Settings};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long a topic that is there is waited for.
const READ_MAX: Duration = Duration::from_secs(30);

/// What somebody has who reads the topic from its beginning, and how many messages that were.
fn read(kafka: &Settings) -> (Vec<CountedChange>, usize) {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.brokers)
        .set("group.id", "others")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    let mut all = TopicPartitionList::new();
    for partition in 0..i32::from(kafka.partitions) {
        all.add_partition_offset(&kafka.counted_plays_topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();
    let mut have = BTreeMap::<String, CountedChange>::new();
    let (mut messages, mut ended) = (0, 0);
    while ended < kafka.partitions {
        let message = match consumer.poll(READ_MAX).expect("the topic is there") {
            Ok(message) => message,
            Err(rdkafka::error::KafkaError::PartitionEOF(_)) => {
                ended += 1;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        messages += 1;
        let change = change_of(&serde_json::from_slice(message.payload().unwrap()).unwrap());
        assert_eq!(message.key(), Some(change.track_id.as_bytes()));
        if have.get(&change.id).is_none_or(|known| known.amendment <= change.amendment) {
            have.insert(change.id.clone(), change);
        }
    }
    (have.into_values().collect(), messages)
}

fn change_of(value: &Value) -> CountedChange {
    let text = |field: &str| value[field].as_str().unwrap().to_owned();
    let number = |field: &str| value[field].as_u64().unwrap();
    let maybe = |field: &str| value[field].as_str().map(str::to_owned);
    assert_eq!(number("version"), 1);
    CountedChange {
        id: text("id"),
        amendment: number("amendment"),
        enters: value["change"].as_i64() == Some(1),
        play: text("play"),
        number: number("number"),
        rule_version: u16::try_from(number("rule_version")).unwrap(),
        source: text("source"),
        track_id: text("track_id"),
        started_at: UnixMs::new(number("started_at_ms")).unwrap(),
        listened_ms: number("listened_ms"),
        tier: maybe("tier"),
        territory: maybe("territory"),
        at: UnixMs::new(number("received_at_ms")).unwrap(),
    }
}

#[test]
fn is_a_place_for_counted_plays() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    every_case(|| {
        let kafka = with_topics(&brokers);
        let sink = Arc::new(KafkaCountedPlays::new(kafka.clone()));
        Published { sink, read: Box::new(move || read(&kafka).0) }
    });
}

/// Plays of three recordings, of which every fifth was said to be of two: it doesn't count.
fn play(runtime: &Runtime, deployment: &Deployment, plays: std::ops::Range<u64>) {
    send_of(runtime, deployment, plays.clone(), &|play| format!("track-{}", play % 3));
    let disputed = |play: u64| if play.is_multiple_of(5) { 9 } else { play % 3 };
    // It is judged before, so that it counts for a while.
    settle(runtime, deployment);
    send_of(runtime, deployment, plays, &|play| format!("track-{}", disputed(play)));
}

/// Everything is judged and committed, however often telling others has to be tried again.
fn settle(runtime: &Runtime, deployment: &Deployment) {
    while runtime.block_on(deployment.settle(false)).is_err() {
        std::thread::yield_now();
    }
}

fn counts(runtime: &Runtime, deployment: &Deployment) -> BTreeMap<String, i64> {
    settle(runtime, deployment);
    let query = CountsQuery { by: By::Track, from: None, to: None };
    // A tick comes besides, which may have to wait again, and counts nothing.
    let counts = runtime.block_on(deployment.counts(query)).unwrap();
    counts.rows.into_iter().map(|row| (row.value, row.counted)).collect()
}

/// The database counts the same, though it was told by commits alone.
fn check_stored(runtime: &Runtime, deployment: &Deployment, counted: &BTreeMap<String, i64>) {
    let stored = deployment.stored_counts(Dimension::Track, Days::default());
    assert_eq!(runtime.block_on(stored).unwrap().counted, *counted);
    let differences = runtime.block_on(deployment.check_stored_counts()).unwrap();
    assert_eq!(differences, Vec::<String>::new());
}

fn tell(kafka: &Settings) -> Option<Arc<dyn CountedPlays>> {
    Some(Arc::new(KafkaCountedPlays::new(kafka.clone())))
}

#[test]
fn whoever_upserts_has_the_counts() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let kafka = with_topics(&brokers);
    let (disk, folder) = (MemoryDisk::new(), tempfile::tempdir().unwrap());
    let runtime = Runtime::new().unwrap();
    let start = |disk: &MemoryDisk| {
        start_with(&runtime, &kafka, disk, folder.path(), |parts| {
            parts.counted_plays = tell(&kafka)
        })
    };
    let deployment = start(&disk);
    play(&runtime, &deployment, 0..60);
    let counted = counts(&runtime, &deployment);
    assert_eq!(counted.values().sum::<i64>(), 48);
    let (have, messages) = read(&kafka);
    assert_eq!(counted_by_track(&have), counted);
    assert!(messages >= 72, "sixty came to count, and twelve of them count no more");
    check_stored(&runtime, &deployment, &counted);
    runtime.block_on(deployment.stop());
    drop(deployment);

    // Judged anew from the beginning, and nothing of it is told again: it was committed.
    let again = start(&MemoryDisk::new());
    assert_eq!(counts(&runtime, &again), counted);
    play(&runtime, &again, 60..70);
    let counted = counts(&runtime, &again);
    let (have, messages_then) = read(&kafka);
    assert_eq!(counted_by_track(&have), counted);
    assert!((12..72).contains(&(messages_then - messages)), "{messages_then} messages");
    check_stored(&runtime, &again, &counted);
    runtime.block_on(again.stop());
}

/// Another owner comes before the commit of this number.
struct Usurped {
    store: Arc<dyn FactStore>,
    commits_left: AtomicU32,
    came: Arc<AtomicBool>,
}

#[async_trait]
impl FactStore for Usurped {
    async fn take_over(&self, partitions: u16) -> Result<Vec<PartitionCommit>, StoreError> {
        self.store.take_over(partitions).await
    }

    async fn commit(&self, deltas: &[PartitionDelta]) -> Result<(), CommitError> {
        let usurps = self.commits_left.fetch_sub(1, Ordering::Relaxed) == 1;
        if usurps {
            let there = self.store.committed().await?;
            self.store.take_over(u16::try_from(there.len()).unwrap()).await?;
            self.came.store(true, Ordering::Release);
        }
        self.store.commit(deltas).await
    }

    async fn committed(&self) -> Result<Vec<PartitionCommit>, StoreError> {
        self.store.committed().await
    }

    async fn totals(&self) -> Result<Vec<PartitionTotals>, StoreError> {
        self.store.totals().await
    }

    async fn counted_position(&self, partition: PartitionId) -> Result<Position, StoreError> {
        self.store.counted_position(partition).await
    }

    async fn roll_up(&self, rows_max: u32) -> Result<u32, StoreError> {
        self.store.roll_up(rows_max).await
    }

    async fn counted_by(&self, by: Dimension, days: Days) -> Result<StoredCounts, StoreError> {
        self.store.counted_by(by, days).await
    }

    async fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.store.verify().await
    }
}

/// A process that ends while it tells: half is told, and nobody knows.
struct Killed {
    to: KafkaCountedPlays,
    calls_left: AtomicU32,
    was: Arc<AtomicBool>,
}

impl CountedPlays for Killed {
    fn publish(&self, partition: PartitionId, changes: &[CountedChange]) -> Result<(), LogError> {
        let counted = |left: u32| left.checked_sub(1);
        let left = self.calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted);
        if left.is_ok_and(|left| left > 1) {
            return self.to.publish(partition, changes);
        }
        self.to.publish(partition, &changes[..changes.len().div_ceil(2)])?;
        self.was.store(true, Ordering::Release);
        Err(LogError::Failed { file: "process".to_owned(), detail: "it was killed".to_owned() })
    }
}

/// Counts until counting stops, by what `breaks` did to the parts; then counts on without it.
fn break_and_go_on(brokers: &str, breaks: impl FnOnce(&mut Parts, &Settings, Arc<AtomicBool>)) {
    let kafka = with_topics(brokers);
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let (disk, path): (_, &Path) = (MemoryDisk::new(), folder.path());
    let broke = Arc::new(AtomicBool::new(false));
    let breaking = broke.clone();
    let deployment =
        start_with(&runtime, &kafka, &disk, path, |parts| breaks(parts, &kafka, breaking));
    let mut next = 0;
    // A topic that isn't everywhere yet is a problem too, and passes.
    while !broke.load(Ordering::Acquire) || deployment.health().problems.is_empty() {
        send_of(&runtime, &deployment, next..next + 20, &|play| format!("track-{}", play % 3));
        next += 20;
        // It stops at some time, which is what is waited for.
        let _ = runtime.block_on(deployment.settle(false));
    }
    runtime.block_on(deployment.stop());
    drop(deployment);
    let (before, told_before) = read(&kafka);
    let again = start_with(&runtime, &kafka, &disk, path, |it| it.counted_plays = tell(&kafka));
    let counted = counts(&runtime, &again);
    assert_eq!(counted.values().sum::<i64>(), i64::try_from(next).unwrap());
    let (have, messages) = read(&kafka);
    assert_eq!(counted_by_track(&have), counted);
    let new = have.iter().filter(|change| !before.contains(change)).count();
    assert!(messages > told_before + new, "some must have come twice, or nothing was tested");
    runtime.block_on(again.stop());
}

#[test]
fn a_commit_that_is_fenced_off_repeats_what_it_told() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    break_and_go_on(&brokers, |parts, kafka, came| {
        let commits_left = AtomicU32::new(4);
        parts.facts = Arc::new(Usurped { store: parts.facts.clone(), commits_left, came });
        parts.counted_plays = tell(kafka);
    });
}

#[test]
fn a_producer_that_is_killed_leaves_nothing_out() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    break_and_go_on(&brokers, |parts, kafka, was| {
        let to = KafkaCountedPlays::new(kafka.clone());
        parts.counted_plays = Some(Arc::new(Killed { to, calls_left: AtomicU32::new(3), was }));
    });
}

#[test]
fn commits_wait_for_a_topic_that_is_away_and_the_intake_goes_on() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let Some(others) = OwnBrokers::start(1) else { return };
    let kafka = with_topics(&brokers);
    let elsewhere = settings(&others.addresses());
    create(&elsewhere, &Plan { copies: 1, in_sync_min: 1, ..Plan::default() }).unwrap();
    let (disk, folder) = (MemoryDisk::new(), tempfile::tempdir().unwrap());
    let runtime = Runtime::new().unwrap();
    let deployment = start_with(&runtime, &kafka, &disk, folder.path(), |parts| {
        parts.counted_plays = tell(&elsewhere);
    });
    play(&runtime, &deployment, 0..30);
    let counted = counts(&runtime, &deployment);
    others.kill_one();
    // Accepted, which `send_of` insists on; and not committed, as long as others can't be told.
    send_of(&runtime, &deployment, 30..60, &|_| "track-1".to_owned());
    let waits = runtime.block_on(deployment.settle(false)).expect_err("it waits");
    assert!(waits.to_string().contains(&elsewhere.counted_plays_topic), "{waits}");
    let query = CountsQuery { by: By::Track, from: None, to: None };
    let stale = runtime.block_on(deployment.counts(query)).unwrap();
    assert!(stale.waits.is_some());
    let stale = stale.rows.into_iter().map(|row| (row.value, row.counted));
    assert_eq!(stale.collect::<BTreeMap<_, _>>(), counted);
    others.start_all();
    let after = counts(&runtime, &deployment);
    assert_eq!(after.values().sum::<i64>(), counted.values().sum::<i64>() + 30);
    assert_eq!(counted_by_track(&read(&elsewhere).0), after);
    runtime.block_on(deployment.stop());
}
