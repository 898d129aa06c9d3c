//! What is read is what was written, whatever it was.

use ledgerline_app::ports::{ArchiveFiles as _, ArchivedChanges, ArchivedReports, RecordsOfRun};
use ledgerline_ids::{Position, UnixMs};
use ledgerline_parquet_archive::ParquetArchive;
use ledgerline_records::LogRecord;
use proptest::prelude::*;

use crate::samples::{at, bare_report, changes, full_report, head};

/// A record: of a report, of any bytes, or none at all.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let of = |report| {
        let mut bytes = Vec::new();
        LogRecord::Report(report).encode(&mut bytes);
        bytes
    };
    prop_oneof![
        any::<u64>().prop_map(move |listened| of(bare_report(None, listened))),
        any::<u64>().prop_map(move |listened| of(bare_report(Some("L2"), listened))),
        Just(of(full_report())),
        prop::collection::vec(any::<u8>(), 0..120),
    ]
}

fn written_and_read(run: &ArchivedReports) -> ArchivedReports {
    ParquetArchive.read_reports(ParquetArchive.write_reports(run).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records(
        first in 0..Position::LIMIT.0 - 200,
        changes in any::<u64>(),
        of in prop::collection::vec((0..UnixMs::MAX.get(), record()), 1..200),
    ) {
        let mut records = RecordsOfRun::default();
        for (received_at, record) in &of {
            records.push(at(*received_at), record);
        }
        let run = ArchivedReports {
            head: head(first, first + of.len() as u64), changes, records,
        };
        prop_assert_eq!(written_and_read(&run), run);
    }

    #[test]
    fn counted_changes(
        part in any::<u32>(),
        rows in prop::collection::vec(
            (0..3_usize, any::<u64>(), ".{0,12}", prop::option::of(".{0,12}")),
            0..100,
        ),
    ) {
        let samples = changes();
        let mut some = ArchivedChanges { part, changes: Vec::new(), ..samples.clone() };
        for (of, number, text, maybe) in rows {
            let mut change = samples.changes[of].clone();
            change.listened_ms = number;
            change.track_id = text;
            change.user_id = maybe;
            some.changes.push(change);
        }
        let file = ParquetArchive.write_changes(&some).unwrap();
        prop_assert_eq!(ParquetArchive.read_changes(file).unwrap(), some);
    }
}

#[test]
fn a_run_of_several_groups_is_read_whole() {
    let mut records = RecordsOfRun::default();
    let mut bytes = Vec::new();
    for number in 0..70_000 {
        bytes.clear();
        let user = number % 3 != 0;
        LogRecord::Report(bare_report(user.then_some("L1"), number)).encode(&mut bytes);
        records.push(at(number / 100), &bytes);
    }
    let run = ArchivedReports { head: head(0, 70_000), changes: 0, records };
    assert_eq!(written_and_read(&run), run);
}
