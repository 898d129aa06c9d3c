//! `audit`: recount everything from the raw log with other code, and compare.
//!
//! What is audited is what is committed at one moment: the positions, the sums and the
//! lengths of the plays logs are read together, and everything else is read up to there.
//! So it works beside a server that goes on counting.
//!
//! With an archive, records come from there as far as it goes, and it is compared with the logs.

use ledgerline_app::archive::{
    Archive, ArchiveError, ArchiveReader, Compared, ComparedLogs, compare_with_logs,
};
use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::{Disk, FactStore, LogError, PlaysLogReader, ReportLog};
use ledgerline_app::read_sealed_index;
use ledgerline_counting::fraud::Flags;
use ledgerline_counting::identity::{book_hash, identity_hash};
use ledgerline_counting::index::{Bucket, Homes};
use ledgerline_counting::tally::{Days, Dimension, Tally};
use ledgerline_ids::{IdentityHash, ListenerHash, PartitionId, Position};
use ledgerline_local_disk::LocalDisk;
use ledgerline_records::LogRecord;
use ledgerline_records::control::TICK;
use ledgerline_records::frame::{FrameHeader, Records};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_recount::{
    Claimed, Counted, Counts, DIFFERENCES_MAX, PartitionRecount, Recounted, check_conservation,
    compare,
};
use ledgerline_segment_log::{ReportLogReader, SegmentPlaysReader};
use ledgerline_sql_store::SqlStore;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

mod told;

use super::archive::must_be_there;
use crate::cluster::{self, config::Config};
use crate::control::archive::archive_in;
use crate::control::nodes::Applied;
use crate::data_folder::{Identity, must_exist, read_identity};
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress;
use crate::session::Session;

/// What an audit found.
#[derive(Debug, Default)]
pub struct Audit {
    accepted: u64,
    verdicts: BTreeMap<&'static str, u64>,
    statuses: BTreeMap<&'static str, u64>,
    recount_matches: bool,
    conserved: bool,
    differences: Vec<String>,
    /// Where there is one: all partitions together.
    archive: Option<Compared>,
}

pub(super) async fn run(data: &Path, archive: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    must_exist(data)?;
    let archive = archive.map(must_be_there).transpose()?;
    let audit = match audit(data, archive.as_deref()).await {
        Ok(audit) => audit,
        // What keeps the deployment from being read is the first difference.
        Err(failure) => Audit { differences: vec![failure.to_string()], ..Audit::default() },
    };
    if as_json {
        print_json(&audit.to_json())?;
    } else {
        print(&audit.to_text())?;
    }
    Ok(u8::from(!audit.balanced()))
}

/// Judges what the log holds, then audits what is committed: from the archive in a folder, where one is
/// named here or in a node's configuration, and from the log what it lacks.
///
/// # Errors
/// [`Failure`] where something can't be read at all.
pub async fn audit(data: &Path, archive: Option<&Path>) -> Result<Audit, Failure> {
    for _ in 1..ATTEMPTS_MAX {
        let overtaken = AtomicBool::new(false);
        let audit = audit_once(data, archive, &overtaken).await;
        if !overtaken.into_inner() {
            return audit;
        }
        tracing::info!("the log was released while it was read; the audit begins again");
    }
    audit_once(data, archive, &AtomicBool::new(false)).await
}

/// `overtaken` where what was to be read was released in the meantime: it is in the archive then, where nobody
/// had looked for it.
async fn audit_once(
    data: &Path,
    archive: Option<&Path>,
    overtaken: &AtomicBool,
) -> Result<Audit, Failure> {
    let identity = read_identity(data)?
        .ok_or_else(|| Failure::missing(format!("there is no deployment in {}", data.display())))?;
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk::new(data.to_owned()));
    let place = match archive {
        Some(folder) => Some(archive_in(folder).await?),
        None => configured_archive(data).await?,
    };
    let mut archive = place.map(|place| ArchiveReader::new(place, &identity.key));
    if let Some(archive) = &mut archive {
        // Before what is committed is read: a node may be archiving.
        let looked = tokio::task::block_in_place(|| archive.look(identity.partitions));
        looked.map_err(|error| Failure::damaged(error.to_string()))?;
    }
    let session = Session::begin(data).await?;
    let settled = session.post(SETTLE, &json!({})).await;
    let Audited { name, totals, wrong, log, plays_bytes } = match cluster::of(data)? {
        None => {
            session.end().await?;
            settled?;
            own(data, &disk, identity.partitions).await?
        }
        Some(config) => {
            let audited = match settled {
                Ok(_) => of_node(&session, &config).await,
                Err(failure) => Err(failure),
            };
            session.end().await?;
            audited?
        }
    };
    let mut wrong: Vec<String> = wrong.iter().map(|wrong| format!("{name}: {wrong}")).collect();
    let parts = Parts {
        disk: &disk,
        identity: &identity,
        log: &log,
        plays_bytes: &plays_bytes,
        archive: archive.as_ref(),
        overtaken,
    };
    let mut audit = tokio::task::block_in_place(|| compare_all(&parts, &totals, name))?;
    wrong.append(&mut audit.differences);
    audit.differences = wrong;
    Ok(audit)
}

