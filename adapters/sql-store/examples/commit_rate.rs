//! How many commits a second the store makes durable: four partitions at a time with
//! thirty rows each, and for comparison how often the same disk makes 4 KiB durable.
//!
//! `cargo run --release -p ledgerline-sql-store --example commit_rate -- FOLDER [SECONDS]`;
//! FOLDER must exist, and what is written there is removed.

use ledgerline_app::ports::{FactStore, PartitionCommit, PartitionDelta};
use ledgerline_ids::{DayNo, HourNo};
use ledgerline_records::verdict::{Status, Verdict};
use ledgerline_sql_store::SqlStore;
use std::collections::BTreeMap;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let folder = tempfile::tempdir_in(folder)?;

    let syncs = syncs_a_second(folder.path(), Duration::from_secs(seconds))?;
    let commits = commits_a_second(folder.path(), Duration::from_secs(seconds)).await?;
    println!("syncs of 4 KiB    {syncs:10.0} /s");
    println!("commits           {commits:10.0} /s ({:.2} per sync)", commits / syncs);
    println!("rows              {:10.0} /s", commits * 120.0);
    Ok(())
}

fn syncs_a_second(folder: &Path, time: Duration) -> std::io::Result<f64> {
    let mut file = std::fs::File::create(folder.join("syncs"))?;
    // Laid out beforehand, as the write-ahead log is after its first round.
    file.write_all(&vec![1; 4 << 20])?;
    file.sync_all()?;
    let (begin, mut syncs) = (Instant::now(), 0_u32);
    while begin.elapsed() < time {
        file.seek(SeekFrom::Start(u64::from(syncs % 1024) * 4096))?;
        file.write_all(&[2; 4096])?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / begin.elapsed().as_secs_f64())
}

async fn commits_a_second(
    folder: &Path,
    time: Duration,
) -> Result<f64, Box<dyn std::error::Error>> {
    let store = SqlStore::open(&folder.join("state.db")).await?;
    let mut at = store.take_over(4).await?;
    let (begin, mut commits) = (Instant::now(), 0_u32);
    while begin.elapsed() < time {
        // A day's hours pass, as the hours of late reports do.
        let deltas: Vec<_> = at.iter().map(|commit| thirty_rows(*commit, commits % 24)).collect();
        store.commit(&deltas).await?;
        for (commit, delta) in at.iter_mut().zip(&deltas) {
            commit.position = delta.position;
            commit.plays_bytes = delta.plays_bytes;
        }
        commits += 1;
    }
    let rate = f64::from(commits) / begin.elapsed().as_secs_f64();
    let findings = store.verify().await?;
    assert!(findings.is_empty(), "{findings:?}");
    store.close().await?;
    Ok(rate)
}

/// Two hours with 7 rows of reports and 7 of plays each, and two days.
fn thirty_rows(commit: PartitionCommit, hour: u32) -> PartitionDelta {
    let mut delta = PartitionDelta {
        partition: commit.partition,
        epoch: commit.epoch,
        expected: commit.position,
        position: commit.position.plus(1200),
        plays_bytes: commit.plays_bytes + 100_000,
        accepted: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        statuses: BTreeMap::new(),
        counted: BTreeMap::new(),
    };
    for (hour, day) in [(492_324 + hour, 20_513), (492_325 + hour, 20_514)] {
        let hour = HourNo(hour);
        delta.accepted.insert(hour, 600);
        for verdict in Verdict::ALL {
            delta.verdicts.insert((hour, *verdict), 100);
        }
        for status in Status::ALL.iter().filter(|status| **status != Status::Conflict) {
            delta.statuses.insert((hour, *status), 100);
        }
        delta.counted.insert(DayNo(day), 100);
    }
    delta
}
