//! Measures the log on a Kafka: how many records a second it appends and reads, and how long an
//! append takes.
//!
//! `cargo run --release -p ledgerline-kafka-log --example measure -- BROKERS [RECORDS]`, for instance
//! with the address that `cargo xtask services start kafka` prints. It makes topics of its own and
//! prints one JSON object a line.

use ledgerline_app::ports::{Appended, Clock, ReportLog};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_kafka_log::topics::{self, Plan};
use ledgerline_kafka_log::{Compression, KafkaReportLog, Settings};
use ledgerline_records::frame::RecordGroup;
use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const GROUP: usize = 1000;
const RECORD_BYTES: usize = 227;
const PARTITIONS: u16 = 4;
/// So many groups are on their way at once.
const AT_ONCE: usize = 16;

struct Now(Instant);

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "a clock")]
    fn now(&self) -> UnixMs {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or_default();
        UnixMs::new(millis).unwrap_or(UnixMs::EPOCH)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Records that compress about as well as reports do: a half of each is text that others have too.
fn group(seed: &mut u64) -> RecordGroup {
    let mut group = RecordGroup::default();
    for _ in 0..GROUP {
        group.push_with(|out| {
            let end = out.len() + RECORD_BYTES;
            out.extend_from_slice(b"track-0000000000:player-of-a-phone:premium:DE:high:");
            out.extend_from_slice(b"session-00000000:context-playlist:device-0000000000:tier");
            while out.len() < end {
                *seed ^= *seed << 13;
                *seed ^= *seed >> 7;
                *seed ^= *seed << 17;
                out.extend_from_slice(&seed.to_le_bytes());
            }
            out.truncate(end);
        });
    }
    group
}

/// The time at a share of all, in milliseconds.
fn at_share(times: &[Duration], share: usize, of: usize) -> f64 {
    let index = (times.len() * share / of).min(times.len().saturating_sub(1));
    times.get(index).map_or(0.0, Duration::as_secs_f64) * 1000.0
}

fn append_all(log: &KafkaReportLog, groups: usize, at_once: usize) -> Result<(), Box<dyn Error>> {
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let made: Vec<RecordGroup> = (0..64).map(|_| group(&mut seed)).collect();
    let mut waiting = VecDeque::new();
    let mut times = Vec::with_capacity(groups);
    let began = Instant::now();
    let answer = |(begun, receipt): (Instant, Receipt)| {
        receipt.blocking_recv()?.map_err(Box::<dyn Error>::from).map(|_| begun.elapsed())
    };
    for number in 0..groups {
        if waiting.len() == at_once {
            times.extend(waiting.pop_front().map(answer).transpose()?);
        }
        let partition = PartitionId(u16::try_from(number % usize::from(PARTITIONS))?);
        waiting.push_back((Instant::now(), log.append(partition, made[number % 64].clone())));
    }
    for receipt in waiting {
        times.push(answer(receipt)?);
    }
    let took = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let records = groups * GROUP;
    println!(
        "{{\"appended\": {records}, \"at_once\": {at_once}, \"seconds\": {took:.2}, \
         \"records_per_second\": {:.0}, \"p50_ms\": {:.1}, \"p99_ms\": {:.1}}}",
        f64::from(u32::try_from(records)?) / took,
        at_share(&times, 50, 100),
        at_share(&times, 99, 100),
    );
    Ok(())
}

type Receipt = tokio::sync::oneshot::Receiver<Result<Appended, ledgerline_app::ports::AppendError>>;

fn read_all(log: &KafkaReportLog) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let (mut records, mut bytes) = (0u32, 0u64);
    for partition in (0..PARTITIONS).map(PartitionId) {
        let (mut next, end) = (Position(0), *log.end(partition).borrow());
        while next < end {
            for frame in log.read(partition, next, 1 << 20)? {
                next = frame.header.first.plus(u64::from(frame.header.count));
                records += frame.header.count;
                bytes += frame.header.frame_bytes();
            }
        }
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "{{\"read\": {records}, \"bytes\": {bytes}, \"seconds\": {took:.2}, \
         \"records_per_second\": {:.0}}}",
        f64::from(records) / took
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let brokers = arguments.next().ok_or("where are the brokers? HOST:PORT")?;
    let records: usize = arguments.next().map_or(Ok(1_000_000), |records| records.parse())?;
    let clock: Arc<dyn Clock> = Arc::new(Now(Instant::now()));
    for (name, synced, compression) in [
        ("zstd", false, Compression::Zstd),
        ("lz4", false, Compression::Lz4),
        ("zstd, each batch synced", true, Compression::Zstd),
    ] {
        let topic = format!("measure-{}-{}", clock.now().get(), std::process::id());
        let dead_letters_topic = format!("{topic}-dlq");
        let settings = Settings {
            topic,
            dead_letters_topic,
            compression,
            ..Settings::new(&brokers, PARTITIONS)
        };
        topics::create(&settings, &Plan { synced, ..Plan::one_broker() })?;
        println!("{{\"with\": \"{name}\"}}");
        let log = KafkaReportLog::open(settings, Arc::clone(&clock), &[])?;
        append_all(&log, records / GROUP, AT_ONCE)?;
        append_all(&log, 500, 1)?;
        read_all(&log)?;
        log.close();
    }
    Ok(())
}