/// The archive that a node's configuration names.
async fn configured_archive(data: &Path) -> Result<Option<Archive>, Failure> {
    let Some(place) = cluster::of(data)?.and_then(|config| config.archive) else { return Ok(None) };
    cluster::open_archive(&place).await.map(Some)
}

/// A log is released every few seconds at most, so that it overtakes an audit again and again is unlikely.
const ATTEMPTS_MAX: u32 = 5;

const SETTLE: &str = "/control/v1/settle?tick=true";

/// What is audited.
struct Audited {
    /// What the state is called.
    name: &'static str,
    /// What it says, all of one moment.
    totals: Vec<PartitionTotals>,
    /// What is wrong with the state itself.
    wrong: Vec<String>,
    log: Log,
    /// How far each plays log holds what is committed; it may hold more.
    plays_bytes: Vec<u64>,
}

/// The raw log.
enum Log {
    /// In the data folder.
    Files(ReportLogReader),
    /// On a topic, where records that nobody can read were set apart.
    Topic(Arc<dyn ReportLog>),
}

/// In a data folder that has everything.
async fn own(data: &Path, disk: &Arc<dyn Disk>, partitions: u16) -> Result<Audited, Failure> {
    let store = SqlStore::open_read_only(&data.join("state.db")).await?;
    let (totals, wrong) = (store.totals().await?, store.verify().await?);
    let reader = ReportLogReader::open(disk.clone(), partitions)
        .map_err(|error| Failure::damaged(error.to_string()))?;
    let plays_bytes = totals.iter().map(|totals| totals.commit.plays_bytes).collect();
    Ok(Audited { name: "state.db", totals, wrong, log: Log::Files(reader), plays_bytes })
}

/// On a node of several, whose plays logs have addresses of their own: what is committed now, once this
/// node has judged it too.
async fn of_node(session: &Session, config: &Config) -> Result<Audited, Failure> {
    let (totals, mut wrong, log) = cluster::auditing(config).await?;
    session.post(SETTLE, &json!({})).await?;
    let applied = session.get("/control/v1/applied").await?;
    let applied: Vec<Applied> =
        serde_json::from_value(applied).map_err(|error| Failure::from_error(&error))?;
    for (totals, applied) in totals.iter().zip(&applied) {
        let commit = totals.commit;
        if applied.position < commit.position.0 {
            return Err(Failure::failed(format!(
                "{} is judged on this node up to position {} only, and committed up to {}: try again \
                 once it has caught up",
                commit.partition, applied.position, commit.position
            )));
        }
    }
    if applied.len() != totals.len() {
        return Err(Failure::failed(
            "this node judges nothing; audit on one with the role count, api or worker",
        ));
    }
    // What others count by SQL is held against the plays logs, and these against the recount.
    let stored = session.get("/control/v1/stored-counts").await?;
    let differences = stored["differences"].as_array().into_iter().flatten();
    wrong.extend(differences.filter_map(Value::as_str).map(str::to_owned));
    let plays_bytes = applied.iter().map(|applied| applied.plays_bytes).collect();
    Ok(Audited { name: "PostgreSQL", totals, wrong, log: Log::Topic(log), plays_bytes })
}

/// Where the partitions are read.
struct Parts<'a> {
    disk: &'a Arc<dyn Disk>,
    identity: &'a Identity,
    log: &'a Log,
    plays_bytes: &'a [u64],
    archive: Option<&'a ArchiveReader>,
    overtaken: &'a AtomicBool,
}

