//! A walk through the records of a partition.

use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::frame::Records;

use crate::ports::{LogError, ReportLog};

const READ_BYTES: usize = 8 << 20;

/// Takes a record: where it stands, when its frame was received, and what it is.
pub(super) type EachRecord<'e> =
    dyn FnMut(Position, UnixMs, &LogRecord<'_>) -> Result<(), LogError> + 'e;

/// Gives the records of a partition before `end` to `each`, in order.
pub(super) fn for_each_record(
    log: &dyn ReportLog,
    partition: PartitionId,
    end: Position,
    each: &mut EachRecord<'_>,
) -> Result<(), LogError> {
    let mut position = log.start(partition);
    while position < end {
        for frame in log.read(partition, position, READ_BYTES)? {
            let mut at = frame.header.first;
            for record in Records::new(frame.payload()) {
                let record = log.record(partition, at, record)?;
                if let Some(record) = record
                    && (position..end).contains(&at)
                {
                    each(at, frame.header.received_at, &record)?;
                }
                at = at.plus(1);
            }
            position = at;
        }
    }
    Ok(())
}
