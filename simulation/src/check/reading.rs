//! A partition's logs, read beside the server, as the audit reads them.

use ledgerline_app::plays::transition_id;
use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{Disk, PlaysLogReader};
use ledgerline_app::read_sealed_index;
use ledgerline_counting::fraud::{BookEntry, Flags};
use ledgerline_counting::identity::{book_hash, identity_hash};
use ledgerline_counting::index::{Bucket, Homes};
use ledgerline_counting::tally::{Days, Dimension, Tally};
use ledgerline_ids::{IdentityHash, ListenerHash, Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::control::TICK;
use ledgerline_records::frame::Records;
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::verdict::Status;
use ledgerline_recount::{Claimed, Counted, Counts, PartitionRecount, Recounted};
use ledgerline_segment_log::{ReportLogReader, SegmentPlaysReader};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::facts::Told;
use super::history::Histories;
use super::truth::LogHolds;
use crate::process::{Machine, hash_key};
use crate::taste::Taste;

/// A record in a listener's book: day, listener, address.
type Paged = (Bucket, ListenerHash, PlayAddress);

/// What stands in the logs of a partition, and what is made of it.
pub struct Partition {
    pub recounted: Recounted,
    pub claimed: Claimed,
    /// What the catalogue told this partition.
    pub told: Told,
    /// What is wrong with the sealed index, one sentence each.
    pub index: Vec<String>,
}

struct Logged {
    position: Position,
    received_at: UnixMs,
    bytes: Vec<u8>,
}

/// Reads a partition.
pub fn read(
    on: &MemoryDisk,
    taste: &Taste,
    totals: &PartitionTotals,
    histories: &mut Histories,
    log: &mut LogHolds,
) -> Result<Partition, String> {
    let disk: Arc<dyn Disk> = Arc::new(on.clone());
    let partition = totals.commit.partition;
    let logged = records(&disk, taste, totals)?;
    let mut told = Told::default();
    let recounted = recount(&logged, log, &mut told)?;
    let reader = SegmentPlaysReader::open(disk.clone(), partition, taste.partitions)
        .map_err(|error| error.to_string())?;
    let mut claimed = Claimed::new(sums(totals));
    let dimensions = [Dimension::Track, Dimension::User, Dimension::Territory, Dimension::Tier];
    let mut tallies = dimensions.map(|dimension| Tally::new(dimension, Days::default()));
    let mut history = histories.begin();
    for_each_play(&reader, totals.commit.plays_bytes, &mut |address, play| {
        claimed.take(play);
        tallies.iter_mut().for_each(|tally| tally.add(play));
        history.take(address, play)
    })?;
    let [by_track, by_user, by_territory, by_tier] =
        tallies.map(|tally| tally.rows().map(|(value, sum)| (value, positive(sum))).collect());
    let by_day = std::mem::take(&mut claimed.counts.counted.by_day);
    claimed.counts.counted = Counted { by_track, by_user, by_territory, by_tier, by_day };
    let index = check_index(on, totals, &reader)?;
    Ok(Partition { recounted, claimed, told, index })
}

/// Every transition that is committed now, by its id, with where it led.
pub fn transitions(machine: &Machine, taste: &Taste) -> Result<Vec<(String, Status)>, String> {
    let disk: Arc<dyn Disk> = Arc::new(machine.disk.clone());
    let mut transitions = Vec::new();
    for totals in machine.store.peek() {
        let (partition, until) = (totals.commit.partition, totals.commit.plays_bytes);
        let reader = SegmentPlaysReader::open(disk.clone(), partition, taste.partitions)
            .map_err(|error| error.to_string())?;
        for_each_play(&reader, until, &mut |_, play| {
            if play.from != Some(play.to) {
                transitions.push((transition_id(&hash_key(), play), play.to));
            }
            Ok(())
        })?;
    }
    Ok(transitions)
}

/// Every record of every report log, a line each: for whoever looks into a failure.
pub fn lines(machine: &Machine, taste: &Taste) -> Vec<String> {
    let disk: Arc<dyn Disk> = Arc::new(machine.disk.clone());
    let mut lines = Vec::new();
    for mut totals in machine.store.peek() {
        let partition = totals.commit.partition;
        let end = ReportLogReader::open(disk.clone(), taste.partitions)
            .map_err(|error| error.to_string())
            .and_then(|reader| reader.end(partition).map_err(|error| error.to_string()));
        totals.commit.position = end.unwrap_or_default();
        match records(&disk, taste, &totals) {
            Ok(logged) => {
                lines.extend(logged.iter().map(|Logged { position, received_at, bytes }| {
                    match LogRecord::decode(bytes) {
                        Ok(record) => format!("{partition} {position} {received_at} {record:?}"),
                        Err(error) => format!("{partition} {position} {received_at} {error}"),
                    }
                }))
            }
            Err(why) => lines.push(format!("{partition}: {why}")),
        }
    }
    lines
}

fn records(
    disk: &Arc<dyn Disk>,
    taste: &Taste,
    totals: &PartitionTotals,
) -> Result<Vec<Logged>, String> {
    let (partition, until) = (totals.commit.partition, totals.commit.position);
    let reader =
        ReportLogReader::open(disk.clone(), taste.partitions).map_err(|error| error.to_string())?;
    let end = reader.end(partition).map_err(|error| error.to_string())?;
    if end != until {
        return Err(format!("the log ends at {end}, but {until} is committed"));
    }
    let mut logged = Vec::new();
    let mut broken = None;
    reader
        .for_each_frame(partition, Position(0), until, &mut |header, payload| {
            let mut position = header.first;
            for record in Records::new(payload) {
                match record {
                    Ok((_, bytes)) => {
                        let (received_at, bytes) = (header.received_at, bytes.to_vec());
                        logged.push(Logged { position, received_at, bytes });
                    }
                    Err(error) => broken = broken.take().or(Some(error.to_string())),
                }
                position = position.plus(1);
            }
        })
        .map_err(|error| error.to_string())?;
    broken.map_or(Ok(logged), Err)
}

fn recount(logged: &[Logged], log: &mut LogHolds, told: &mut Told) -> Result<Recounted, String> {
    let mut ticks = logged.iter().filter(|logged| logged.bytes.first() == Some(&TICK));
    let mut recount = PartitionRecount::new(ticks.next_back().map(|logged| logged.position));
    for logged in logged {
        let record = LogRecord::decode(&logged.bytes).map_err(|error| error.to_string())?;
        if let LogRecord::Report(report) = &record {
            log.take(report);
        }
        told.take(&record);
        recount.record(logged.position, logged.received_at, &record);
    }
    Ok(recount.finish())
}

fn sums(totals: &PartitionTotals) -> Counts {
    let by_day = totals.counted.iter().map(|(day, sum)| (day.to_string(), positive(*sum)));
    Counts {
        accepted: totals.accepted.iter().map(|(hour, sum)| (*hour, positive(*sum))).collect(),
        verdicts: totals.verdicts.iter().map(|(key, sum)| (*key, positive(*sum))).collect(),
        statuses: totals.statuses.iter().map(|(key, sum)| (*key, positive(*sum))).collect(),
        counted: Counted { by_day: by_day.collect(), ..Counted::default() },
    }
}

fn positive(sum: i64) -> u64 {
    // A negative sum is a difference from whatever the recount says.
    u64::try_from(sum).unwrap_or(u64::MAX)
}

fn for_each_play(
    reader: &SegmentPlaysReader,
    until: u64,
    each: &mut dyn FnMut(PlayAddress, &PlayRecord<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut outcome = Ok(());
    let mut take = |address: PlayAddress, bytes: &[u8]| {
        if outcome.is_ok() {
            outcome = match PlayRecord::decode(bytes) {
                Ok(play) => each(address, &play),
                Err(error) => Err(format!("the play record at {}: {error}", address.0)),
            };
        }
    };
    reader.scan(0, until, &mut take).map_err(|error| error.to_string())?;
    outcome
}

/// The sealed index has the newest record of every play whose key is not forgotten, the
/// listeners' books have that of every play, and neither has anything else.
fn check_index(
    on: &MemoryDisk,
    totals: &PartitionTotals,
    reader: &SegmentPlaysReader,
) -> Result<Vec<String>, String> {
    let mut sealed = BTreeMap::<(IdentityHash, Bucket), PlayAddress>::new();
    let mut take = |hash, entry: ledgerline_counting::index::IndexEntry| {
        sealed.insert((hash, entry.bucket()), entry.address());
    };
    let (mut pages, mut gone) = (BTreeSet::<Paged>::new(), BTreeSet::<Paged>::new());
    let mut take_entry = |bucket, entry: BookEntry| {
        let of = if entry.flags.has(Flags::GONE) { &mut gone } else { &mut pages };
        of.insert((bucket, entry.listener, entry.address));
    };
    let partition = totals.commit.partition;
    let index = read_sealed_index(on, partition, &mut take, &mut take_entry)
        .map_err(|error| error.to_string())?;
    let Some(index) = index else { return Ok(Vec::new()) };
    let mut expected = BTreeMap::<(IdentityHash, Bucket), PlayAddress>::new();
    let mut expected_pages = BTreeMap::<PlayAddress, Paged>::new();
    for_each_play(reader, index.plays_bytes, &mut |address, play| {
        if let Some(listener) = book_hash(&hash_key(), &play.identity) {
            play.previous.map(|previous| expected_pages.remove(&previous));
            let day = Bucket::Day(play.started_at.day());
            expected_pages.insert(address, (day, listener, address));
        }
        let hash = identity_hash(&hash_key(), &play.identity);
        let play_id = play.identity.key.play_id();
        let home = Homes::of(play.producer, play_id, play.first_received_at).own;
        expected.insert((hash, home), address);
        Ok(())
    })?;
    let clock = index.state.clock;
    expected.retain(|(_, bucket), _| !bucket.is_forgotten(clock));
    sealed.retain(|(_, bucket), _| !bucket.is_forgotten(clock));
    let missing = expected.iter().filter(|(key, address)| sealed.get(key) != Some(address));
    let unknown = sealed.keys().filter(|key| !expected.contains_key(key));
    let missing = missing.map(|(_, address)| format!("the index lacks the play at {}", address.0));
    let unknown = unknown.map(|(hash, _)| format!("the index has an unknown play {:x}", hash.0));
    pages.retain(|entry| !gone.contains(entry));
    let expected_pages: BTreeSet<Paged> = expected_pages.into_values().collect();
    let paged = expected_pages.symmetric_difference(&pages);
    let paged = paged.map(|(.., address)| format!("the books differ on {}", address.0));
    Ok(missing.chain(unknown).chain(paged).collect())
}