fn compare_all(
    parts: &Parts<'_>,
    totals: &[PartitionTotals],
    name: &'static str,
) -> Result<Audit, Failure> {
    let mut audit = Audit { recount_matches: true, conserved: true, ..Audit::default() };
    audit.archive = parts.archive.map(|_| Compared::default());
    let bar = progress::count("records recounted");
    for (totals, plays_bytes) in totals.iter().zip(parts.plays_bytes) {
        let one = OnePartition { parts, totals, plays_bytes: *plays_bytes };
        let recounted = one.recount(&|records| bar.inc(records))?;
        let claimed = one.claimed()?;
        audit.add(&recounted);
        let named = |sentence: String| format!("{}: {sentence}", totals.commit.partition);
        let differences = compare(&recounted, &claimed);
        audit.recount_matches &= differences.is_empty();
        audit.differences.extend(differences.iter().map(|found| named(found.to_string())));
        for (whose, counts, plays) in [
            ("the recount", &recounted.counts, recounted.plays.len()),
            (name, &claimed.counts, claimed.plays.len()),
        ] {
            let imbalances = check_conservation(counts, plays as u64);
            audit.conserved &= imbalances.is_empty();
            let sentences = imbalances.iter().map(|found| named(format!("{whose}: {found}")));
            audit.differences.extend(sentences);
        }
        audit.differences.extend(one.check_index()?.into_iter().map(named));
        if let (Some(reader), Some(sum)) = (parts.archive, &mut audit.archive) {
            let compared = one.compare_archive(reader)?;
            sum.records += compared.records;
            sum.changes += compared.changes;
            sum.archived_to.0 += compared.archived_to.0;
            let told = compared.differences.into_iter();
            audit.differences.extend(told.map(|it| named(format!("archive: {it}"))));
        }
    }
    bar.finish_and_clear();
    audit.differences.truncate(DIFFERENCES_MAX);
    Ok(audit)
}

/// So many bytes of a topic are read at once.
const READ_BYTES: usize = 4 << 20;
/// How often a snapshot is read that a server replaces meanwhile.
const SNAPSHOT_TRIES: u32 = 5;

struct OnePartition<'a> {
    parts: &'a Parts<'a>,
    totals: &'a PartitionTotals,
    plays_bytes: u64,
}

