//! `audit`: recount everything from the raw log with other code, and compare.
//!
//! What is audited is what is committed at one moment: the positions, the sums and the
//! lengths of the plays logs are read together, and everything else is read up to there.
//! So it works beside a server that goes on counting.

use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::{Disk, FactStore, LogError, PlaysLogReader};
use ledgerline_app::read_sealed_index;
use ledgerline_counting::fraud::Flags;
use ledgerline_counting::identity::{book_hash, identity_hash};
use ledgerline_counting::index::{Bucket, Homes};
use ledgerline_counting::tally::{Days, Dimension, Tally};
use ledgerline_ids::{IdentityHash, ListenerHash, PartitionId, Position};
use ledgerline_local_disk::LocalDisk;
use ledgerline_records::LogRecord;
use ledgerline_records::control::TICK;
use ledgerline_records::frame::Records;
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

use crate::data_folder::{Identity, must_exist, read_identity};
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};
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
}

pub(super) async fn run(data: &Path, as_json: bool) -> Result<u8, Failure> {
    must_exist(data)?;
    let audit = match audit(data).await {
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

/// Judges what the log holds, then audits what is committed.
///
/// # Errors
/// [`Failure`] where something can't be read at all.
pub async fn audit(data: &Path) -> Result<Audit, Failure> {
    let session = Session::begin(data).await?;
    let settled = session.post("/control/v1/settle?tick=true", &json!({})).await;
    session.end().await?;
    settled?;
    let identity = read_identity(data)?
        .ok_or_else(|| Failure::missing(format!("there is no deployment in {}", data.display())))?;
    let store = SqlStore::open_read_only(&data.join("state.db")).await?;
    let totals = store.totals().await?;
    let mut wrong: Vec<String> =
        store.verify().await?.into_iter().map(|wrong| format!("state.db: {wrong}")).collect();
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk::new(data.to_owned()));
    let mut audit = tokio::task::block_in_place(|| compare_all(&disk, &identity, &totals))?;
    wrong.append(&mut audit.differences);
    audit.differences = wrong;
    Ok(audit)
}

fn compare_all(
    disk: &Arc<dyn Disk>,
    identity: &Identity,
    totals: &[PartitionTotals],
) -> Result<Audit, Failure> {
    let mut audit = Audit { recount_matches: true, conserved: true, ..Audit::default() };
    let bar = progress::count("records recounted");
    for totals in totals {
        let one = OnePartition { disk, identity, totals };
        let recounted = one.recount(&|records| bar.inc(records))?;
        let claimed = one.claimed()?;
        audit.add(&recounted);
        let named = |sentence: String| format!("{}: {sentence}", totals.commit.partition);
        let differences = compare(&recounted, &claimed);
        audit.recount_matches &= differences.is_empty();
        audit.differences.extend(differences.iter().map(|found| named(found.to_string())));
        for (whose, counts, plays) in [
            ("the recount", &recounted.counts, recounted.plays.len()),
            ("state.db", &claimed.counts, claimed.plays.len()),
        ] {
            let imbalances = check_conservation(counts, plays as u64);
            audit.conserved &= imbalances.is_empty();
            let sentences = imbalances.iter().map(|found| named(format!("{whose}: {found}")));
            audit.differences.extend(sentences);
        }
        audit.differences.extend(one.check_index()?.into_iter().map(named));
    }
    bar.finish_and_clear();
    audit.differences.truncate(DIFFERENCES_MAX);
    Ok(audit)
}

/// How often a snapshot is read that a server replaces meanwhile.
const SNAPSHOT_TRIES: u32 = 5;

struct OnePartition<'a> {
    disk: &'a Arc<dyn Disk>,
    identity: &'a Identity,
    totals: &'a PartitionTotals,
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
        let reader = ReportLogReader::open(self.disk.clone(), self.identity.partitions)
            .map_err(|error| Failure::damaged(error.to_string()))?;
        let start = reader.start(partition).map_err(|error| Failure::damaged(error.to_string()))?;
        if start > Position(0) {
            return Err(Failure::failed(format!(
                "{partition}: the log begins at position {start}; what stood before was released, so it can't be recounted"
            )));
        }
        let mut broken = None;
        reader
            .for_each_frame(partition, Position(0), until, &mut |header, payload| {
                let mut position = header.first;
                for record in Records::new(payload) {
                    let read = record.map_err(|error| error.to_string()).and_then(|(_, bytes)| {
                        if position < until {
                            each(position, header.received_at, bytes)
                        } else {
                            Ok(())
                        }
                    });
                    if let Err(why) = read {
                        broken.get_or_insert_with(|| {
                            format!("reports/{partition}: the record at position {position}: {why}")
                        });
                    }
                    position = position.plus(1);
                }
            })
            .map_err(|error| Failure::damaged(error.to_string()))?;
        broken.map_or(Ok(()), |why| Err(Failure::damaged(why)))
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
        self.for_each_play(totals.commit.plays_bytes, &mut |_, play| {
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
        let reader =
            SegmentPlaysReader::open(self.disk.clone(), partition, self.identity.partitions)
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
                &**self.disk,
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
            if let Some(listener) = book_hash(&self.identity.key, &play.identity) {
                play.previous.map(|previous| expected_pages.remove(&previous));
                let day = Bucket::Day(play.started_at.day());
                expected_pages.insert(address, (day, listener, address));
            }
            let hash = identity_hash(&self.identity.key, &play.identity);
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

impl Audit {
    /// Whether nothing differs.
    #[must_use]
    pub fn balanced(&self) -> bool {
        self.recount_matches && self.conserved && self.differences.is_empty()
    }

    fn add(&mut self, recounted: &Recounted) {
        let counts = &recounted.counts;
        self.accepted += counts.accepted.values().sum::<u64>();
        for ((_, verdict), sum) in &counts.verdicts {
            *self.verdicts.entry(verdict.as_str()).or_default() += sum;
        }
        for ((_, status), sum) in &counts.statuses {
            *self.statuses.entry(status.as_str()).or_default() += sum;
        }
    }

    /// The contract's object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut reports = json!(self.verdicts);
        reports["accepted"] = self.accepted.into();
        json!({
            "balanced": self.balanced(),
            "reports": reports,
            "plays": self.statuses,
            "recount_matches": self.recount_matches,
            "differences": self.differences,
        })
    }

    /// For a person.
    #[must_use]
    pub fn to_text(&self) -> String {
        let cell = |sum: &u64| thousands(i64::try_from(*sum).unwrap_or(i64::MAX));
        let mut rows = vec![vec!["recounted from the raw log".to_owned(), String::new()]];
        for (verdict, sum) in &self.verdicts {
            rows.push(vec![format!("reports {verdict}"), cell(sum)]);
        }
        rows.push(vec!["= reports accepted".to_owned(), cell(&self.accepted)]);
        for (status, sum) in &self.statuses {
            rows.push(vec![format!("plays {status}"), cell(sum)]);
        }
        let mut text = table(&rows);
        if self.balanced() {
            text.push_str("\n\nBalanced: every play, every count and every sum agrees.");
            return text;
        }
        text.push_str("\n\nNOT balanced. The first difference:");
        for difference in &self.differences {
            text.push_str("\n  ");
            text.push_str(difference);
        }
        text
    }
}
