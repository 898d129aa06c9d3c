//! Records and changes of counted plays, from the files of an archive.

use ledgerline_ids::{HashKey, PartitionId, Position};
use std::collections::{BTreeMap, VecDeque};
use tokio::runtime::Handle;

use super::runs::{Kind, RunLimits, first_of, folder, plays_name, reports_name};
use super::writing::in_file;
use super::{Archive, ArchiveError, key_fingerprint};
use crate::ports::blobs::{BLOB_PAGE_MAX, list_all};
use crate::ports::{ArchivedChange, ArchivedChanges, ArchivedReports, BlobName};

/// More runs of a partition than these are too many to be listed in memory.
const RUNS_MAX: usize = 1_000_000;

/// Reads an archive, one file after another: what is in memory is one run. Its calls block, and so must
/// be made where that is allowed (`spawn_blocking`, `block_in_place`).
pub struct ArchiveReader {
    archive: Archive,
    key_fingerprint: String,
    runtime: Handle,
    /// The runs that there were when it was looked, where that is what counts.
    known: BTreeMap<PartitionId, Vec<Position>>,
}

impl ArchiveReader {
    /// Of an archive of the deployment with this key. Must be made within the runtime that the store
    /// of blobs is to use.
    #[must_use]
    pub fn new(archive: Archive, key: &HashKey) -> Self {
        let (key_fingerprint, runtime) = (key_fingerprint(key), Handle::current());
        Self { archive, key_fingerprint, runtime, known: BTreeMap::new() }
    }

    /// Looks which runs there are, and from then on knows of no others: what is archived meanwhile may be
    /// more than was committed when somebody asked.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn look(&mut self, partitions: u16) -> Result<(), ArchiveError> {
        for partition in (0..partitions).map(PartitionId) {
            let runs = self.runs(partition)?;
            self.known.insert(partition, runs);
        }
        Ok(())
    }

    /// The first positions of a partition's runs, in their order; the runs join without a gap, as far as
    /// names tell.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn runs(&self, partition: PartitionId) -> Result<Vec<Position>, ArchiveError> {
        if let Some(runs) = self.known.get(&partition) {
            return Ok(runs.clone());
        }
        let folder = folder(Kind::Reports, partition);
        let listed = list_all(&*self.archive.blobs, &folder, RUNS_MAX);
        let extension = self.archive.files.extension();
        let listed = self.runtime.block_on(listed)?;
        listed.iter().map(|blob| first_of(&blob.name, extension)).collect()
    }

    /// Whether the run that begins at a position has so many changes of counted plays, in files that
    /// can be read.
    ///
    /// # Errors
    /// [`ArchiveError`] where a file is missing, damaged, or another one's.
    pub(super) fn check_changes(
        &self,
        partition: PartitionId,
        (first, changes): (Position, u64),
    ) -> Result<(), ArchiveError> {
        let mut reading = ArchivedChangesOf {
            reader: self,
            partition,
            runs: VecDeque::new(),
            left: Some((first, 0, changes)),
            changes: VecDeque::new(),
        };
        while reading.next_change()?.is_some() {}
        Ok(())
    }

    /// The run that begins at a position.
    ///
    /// # Errors
    /// [`ArchiveError`], also where it is another deployment's.
    pub fn run(
        &self,
        partition: PartitionId,
        first: Position,
    ) -> Result<ArchivedReports, ArchiveError> {
        let reading = read_run(&self.archive, &self.key_fingerprint, partition, first);
        self.runtime.block_on(reading)
    }

    /// Gives each run of a partition that begins before `until` to `each`, in order.
    ///
    /// # Errors
    /// [`ArchiveError`]: also where a run is missing, and whatever `each` says.
    pub fn for_each_run(
        &self,
        partition: PartitionId,
        until: Position,
        each: &mut dyn FnMut(&ArchivedReports) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let mut next = Position(0);
        for first in self.runs(partition)?.into_iter().take_while(|first| *first < until) {
            if first != next {
                return Err(missing(partition, next, first));
            }
            let run = self.run(partition, first)?;
            next = run.head.end;
            each(&run)?;
        }
        Ok(())
    }

    /// The changes of counted plays of all runs that begin before `until`, one after another.
    ///
    /// # Errors
    /// [`ArchiveError`] where the runs can't be listed.
    pub fn changes(
        &self,
        partition: PartitionId,
        until: Position,
    ) -> Result<ArchivedChangesOf<'_>, ArchiveError> {
        let runs = self.runs(partition)?.into_iter().take_while(|first| *first < until).collect();
        Ok(ArchivedChangesOf {
            reader: self,
            partition,
            runs,
            left: None,
            changes: VecDeque::new(),
        })
    }
}

/// Changes of counted plays, read as they are asked for.
pub struct ArchivedChangesOf<'r> {
    reader: &'r ArchiveReader,
    partition: PartitionId,
    runs: VecDeque<Position>,
    /// Of the run that is being read: where it begins, the next part, how many changes are to come.
    left: Option<(Position, u32, u64)>,
    changes: VecDeque<ArchivedChange>,
}

