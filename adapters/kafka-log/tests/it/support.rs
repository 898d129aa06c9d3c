//! Brokers, topics, settings, and a log that is told what to do in few words.

use ledgerline_app::ports::{AppendError, Appended, Clock, ReportLog};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_kafka_log::topics::{self, Plan};
use ledgerline_kafka_log::{KafkaReportLog, Settings};
use ledgerline_records::frame::{RecordGroup, Records};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

pub const P0: PartitionId = PartitionId(0);

/// This machine's clock.
pub struct Now(Instant);

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "a clock")]
    fn now(&self) -> UnixMs {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        UnixMs::new(u64::try_from(since.as_millis()).unwrap()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

pub fn clock() -> Arc<dyn Clock> {
    Arc::new(Now(Instant::now()))
}

/// A variable that `cargo xtask test` sets. Where it is absent the test leaves itself out, aloud;
/// in CI that is a failure.
pub fn told(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        let without = std::env::var("LEDGERLINE_WITHOUT").unwrap_or_default();
        let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
        let left_out = without.split(',').any(|name| name == "kafka");
        assert!(left_out || !in_ci, "{name} isn't set: `cargo xtask test` starts Kafka");
        // Past the harness, which would keep it to itself.
        let _ = writeln!(
            std::io::stdout(),
            "skipped: {name} isn't set; see `cargo xtask services --help`"
        );
    }
    value
}

/// Settings for the brokers at `brokers`, with topics of their own and two partitions.
pub fn settings(brokers: &str) -> Settings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let millis = clock().now().get();
    let topic = format!("test-{}-{millis}-{number}", std::process::id());
    let dead_letters_topic = format!("{topic}-dlq");
    let counted_plays_topic = format!("{topic}-counted");
    Settings { topic, dead_letters_topic, counted_plays_topic, ..Settings::new(brokers, 2) }
}

/// The same, with the topics made.
pub fn with_topics(brokers: &str) -> Settings {
    let settings = settings(brokers);
    // The disk isn't what is tested here: nothing is synced for each batch.
    let plan = Plan { copies: 1, in_sync_min: 1, ..Plan::default() };
    topics::create(&settings, &plan).unwrap();
    settings
}

pub fn open(settings: &Settings) -> KafkaReportLog {
    KafkaReportLog::open(settings.clone(), clock(), &[]).unwrap()
}

pub fn group(texts: &[String]) -> RecordGroup {
    let mut group = RecordGroup::default();
    for text in texts {
        group.push_with(|out| out.extend_from_slice(text.as_bytes()));
    }
    group
}

pub fn queue(
    log: &dyn ReportLog,
    texts: &[&str],
) -> oneshot::Receiver<Result<Appended, AppendError>> {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    log.append(P0, group(&texts))
}

pub fn append(log: &dyn ReportLog, texts: &[&str]) -> Appended {
    queue(log, texts).blocking_recv().expect("an answer").expect("it is appended")
}

/// Records of the first partition from `from` on, each with its position.
pub fn records(log: &dyn ReportLog, from: Position) -> Vec<(Position, String)> {
    let mut found = Vec::new();
    let mut next = from;
    while next < *log.end(P0).borrow() {
        for frame in log.read(P0, next, 1 << 20).unwrap() {
            frame.header.verify(frame.payload()).unwrap();
            let mut at = frame.header.first;
            for record in Records::new(frame.payload()) {
                let text = String::from_utf8(record.unwrap().1.to_vec()).unwrap();
                if at >= next {
                    found.push((at, text));
                }
                at = at.plus(1);
            }
            next = at;
        }
    }
    found
}

pub fn texts(log: &dyn ReportLog, from: Position) -> Vec<String> {
    records(log, from).into_iter().map(|(_, text)| text).collect()
}

/// Waits until the first partition ends at `end`, or further.
pub fn await_end(log: &dyn ReportLog, end: Position) {
    let mut watch = log.end(P0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { watch.wait_for(|known| *known >= end).await.unwrap() });
}
