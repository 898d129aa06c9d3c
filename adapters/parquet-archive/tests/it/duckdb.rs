//! Another program reads the files as they are. `cargo xtask test` says where a Python with DuckDB is.

use ledgerline_app::ports::ArchiveFiles as _;
use ledgerline_parquet_archive::ParquetArchive;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Command;

use crate::samples::{changes, run};

/// The environment's variable that names a Python that has DuckDB.
const PYTHON: &str = "LEDGERLINE_TEST_DUCKDB";

/// Rows as JSON.
const PROGRAM: &str = "import duckdb, json, sys
rows = duckdb.execute(sys.argv[1]).fetchall()
print(json.dumps(rows, default=bytes.hex))";

fn asked(python: &str, query: &str) -> Value {
    let ran = Command::new(python).args(["-c", PROGRAM, query]).output().unwrap();
    assert!(ran.status.success(), "{query}: {}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn duckdb_reads_what_was_written() {
    let Some(python) = std::env::var(PYTHON).ok().filter(|python| !python.is_empty()) else {
        let mut out = std::io::stdout().lock();
        writeln!(out, "skipped: no {PYTHON} names a Python with DuckDB").unwrap();
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (reports, plays) = (folder.path().join("r.parquet"), folder.path().join("c.parquet"));
    std::fs::write(&reports, ParquetArchive.write_reports(&run()).unwrap()).unwrap();
    std::fs::write(&plays, ParquetArchive.write_changes(&changes()).unwrap()).unwrap();
    let (reports, plays) = (reports.display(), plays.display());
    for (query, rows) in [
        (
            format!("select kind, count(*) from '{reports}' group by kind order by kind"),
            json!([
                ["adjudicated", 1],
                ["device_fact", 1],
                ["fraud_ruling", 1],
                ["report", 2],
                ["tick", 1],
                ["track_fact", 1],
                ["undecodable", 1]
            ]),
        ),
        (
            format!(
                "select partition, position, typeof(received_at), epoch_ms(received_at), \
                 epoch_ms(started_at), duration_listened_ms, completed, offline, \
                 \"grant\", catalogue_revision, territory from '{reports}' where play_id like '017f%'"
            ),
            json!([[
                3,
                40,
                "TIMESTAMP WITH TIME ZONE",
                1_645_557_773_000_u64,
                1_645_557_742_000_u64,
                31_000,
                false,
                true,
                "valid",
                u64::MAX,
                "SE"
            ]]),
        ),
        (
            format!("select note, decided_by from '{reports}' where kind = 'adjudicated'"),
            json!([["was at sea; não sabia", "key_1"]]),
        ),
        (
            format!("select record from '{reports}' where kind = 'undecodable'"),
            json!([["63206973206e6f207265636f72642074686174206973206b6e6f776e"]]),
        ),
        (format!("select max(duration_listened_ms) from '{reports}'"), json!([[u64::MAX]])),
        (
            format!(
                "select track_id, tier, sum(change)::int from '{plays}' group by all order by all"
            ),
            json!([["T1", "premium", 0], ["T1", null, 1]]),
        ),
        (
            format!(
                "select value::text from parquet_kv_metadata('{plays}') \
                 where key::text = 'ledgerline.kind'"
            ),
            json!([["changes"]]),
        ),
    ] {
        assert_eq!(asked(&python, &query), rows, "{query}");
    }
}
