//! The conservation law: no report and no play is ever lost on the way.
//!
//! At every committed position: `accepted = Σ verdicts + not yet judged`, by the reports'
//! receive hour; and `plays = Σ statuses`, by the receive hour of the play's first report.

use ledgerline_counting::timing::received_at;
use ledgerline_ids::{HourNo, PartitionId, Position};
use ledgerline_records::LogRecord;
use ledgerline_records::frame::Records;
use ledgerline_records::verdict::{Status, Verdict};
use std::collections::BTreeMap;

use crate::Deployment;
use crate::deployment::ReadError;
use crate::ports::drive::apart;
use crate::ports::facts::PartitionTotals;
use crate::ports::{LogError, ReportLog};

/// The law, for every partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conservation {
    /// Whether it holds everywhere.
    pub holds: bool,
    /// In the order of the partitions.
    pub partitions: Vec<PartitionConservation>,
}

/// The law, for one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionConservation {
    /// Which.
    pub partition: PartitionId,
    /// As of where: the position after the last judged and committed record.
    pub position: Position,
    /// The position after the last durable record.
    pub log_end: Position,
    /// Whether it holds.
    pub holds: bool,
    /// By receive hour.
    pub hours: Vec<HourRow>,
}

/// The law, for one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourRow {
    /// Which.
    pub hour: HourNo,
    /// Reports that were acknowledged.
    pub accepted: i64,
    /// Of them, those that wait to be judged.
    pub not_yet_judged: i64,
    /// The others, by their verdict.
    pub verdicts: Vec<(Verdict, i64)>,
    /// Plays whose first report was received in this hour.
    pub plays: i64,
    /// The same, by their status.
    pub statuses: Vec<(Status, i64)>,
}

/// About this many bytes of the log are read at once.
const READ_BYTES: usize = 8 << 20;

impl Deployment {
    /// The conservation law at this moment.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn conservation(&self) -> Result<Conservation, ReadError> {
        let totals = self.facts.totals().await?;
        let log = self.log.clone();
        let read = apart(&*self.drive, move || {
            totals.iter().map(|totals| of_partition(&*log, totals)).collect::<Result<Vec<_>, _>>()
        });
        let partitions = read.await.ok_or_else(ReadError::broken_off)??;
        Ok(Conservation { holds: partitions.iter().all(|partition| partition.holds), partitions })
    }
}

fn of_partition(
    log: &dyn ReportLog,
    totals: &PartitionTotals,
) -> Result<PartitionConservation, LogError> {
    let partition = totals.commit.partition;
    let log_end = *log.end(partition).borrow();
    let waiting = waiting_by_hour(log, partition, totals.commit.position, log_end)?;
    let mut hours = BTreeMap::<HourNo, HourRow>::new();
    let mut row_of = |hour: HourNo, change: &mut dyn FnMut(&mut HourRow)| {
        change(hours.entry(hour).or_insert_with(|| HourRow {
            hour,
            accepted: 0,
            not_yet_judged: 0,
            verdicts: Vec::new(),
            plays: 0,
            statuses: Vec::new(),
        }));
    };
    for (hour, reports) in &totals.accepted {
        row_of(*hour, &mut |row| row.accepted += reports);
    }
    for (hour, reports) in &waiting {
        row_of(*hour, &mut |row| {
            row.accepted += reports;
            row.not_yet_judged += reports;
        });
    }
    for ((hour, verdict), reports) in &totals.verdicts {
        row_of(*hour, &mut |row| row.verdicts.push((*verdict, *reports)));
    }
    for ((hour, status), plays) in &totals.statuses {
        row_of(*hour, &mut |row| {
            row.plays += plays;
            if *plays != 0 {
                row.statuses.push((*status, *plays));
            }
        });
    }
    let hours: Vec<HourRow> = hours.into_values().collect();
    let holds = hours.iter().all(|row| {
        let judged: i64 = row.verdicts.iter().map(|(_, reports)| reports).sum();
        let never_negative = row.statuses.iter().all(|(_, plays)| *plays > 0);
        row.accepted == judged + row.not_yet_judged && never_negative
    });
    let position = totals.commit.position;
    Ok(PartitionConservation { partition, position, log_end, holds, hours })
}

fn waiting_by_hour(
    log: &dyn ReportLog,
    partition: PartitionId,
    from: Position,
    end: Position,
) -> Result<BTreeMap<HourNo, i64>, LogError> {
    let mut waiting = BTreeMap::new();
    let mut position = from;
    while position < end {
        for frame in log.read(partition, position, READ_BYTES)? {
            let mut at = frame.header.first;
            for record in Records::new(frame.payload()) {
                let record = log.record(partition, at, record)?;
                if let Some(LogRecord::Report(report)) = &record
                    && (from..end).contains(&at)
                {
                    let hour = received_at(report, frame.header.received_at).hour();
                    *waiting.entry(hour).or_default() += 1;
                }
                at = at.plus(1);
            }
            position = at;
        }
    }
    Ok(waiting)
}
