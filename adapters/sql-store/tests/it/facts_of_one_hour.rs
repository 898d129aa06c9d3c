//! Deltas that are easy to check: every record is a report that counts, so that the
//! position says what every total must be.

use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::{PartitionCommit, PartitionDelta};
use ledgerline_ids::{DayNo, HourNo};
use ledgerline_records::verdict::{Status, Verdict};
use std::collections::BTreeMap;

const HOUR: HourNo = HourNo(492_324);
const DAY: DayNo = DayNo(20_513);

/// `reports` more after `commit`, of which every one counts.
pub fn counted(commit: PartitionCommit, reports: u64) -> PartitionDelta {
    let number = i64::try_from(reports).expect("a small number");
    PartitionDelta {
        partition: commit.partition,
        epoch: commit.epoch,
        expected: commit.position,
        position: commit.position.plus(reports),
        plays_bytes: commit.plays_bytes + reports * 100,
        accepted: BTreeMap::from([(HOUR, number)]),
        verdicts: BTreeMap::from([((HOUR, Verdict::Counted), number)]),
        statuses: BTreeMap::from([((HOUR, Status::Counted), number)]),
        counted: BTreeMap::from([(DAY, number)]),
        counted_by: None,
    }
}

/// Where the partition is after `delta`.
pub fn after(delta: &PartitionDelta) -> PartitionCommit {
    PartitionCommit {
        partition: delta.partition,
        epoch: delta.epoch,
        position: delta.position,
        plays_bytes: delta.plays_bytes,
    }
}

/// Every total must be the position.
#[track_caller]
pub fn check(totals: &[PartitionTotals]) {
    for of in totals {
        let position = i64::try_from(of.commit.position.0).expect("a small number");
        let sums = [
            of.accepted.values().sum::<i64>(),
            of.verdicts.values().sum(),
            of.statuses.values().sum(),
            of.counted.values().sum(),
        ];
        assert_eq!(sums, [position; 4], "{}", of.commit.partition);
    }
}
