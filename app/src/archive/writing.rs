//! One partition's runs, up to what is committed.

use ledgerline_ids::{HashKey, PartitionId, Position};
use ledgerline_records::frame::Records;
use ledgerline_records::play::PlayRecord;
use std::sync::Arc;
use tokio::runtime::Handle;

use super::comparing::{Compared, ComparedLogs, compare_run, compare_with_logs, read_log};
use super::reading::{part_must_be, read_run};
use super::runs::{Cut, Cutting, plays_name, reports_name};
use super::{Archive, ArchiveError, ArchiveReader};
use crate::ports::{
    ArchiveFileError, ArchivedChange, ArchivedChanges, ArchivedReports, BlobName, LogError, Put,
    RecordsOfRun, ReportLog, RunHead,
};
use crate::reading::Readers;

/// About this many bytes of the log are read at once.
const READ_BYTES: usize = 8 << 20;

/// What a partition's archive is written from.
pub(super) struct Source {
    pub key: HashKey,
    pub key_fingerprint: String,
    pub partition: PartitionId,
    pub log: Arc<dyn ReportLog>,
    pub readers: Readers,
    /// Nothing from here on is archived.
    pub committed: Position,
    /// How long the plays log is there, in bytes.
    pub plays_bytes: u64,
}

/// A run that is in the archive now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub end: Position,
    pub records: u64,
    pub changes: u64,
    /// Whether its file of records wasn't there before.
    pub created: bool,
}

impl Source {
    /// Writes the run that begins at `first`; `None` where it isn't over. Blocks.
    pub(super) fn write_run(
        &self,
        archive: &Archive,
        runtime: &Handle,
        first: Position,
    ) -> Result<Option<Written>, ArchiveError> {
        let Some(records) = self.cut_run(archive, first)? else { return Ok(None) };
        let count = records.len() as u64;
        let head = RunHead {
            partition: self.partition,
            first,
            end: first.plus(count),
            key_fingerprint: self.key_fingerprint.clone(),
        };
        let putting = Putting { archive, runtime };
        let mut parts = Parts {
            putting,
            part: ArchivedChanges { head: head.clone(), part: 0, changes: Vec::new() },
            changes: 0,
        };
        let sieve = &self.readers.sieves_of(self.partition).plays;
        let from = sieve.read_from(first);
        let until =
            sieve.read_until(head.end).map_or(self.plays_bytes, |it| it.min(self.plays_bytes));
        let mut failed = None;
        self.readers.for_each(self.partition, from, until, &mut |_, play| {
            if failed.is_none() && (head.first..head.end).contains(&play.cause) {
                failed = parts.take(ArchivedChange::of(play, &self.key)).err();
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let changes = parts.end()?;
        // The last of a run's files: where it is, the others are.
        let run = ArchivedReports { head, changes, records };
        let name = reports_name(self.partition, first, archive.files.extension());
        let file = archive.files.write_reports(&run).map_err(in_file(&name))?;
        let created = putting.put(&name, file, &mut |there| {
            let there = archive.files.read_reports(there)?;
            Ok(difference_of_runs(&there, &run))
        })?;
        Ok(Some(Written { end: run.head.end, records: count, changes, created }))
    }

    /// Whether the run that begins at `first` has the records that the log has there, as far as the log
    /// still has them; where it ends, and how many changes of counted plays belong to it. Blocks.
    pub(super) fn check_run(
        &self,
        archive: &Archive,
        runtime: &Handle,
        first: Position,
    ) -> Result<(Position, u64), ArchiveError> {
        let reading = read_run(archive, &self.key_fingerprint, self.partition, first);
        let run = runtime.block_on(reading)?;
        let mut compared = Compared::default();
        let start = self.log.start(self.partition);
        let log = &*self.log;
        compare_run(&mut compared, &run, start, &mut |from, until, each| {
            read_log(log, self.partition, (from, until), each)
        })?;
        match compared.differences.pop() {
            None => Ok((run.head.end, run.changes)),
            Some(detail) => {
                let name = reports_name(self.partition, first, archive.files.extension());
                Err(ArchiveError::Differs { name, detail })
            }
        }
    }

    /// The whole archive against the logs. Blocks.
    pub(super) fn compare(&self, reader: &ArchiveReader) -> Result<Compared, ArchiveError> {
        let logs = ComparedLogs {
            key: self.key,
            partition: self.partition,
            start: self.log.start(self.partition),
            committed: self.committed,
            reports: &mut |from, until, each| {
                read_log(&*self.log, self.partition, (from, until), each)
            },
            plays: &mut |each| {
                let mut each = |_, play: &PlayRecord<'_>| each(play);
                Ok(self.readers.for_each(self.partition, 0, self.plays_bytes, &mut each)?)
            },
        };
        compare_with_logs(reader, logs)
    }

    /// The records of the run that begins at `first`, where what is committed shows that it is over.
    fn cut_run(
        &self,
        archive: &Archive,
        first: Position,
    ) -> Result<Option<RecordsOfRun>, ArchiveError> {
        let mut cutting = Cutting::new(archive.limits);
        let mut position = first;
        while position < self.committed {
            let before = position;
            for frame in self.log.read(self.partition, position, READ_BYTES)? {
                let mut at = frame.header.first;
                for record in Records::new(frame.payload()) {
                    if at >= self.committed {
                        return Ok(None);
                    }
                    if at >= position {
                        let (_, record) = record.map_err(|error| LogError::Damaged {
                            file: format!("reports/{}", self.partition),
                            offset: at.0,
                            detail: format!("the record at this position: {error}"),
                        })?;
                        match cutting.take(frame.header.received_at, record) {
                            Cut::Open => {}
                            Cut::Before | Cut::Behind => return Ok(Some(cutting.records)),
                        }
                    }
                    at = at.plus(1);
                }
                position = position.max(at);
            }
            if position == before {
                // What others committed hasn't come here yet.
                return Ok(None);
            }
        }
        Ok(None)
    }
}

/// Puts files where none is.
#[derive(Clone, Copy)]
struct Putting<'p> {
    archive: &'p Archive,
    runtime: &'p Handle,
}

/// Says what of a file that is there differs from what should be; `None` where nothing does.
type Comparing<'c> = dyn FnMut(Vec<u8>) -> Result<Option<String>, ArchiveFileError> + 'c;

impl Putting<'_> {
    /// Says whether it wasn't there before. Another build may have written the same content as
    /// other bytes: then what is in it is compared.
    fn put(
        &self,
        name: &BlobName,
        file: Vec<u8>,
        differs: &mut Comparing<'_>,
    ) -> Result<bool, ArchiveError> {
        let blobs = &self.archive.blobs;
        match self.runtime.block_on(blobs.put(name, file))? {
            Put::Created => return Ok(true),
            Put::Same => return Ok(false),
            Put::Other => {}
        }
        let there = self.runtime.block_on(blobs.get(name))?;
        let there = there.ok_or_else(|| {
            ArchiveError::Gap(format!(
                "{name} was there, and is gone: somebody deletes what is archived"
            ))
        })?;
        match differs(there).map_err(in_file(name))? {
            None => Ok(false),
            Some(detail) => Err(ArchiveError::Differs { name: name.clone(), detail }),
        }
    }
}

/// A run's changes of counted plays, on their way into files.
struct Parts<'p> {
    putting: Putting<'p>,
    part: ArchivedChanges,
    changes: u64,
}