impl OnePartition<'_> {
    fn partition(&self) -> PartitionId {
        self.totals.commit.partition
    }

    /// Recounts the raw log up to what is committed.
    fn recount(&self, told: &dyn Fn(u64)) -> Result<Recounted, Failure> {
        let mut last_tick = None;
        self.for_each_record(&mut |position, _, bytes| {
            if bytes.first() == Some(&TICK) {
                last_tick = Some(position);
            }
            Ok(())
        })?;
        let mut recount = PartitionRecount::new(last_tick);
        self.for_each_record(&mut |position, received_at, bytes| {
            let record = LogRecord::decode(bytes).map_err(|error| error.to_string())?;
            recount.record(position, received_at, &record);
            told(1);
            Ok(())
        })?;
        Ok(recount.finish())
    }

    fn for_each_record(&self, each: &mut EachRecord<'_>) -> Result<(), Failure> {
        let partition = self.partition();
        let until = self.totals.commit.position;
        // On a topic, what nobody can read was set apart.
        let apart = |record: &[u8]| {
            matches!(self.parts.log, Log::Topic(_)) && LogRecord::decode(record).is_err()
        };
        let mut each = |position, received_at, record: &[u8]| {
            if apart(record) { Ok(()) } else { each(position, received_at, record) }
        };
        let mut from = Position(0);
        if let Some(archive) = self.parts.archive {
            let read = archive.for_each_run(partition, until, &mut |run| {
                for (received_at, record) in run.records.iter() {
                    if from >= until {
                        break;
                    }
                    each(from, received_at, record).map_err(|why| {
                        ArchiveError::Gap(format!("{partition}, archived position {from}: {why}"))
                    })?;
                    from = from.plus(1);
                }
                Ok(())
            });
            read.map_err(|error| Failure::damaged(error.to_string()))?;
        }
        let start = self.log_start()?;
        if start > from && from < until {
            return Err(Failure::failed(format!(
                "{partition}: the log begins at position {start}; what stood before was released, and is \
                 archived up to position {from} only, so it can't be recounted"
            )));
        }
        self.log_range(from, until, &mut each)
    }

    fn log_start(&self) -> Result<Position, Failure> {
        match &self.parts.log {
            Log::Files(reader) => {
                reader.start(self.partition()).map_err(|error| Failure::damaged(error.to_string()))
            }
            Log::Topic(log) => Ok(log.start(self.partition())),
        }
    }

    /// All records of a part of the log, also those that nobody can read.
    fn log_range(
        &self,
        from: Position,
        until: Position,
        each: &mut EachRecord<'_>,
    ) -> Result<(), Failure> {
        let partition = self.partition();
        let damaged = |error: LogError| {
            if matches!(error, LogError::Released { .. }) {
                self.parts.overtaken.store(true, Ordering::Relaxed);
            }
            Failure::damaged(error.to_string())
        };
        let mut broken = None;
        let mut frame = |header: &FrameHeader, payload: &[u8]| {
            if let Err(why) = self.for_each_of_frame(header, payload, (from, until), each) {
                broken.get_or_insert(why);
            }
        };
        match &self.parts.log {
            Log::Files(reader) => {
                reader.for_each_frame(partition, from, until, &mut frame).map_err(damaged)?;
            }
            Log::Topic(log) => {
                let mut next = from;
                while next < until {
                    for read in log.read(partition, next, READ_BYTES).map_err(damaged)? {
                        frame(&read.header, read.payload());
                        next = read.header.first.plus(u64::from(read.header.count));
                    }
                }
            }
        }
        broken.map_or(Ok(()), |why| Err(Failure::damaged(why)))
    }

    fn for_each_of_frame(
        &self,
        header: &FrameHeader,
        payload: &[u8],
        (from, until): (Position, Position),
        each: &mut EachRecord<'_>,
    ) -> Result<(), String> {
        let mut position = header.first;
        for record in Records::new(payload) {
            let named = |why: String| {
                format!("reports/{}: the record at position {position}: {why}", self.partition())
            };
            let (_, bytes) = record.map_err(|error| named(error.to_string()))?;
            if (from..until).contains(&position) {
                each(position, header.received_at, bytes).map_err(named)?;
            }
            position = position.plus(1);
        }
        Ok(())
    }

    /// The archive against both logs, as far as these have what it has.
    fn compare_archive(&self, reader: &ArchiveReader) -> Result<Compared, Failure> {
        let unread = |failure: Failure| ArchiveError::Gap(failure.to_string());
        let logs = ComparedLogs {
            key: self.parts.identity.key,
            partition: self.partition(),
            start: self.log_start()?,
            committed: self.totals.commit.position,
            reports: &mut |from, until, each| {
                let mut each = |position, received_at, record: &[u8]| {
                    each(position, received_at, record).map_err(|error| error.to_string())
                };
                self.log_range(from, until, &mut each).map_err(unread)
            },
            plays: &mut |each| {
                let mut each = |_, play: &PlayRecord<'_>| each(play);
                self.for_each_play(self.plays_bytes, &mut each).map_err(unread)
            },
        };
        compare_with_logs(reader, logs).map_err(|error| Failure::damaged(error.to_string()))
    }

    /// What the plays log and the store say.
    fn claimed(&self) -> Result<Claimed, Failure> {
        let positive = |sum: i64| u64::try_from(sum).unwrap_or(u64::MAX);
        let totals = self.totals;
        let by_day = totals.counted.iter().map(|(day, sum)| (day.to_string(), positive(*sum)));
        let counts = Counts {
            accepted: totals.accepted.iter().map(|(hour, sum)| (*hour, positive(*sum))).collect(),
            verdicts: totals.verdicts.iter().map(|(key, sum)| (*key, positive(*sum))).collect(),
            statuses: totals
                .statuses
                .iter()
                .filter(|(_, sum)| **sum != 0)
                .map(|(key, sum)| (*key, positive(*sum)))
                .collect(),
            counted: Counted { by_day: by_day.collect(), ..Counted::default() },
        };
        let mut claimed = Claimed::new(counts);
        let dimensions = [Dimension::Track, Dimension::User, Dimension::Territory, Dimension::Tier];
        let mut tallies = dimensions.map(|dimension| Tally::new(dimension, Days::default()));
        self.for_each_play(self.plays_bytes, &mut |_, play| {
            if play.cause >= totals.commit.position {
                return;
            }
            claimed.take(play);
            for tally in &mut tallies {
                tally.add(play);
            }
        })?;
        let [by_track, by_user, by_territory, by_tier] =
            tallies.map(|tally| tally.rows().map(|(value, sum)| (value, positive(sum))).collect());
        let by_day = std::mem::take(&mut claimed.counts.counted.by_day);
        claimed.counts.counted = Counted { by_track, by_user, by_territory, by_tier, by_day };
        Ok(claimed)
    }

    fn for_each_play(
        &self,
        until: u64,
        each: &mut dyn FnMut(PlayAddress, &PlayRecord<'_>),
    ) -> Result<(), Failure> {
        let partition = self.partition();
        let reader = SegmentPlaysReader::open(
            self.parts.disk.clone(),
            partition,
            self.parts.identity.partitions,
        )
        .map_err(|error| Failure::damaged(error.to_string()))?;
        let mut broken = None;
        reader
            .scan(0, until, &mut |address, bytes| match PlayRecord::decode(bytes) {
                Ok(play) => each(address, &play),
                Err(error) => broken = broken.take().or(Some((address, error))),
            })
            .map_err(|error| Failure::damaged(error.to_string()))?;
        match broken {
            None => Ok(()),
            Some((address, error)) => Err(Failure::damaged(format!(
                "plays/{partition}: the record at address {}: {error}",
                address.0
            ))),
        }
    }

    /// Whether the sealed index has the newest record of every play whose key is not
    /// forgotten, and the listeners' books that of every play; and nothing else.
    fn check_index(&self) -> Result<Vec<String>, Failure> {
        let mut sealed = BTreeMap::<(IdentityHash, Bucket), PlayAddress>::new();
        let mut pages = BTreeSet::<Paged>::new();
        let mut gone = BTreeSet::<Paged>::new();
        let mut tries = 0;
        let index = loop {
            sealed.clear();
            pages.clear();
            gone.clear();
            let read = read_sealed_index(
                &**self.parts.disk,
                self.partition(),
                &mut |hash, entry| {
                    sealed.insert((hash, entry.bucket()), entry.address());
                },
                &mut |bucket, entry| {
                    let of = if entry.flags.has(Flags::GONE) { &mut gone } else { &mut pages };
                    of.insert((bucket, entry.listener, entry.address));
                },
            );
            tries += 1;
            match read {
                Ok(index) => break index,
                // A server may have replaced the snapshot and its runs meanwhile.
                Err(LogError::Io { .. }) if tries < SNAPSHOT_TRIES => {}
                Err(error) => return Err(Failure::damaged(error.to_string())),
            }
        };
        let Some(index) = index else { return Ok(Vec::new()) };
        let mut expected = BTreeMap::<(IdentityHash, Bucket), PlayAddress>::new();
        let mut expected_pages = BTreeMap::<PlayAddress, Paged>::new();
        self.for_each_play(index.plays_bytes, &mut |address, play| {
            if let Some(listener) = book_hash(&self.parts.identity.key, &play.identity) {
                play.previous.map(|previous| expected_pages.remove(&previous));
                let day = Bucket::Day(play.started_at.day());
                expected_pages.insert(address, (day, listener, address));
            }
            let hash = identity_hash(&self.parts.identity.key, &play.identity);
            let play_id = play.identity.key.play_id();
            let home = Homes::of(play.producer, play_id, play.first_received_at).own;
            expected.insert((hash, home), address);
        })?;
        let clock = index.state.clock;
        expected.retain(|(_, bucket), _| !bucket.is_forgotten(clock));
        sealed.retain(|(_, bucket), _| !bucket.is_forgotten(clock));
        let folder = format!("index/{}", self.partition());
        let mut wrong = Vec::new();
        for (key, address) in &expected {
            if sealed.get(key) != Some(address) {
                wrong.push(format!(
                    "{folder}: the play whose newest record is at {} is not found there",
                    address.0
                ));
            }
        }
        for key in sealed.keys().filter(|key| !expected.contains_key(*key)) {
            wrong.push(format!(
                "{folder}: it knows a play {:032x} that the plays log hasn't",
                key.0.0
            ));
        }
        pages.retain(|entry| !gone.contains(entry));
        let expected_pages: BTreeSet<Paged> = expected_pages.into_values().collect();
        for (.., address) in expected_pages.symmetric_difference(&pages) {
            wrong.push(format!(
                "{folder}: the listeners' books and the plays log differ on the record at {}",
                address.0
            ));
        }
        wrong.truncate(DIFFERENCES_MAX);
        Ok(wrong)
    }
}

/// A record in a listener's book: day, listener, address.
type Paged = (Bucket, ListenerHash, PlayAddress);
type EachRecord<'e> = dyn FnMut(Position, ledgerline_ids::UnixMs, &[u8]) -> Result<(), String> + 'e;
