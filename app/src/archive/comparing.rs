//! The files of an archive against the logs: what both have must be the same.

use ledgerline_ids::{HashKey, PartitionId, Position, UnixMs};
use ledgerline_records::frame::Records;
use ledgerline_records::play::PlayRecord;

use super::reading::{ArchivedChangesOf, difference_of_changes};
use super::{ArchiveError, ArchiveReader};
use crate::ports::{ArchivedChange, ArchivedReports, LogError, ReportLog};

/// Takes records of a log in order: position, time at which its frame was received, bytes.
pub type EachRecord<'e> = dyn FnMut(Position, UnixMs, &[u8]) -> Result<(), ArchiveError> + 'e;
/// Gives the records from one position up to another to whoever takes them.
pub type LogRange<'l> =
    dyn FnMut(Position, Position, &mut EachRecord<'_>) -> Result<(), ArchiveError> + 'l;
/// Gives the records of a plays log to whoever takes them, in order.
pub type PlaysScan<'p> =
    dyn FnMut(&mut dyn FnMut(&PlayRecord<'_>)) -> Result<(), ArchiveError> + 'p;

/// What a comparison came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// The position behind the last archived record.
    pub archived_to: Position,
    /// Records that both archive and log have, and that were compared.
    pub records: u64,
    /// Changes of counted plays that were compared.
    pub changes: u64,
    /// What differs, a sentence each: of records and of changes the first, for what follows a difference
    /// differs too.
    pub differences: Vec<String>,
}

/// The logs that an archive is compared with.
pub struct ComparedLogs<'l> {
    /// The key of the deployment's hashes.
    pub key: HashKey,
    /// Which partition.
    pub partition: PartitionId,
    /// The oldest position that its report log still has.
    pub start: Position,
    /// Up to where it is committed.
    pub committed: Position,
    /// Its report log.
    pub reports: &'l mut LogRange<'l>,
    /// Its plays log, up to what is committed.
    pub plays: &'l mut PlaysScan<'l>,
}

/// Compares a partition's archive with its logs. Blocks.
///
/// # Errors
/// [`ArchiveError`] where something can't be read: what differs is no error.
pub fn compare_with_logs(
    reader: &ArchiveReader,
    logs: ComparedLogs<'_>,
) -> Result<Compared, ArchiveError> {
    let ComparedLogs { key, partition, start, committed, reports, plays } = logs;
    let mut compared = Compared::default();
    reader.for_each_run(partition, Position::LIMIT, &mut |run| {
        compared.archived_to = run.head.end;
        if compared.differences.is_empty() && run.head.end <= committed {
            compare_run(&mut compared, run, start, reports)?;
        }
        Ok(())
    })?;
    let archived_to = compared.archived_to;
    if archived_to > committed {
        compared
            .differences
            .push(ArchiveError::Ahead { partition, archived: archived_to, committed }.to_string());
        return Ok(compared);
    }
    let mut archived = reader.changes(partition, archived_to)?;
    let (mut failed, mut differs) = (None, None);
    plays(&mut |play| {
        if play.cause >= archived_to {
            return;
        }
        for change in ArchivedChange::of(play, &key) {
            if failed.is_some() || differs.is_some() {
                return;
            }
            match next_is(&mut archived, &change) {
                Ok(None) => compared.changes += 1,
                Ok(difference) => differs = difference,
                Err(error) => failed = Some(error),
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    if differs.is_none()
        && let Some(more) = archived.next_change()?
    {
        differs = Some(format!(
            "the archive has a change by transition {} that the plays log hasn't",
            more.transition_id
        ));
    }
    compared.differences.extend(differs);
    Ok(compared)
}

fn next_is(
    archived: &mut ArchivedChangesOf<'_>,
    change: &ArchivedChange,
) -> Result<Option<String>, ArchiveError> {
    Ok(match archived.next_change()? {
        Some(there) if there == *change => None,
        Some(there) => Some(difference_of_changes(&there, change)),
        None => Some(format!(
            "the archive lacks the change by transition {} (caused at {})",
            change.transition_id, change.cause
        )),
    })
}

pub(super) fn compare_run(
    compared: &mut Compared,
    run: &ArchivedReports,
    start: Position,
    reports: &mut LogRange<'_>,
) -> Result<(), ArchiveError> {
    let from = run.head.first.max(start);
    if from >= run.head.end {
        return Ok(());
    }
    let skipped = usize::try_from(from.0 - run.head.first.0).unwrap_or(usize::MAX);
    let mut archived = run.records.iter().skip(skipped);
    let mut read = 0;
    reports(from, run.head.end, &mut |position, received_at, record| {
        let same = archived.next() == Some((received_at, record));
        if !same && compared.differences.is_empty() {
            compared
                .differences
                .push(format!("archive and log have another record at position {position}"));
        }
        read += 1;
        Ok(())
    })?;
    compared.records += read;
    let wanted = run.head.end.0 - from.0;
    if read != wanted && compared.differences.is_empty() {
        compared.differences.push(format!(
            "of the positions {from} to {} the log has {read} of {wanted} records",
            run.head.end
        ));
    }
    Ok(())
}

/// Gives the records of a partition's log from one position up to another to `each`.
///
/// # Errors
/// [`ArchiveError`]: the log can't be read, or what `each` says.
pub fn read_log(
    log: &dyn ReportLog,
    partition: PartitionId,
    (from, until): (Position, Position),
    each: &mut EachRecord<'_>,
) -> Result<(), ArchiveError> {
    const READ_BYTES: usize = 8 << 20;
    let mut position = from;
    while position < until {
        let before = position;
        for frame in log.read(partition, position, READ_BYTES)? {
            let mut at = frame.header.first;
            for record in Records::new(frame.payload()) {
                if at >= until {
                    return Ok(());
                }
                let (_, record) = record.map_err(|error| LogError::Damaged {
                    file: format!("reports/{partition}"),
                    offset: at.0,
                    detail: format!("the record at this position: {error}"),
                })?;
                if at >= position {
                    each(at, frame.header.received_at, record)?;
                }
                at = at.plus(1);
            }
            position = position.max(at);
        }
        if position == before {
            let detail = format!("it ends at position {position}, before {until}");
            return Err(ArchiveError::Gap(format!("the report log of {partition}: {detail}")));
        }
    }
    Ok(())
}
