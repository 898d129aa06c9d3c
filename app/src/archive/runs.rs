//! Where one run ends and the next begins, and what its files are called.
//!
//! A run ends behind the record that makes it full, by number or by bytes, or in front of the first record
//! of a later day, by the time at which its frame was received. That follows from the log alone. So a run is
//! known to be over only once it is full or a record of a later day is there: a day's last records wait in
//! the log until then, and the tick of the next day, which an idle partition gets too, is such a record.

use ledgerline_ids::{DayNo, PartitionId, Position, UnixMs};

use super::ArchiveError;
use crate::ports::{BlobName, RecordsOfRun};

/// How much a run has at most. Whoever writes to an archive uses the same as all before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimits {
    /// So many records.
    pub records_max: usize,
    /// It ends behind the record that makes it this long, in bytes.
    pub bytes_max: usize,
    /// So many changes of counted plays are one file.
    pub changes_max: usize,
}

impl Default for RunLimits {
    fn default() -> Self {
        // A blob has 64 MiB at most. Records take about twice their bytes in a file before it is
        // compressed, and a change less than 600 bytes.
        Self { records_max: 1 << 17, bytes_max: 24 << 20, changes_max: 1 << 16 }
    }
}

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It takes more.
    Open,
    /// It was full before this record, or this record is of a later day: it belongs to the next run.
    Before,
    /// It is full with this record.
    Behind,
}

/// A run that is being cut off.
pub(super) struct Cutting {
    limits: RunLimits,
    pub(super) records: RecordsOfRun,
    day: Option<DayNo>,
}

impl Cutting {
    pub(super) fn new(limits: RunLimits) -> Self {
        Self { limits, records: RecordsOfRun::default(), day: None }
    }

    /// Takes the next record, unless the run ended in front of it.
    pub(super) fn take(&mut self, received_at: UnixMs, record: &[u8]) -> Cut {
        // Clocks of several programs differ: a record of an earlier day than others doesn't end
        // their run, or each around midnight would.
        if self.day.is_some_and(|day| received_at.day() > day) {
            return Cut::Before;
        }
        self.day = Some(self.day.map_or(received_at.day(), |day| day.max(received_at.day())));
        self.records.push(received_at, record);
        let full = self.records.len() >= self.limits.records_max
            || self.records.bytes() >= self.limits.bytes_max;
        if full { Cut::Behind } else { Cut::Open }
    }
}

/// What a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Records of the report log.
    Reports,
    /// Changes of counted plays.
    Plays,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Plays => "plays",
        }
    }
}

/// The folder of a partition's files.
pub(super) fn folder(kind: Kind, partition: PartitionId) -> BlobName {
    BlobName::new(format!("{}/{partition}", kind.word())).expect("our own words are a name")
}

/// The name of a run's records: they sort as they stand in the log.
pub(super) fn reports_name(partition: PartitionId, first: Position, extension: &str) -> BlobName {
    let folder = folder(Kind::Reports, partition);
    BlobName::new(format!("{folder}/{:020}.{extension}", first.0)).expect("a name, as its folder")
}

/// The name of a part of a run's changes.
pub(super) fn plays_name(
    partition: PartitionId,
    first: Position,
    part: u32,
    extension: &str,
) -> BlobName {
    let folder = folder(Kind::Plays, partition);
    let name = format!("{folder}/{:020}-{part:05}.{extension}", first.0);
    BlobName::new(name).expect("a name, as its folder")
}

/// The first position of the run whose records have this name.
pub(super) fn first_of(name: &BlobName, extension: &str) -> Result<Position, ArchiveError> {
    let file = name.as_str().rsplit_once('/').map_or(name.as_str(), |(_, file)| file);
    let digits = file.strip_suffix(extension).and_then(|stem| stem.strip_suffix('.'));
    let digits = digits.filter(|digits| digits.len() == 20);
    let first = digits.and_then(|digits| digits.parse().ok()).map(Position);
    first.ok_or_else(|| {
        ArchiveError::Gap(format!("{name} is no file of an archive, and stands where its runs do"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u64, ms: u64) -> UnixMs {
        UnixMs::new(day * 86_400_000 + ms).expect("in range")
    }

    /// The runs that a log of (day, length) is cut into, as the number of records of each; what is
    /// left open is the last, negative.
    fn cut(limits: RunLimits, log: &[(u64, usize)]) -> Vec<i64> {
        let mut runs = Vec::new();
        let mut cutting = Cutting::new(limits);
        let length = |cutting: &Cutting| i64::try_from(cutting.records.len()).expect("few");
        for (day, length_of) in log {
            let record = vec![0; *length_of];
            let mut taken = cutting.take(at(*day, 5), &record);
            if taken == Cut::Before {
                runs.push(length(&cutting));
                cutting = Cutting::new(limits);
                taken = cutting.take(at(*day, 5), &record);
            }
            if taken == Cut::Behind {
                runs.push(length(&cutting));
                cutting = Cutting::new(limits);
            }
        }
        if !cutting.records.is_empty() {
            runs.push(-length(&cutting));
        }
        runs
    }

    #[test]
    fn runs_end_by_number_by_bytes_and_by_day() {
        let limits = RunLimits { records_max: 3, bytes_max: 100, changes_max: 1 };
        for (name, log, runs) in [
            ("nothing", vec![], vec![]),
            ("a day that goes on", vec![(1, 9), (1, 9)], vec![-2]),
            ("full by number", vec![(1, 9), (1, 9), (1, 9), (1, 9)], vec![3, -1]),
            (
                "full by bytes, behind the record that does it",
                vec![(1, 60), (1, 60), (1, 9)],
                vec![2, -1],
            ),
            ("one record longer than a run", vec![(1, 999), (1, 9)], vec![1, -1]),
            ("a later day", vec![(1, 9), (2, 9)], vec![1, -1]),
            ("an earlier day ends none", vec![(2, 9), (1, 9), (2, 9)], vec![3]),
            (
                "days and number together",
                vec![(1, 9), (1, 9), (2, 9), (2, 9), (2, 9), (3, 9)],
                vec![2, 3, -1],
            ),
        ] {
            assert_eq!(cut(limits, &log), runs, "{name}");
        }
    }

    #[test]
    fn names_say_where_a_run_begins() {
        let name = reports_name(PartitionId(3), Position(131_072), "parquet");
        assert_eq!(name.as_str(), "reports/p003/00000000000000131072.parquet");
        assert_eq!(first_of(&name, "parquet").expect("a run's"), Position(131_072));
        assert!(name.is_in(&folder(Kind::Reports, PartitionId(3))));
        let part = plays_name(PartitionId(3), Position(131_072), 2, "parquet");
        assert_eq!(part.as_str(), "plays/p003/00000000000000131072-00002.parquet");
        for other in ["reports/p003/notes.parquet", "reports/p003/00000000000000131072.csv"] {
            let other = BlobName::new(other).expect("a name");
            assert!(first_of(&other, "parquet").is_err(), "{other}");
        }
    }
}