impl Parts<'_> {
    fn take(&mut self, changes: impl Iterator<Item = ArchivedChange>) -> Result<(), ArchiveError> {
        for change in changes {
            self.part.changes.push(change);
            if self.part.changes.len() >= self.putting.archive.limits.changes_max {
                self.put()?;
            }
        }
        Ok(())
    }

    fn put(&mut self) -> Result<(), ArchiveError> {
        let Self { putting, part, changes } = self;
        let files = &putting.archive.files;
        let name = plays_name(part.head.partition, part.head.first, part.part, files.extension());
        let file = files.write_changes(part).map_err(in_file(&name))?;
        putting.put(&name, file, &mut |there| {
            let there = files.read_changes(there)?;
            Ok(part_must_be(&there, part))
        })?;
        *changes += part.changes.len() as u64;
        part.part += 1;
        part.changes.clear();
        Ok(())
    }

    /// Puts what is left, and says how many there were.
    fn end(mut self) -> Result<u64, ArchiveError> {
        if !self.part.changes.is_empty() {
            self.put()?;
        }
        Ok(self.changes)
    }
}

fn difference_of_runs(there: &ArchivedReports, ours: &ArchivedReports) -> Option<String> {
    if there == ours {
        return None;
    }
    if there.head != ours.head {
        return Some(format!(
            "it has positions {} to {}, where the log makes a run of {} to {}",
            there.head.first, there.head.end, ours.head.first, ours.head.end
        ));
    }
    if there.changes != ours.changes {
        return Some(format!(
            "it says that {} counts changed, and here it is {}",
            there.changes, ours.changes
        ));
    }
    let mut pairs = there.records.iter().zip(ours.records.iter());
    let at = pairs.position(|(there, ours)| there != ours).unwrap_or(there.records.len());
    Some(format!("the record at position {} is another", ours.head.first.plus(at as u64)))
}

/// An error of the file of this name.
pub(super) fn in_file(name: &BlobName) -> impl Fn(ArchiveFileError) -> ArchiveError + '_ {
    |error| ArchiveError::File { name: name.clone(), error }
}