impl ArchivedChangesOf<'_> {
    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// [`ArchiveError`] where a file is missing or damaged.
    pub fn next_change(&mut self) -> Result<Option<ArchivedChange>, ArchiveError> {
        loop {
            if let Some(change) = self.changes.pop_front() {
                return Ok(Some(change));
            }
            match self.left {
                Some((first, part, left)) if left > 0 => self.read_part(first, part, left)?,
                _ => {
                    let Some(first) = self.runs.pop_front() else { return Ok(None) };
                    let run = self.reader.run(self.partition, first)?;
                    self.left = Some((first, 0, run.changes));
                }
            }
        }
    }

    fn read_part(&mut self, first: Position, part: u32, left: u64) -> Result<(), ArchiveError> {
        let ArchiveReader { archive, key_fingerprint, runtime, .. } = self.reader;
        let name = plays_name(self.partition, first, part, archive.files.extension());
        let file = runtime.block_on(archive.blobs.get(&name))?;
        let file = file.ok_or_else(|| ArchiveError::Gap(format!("{name} is missing")))?;
        let found = archive.files.read_changes(file).map_err(in_file(&name))?;
        let place = (found.head.partition, found.head.first, found.part);
        let count = found.changes.len() as u64;
        if found.head.key_fingerprint != *key_fingerprint {
            return Err(ArchiveError::Foreign { name });
        }
        if place != (self.partition, first, part) || count == 0 || count > left {
            return Err(misplaced(&name));
        }
        self.left = Some((first, part + 1, left - count));
        self.changes = found.changes.into();
        Ok(())
    }
}

/// A run's file of records, which must be what its name says.
pub(super) async fn read_run(
    archive: &Archive,
    key_fingerprint: &str,
    partition: PartitionId,
    first: Position,
) -> Result<ArchivedReports, ArchiveError> {
    let name = reports_name(partition, first, archive.files.extension());
    let file = archive.blobs.get(&name).await?;
    let file = file.ok_or_else(|| ArchiveError::Gap(format!("{name} is missing")))?;
    let run = archive.files.read_reports(file).map_err(in_file(&name))?;
    if run.head.key_fingerprint != key_fingerprint {
        return Err(ArchiveError::Foreign { name });
    }
    if (run.head.partition, run.head.first) != (partition, first) {
        return Err(misplaced(&name));
    }
    Ok(run)
}

/// A partition's last run, its name and where it ends; behind the one that is known already, where one
/// is. Runs before it were there when it was put, for each is put after all before it.
pub(super) async fn last_run(
    archive: &Archive,
    key_fingerprint: &str,
    partition: PartitionId,
    known: Option<(BlobName, Position)>,
) -> Result<Option<(BlobName, Position)>, ArchiveError> {
    let folder = folder(Kind::Reports, partition);
    let mut last = known.as_ref().map(|(name, _)| name.clone());
    loop {
        let page = archive.blobs.list(Some(&folder), last.as_ref(), BLOB_PAGE_MAX).await?;
        let Some(newest) = page.blobs.last() else { break };
        last = Some(newest.name.clone());
        if !page.more {
            break;
        }
    }
    match (last, known) {
        (None, _) => Ok(None),
        (Some(last), Some(known)) if last == known.0 => Ok(Some(known)),
        (Some(last), _) => {
            let first = first_of(&last, archive.files.extension())?;
            let run = read_run(archive, key_fingerprint, partition, first).await?;
            Ok(Some((last, run.head.end)))
        }
    }
}

/// What of a part that is there differs from what should be.
pub(super) fn part_must_be(there: &ArchivedChanges, ours: &ArchivedChanges) -> Option<String> {
    if there == ours {
        return None;
    }
    if (&there.head, there.part, there.changes.len()) != (&ours.head, ours.part, ours.changes.len())
    {
        return Some(format!(
            "it has {} changes of counted plays for positions {} to {}, and here it is {} for {} to {}",
            there.changes.len(),
            there.head.first,
            there.head.end,
            ours.changes.len(),
            ours.head.first,
            ours.head.end,
        ));
    }
    let mut pairs = there.changes.iter().zip(&ours.changes);
    let (there, ours) = pairs.find(|(there, ours)| there != ours)?;
    Some(difference_of_changes(there, ours))
}

/// A sentence on two changes that should be the same.
pub(super) fn difference_of_changes(there: &ArchivedChange, ours: &ArchivedChange) -> String {
    let told = |it: &ArchivedChange| {
        format!(
            "{:+} for {} by transition {} ({}, caused at {})",
            it.change, it.track_id, it.transition_id, it.to_status, it.cause
        )
    };
    format!("the archive has {}, and here it is {}", told(there), told(ours))
}

fn misplaced(name: &BlobName) -> ArchiveError {
    ArchiveError::Gap(format!("{name} is not what its name says: it was put there for another"))
}

/// Whether runs that begin there can follow each other, as far as that can be told: none has more
/// records than a run may have.
pub(super) fn runs_join(
    partition: PartitionId,
    firsts: &[Position],
    limits: RunLimits,
) -> Result<(), ArchiveError> {
    let Some(first) = firsts.first() else { return Ok(()) };
    if *first != Position(0) {
        return Err(missing(partition, Position(0), *first));
    }
    let pairs = firsts.iter().zip(&firsts[1..]);
    for (first, next) in pairs {
        if next.0 - first.0 > limits.records_max as u64 {
            return Err(missing(partition, *first, *next));
        }
    }
    Ok(())
}

pub(super) fn missing(partition: PartitionId, from: Position, until: Position) -> ArchiveError {
    ArchiveError::Gap(format!(
        "the archive of {partition} lacks positions {from} to {until}, though later ones are there: restore \
         the files that were deleted"
    ))
}
