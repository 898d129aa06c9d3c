//! How many commits a second the store makes durable: four partitions at a time with
//! thirty rows each, and then four workers at once with one partition each; for comparison how often
//! the same disk makes 4 KiB durable.
//!
//! `cargo run --release -p ledgerline-sql-store --example commit_rate -- FOLDER [SECONDS]`;
//! FOLDER must exist, and what is written there is removed. With `--features postgres`, an address
//! (`postgres://…`) in the place of FOLDER measures PostgreSQL in an empty schema, which stays filled.

use ledgerline_app::ports::{FactStore, PartitionCommit, PartitionDelta};
use ledgerline_ids::{DayNo, HourNo};
use ledgerline_records::verdict::{Status, Verdict};
use ledgerline_sql_store::SqlStore;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PARTITIONS: u16 = 4;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().ok_or("which folder?")?;
    let time = Duration::from_secs(arguments.next().map_or(Ok(5), |text| text.parse())?);
    if place.starts_with("postgres:") {
        return on_postgres(&place, time).await;
    }
    let folder = tempfile::tempdir_in(PathBuf::from(place))?;
    let syncs = syncs_a_second(folder.path(), time)?;
    println!("syncs of 4 KiB            {syncs:10.0} /s");
    let store = Arc::new(SqlStore::open(&folder.path().join("state.db")).await?);
    measure(&store, time).await?;
    store.close().await?;
    Ok(())
}

#[cfg(feature = "postgres")]
async fn on_postgres(url: &str, time: Duration) -> Result<(), Box<dyn Error>> {
    use ledgerline_sql_store::{PostgresOptions, PostgresStore};
    PostgresStore::upgrade(url, PostgresOptions::default()).await?;
    let store = Arc::new(PostgresStore::open(url, PostgresOptions::default()).await?);
    measure(&store, time).await?;
    store.close().await?;
    Ok(())
}

#[cfg(not(feature = "postgres"))]
async fn on_postgres(_: &str, _: Duration) -> Result<(), Box<dyn Error>> {
    Err("it is built without the feature `postgres`".into())
}

async fn measure<S: FactStore>(store: &Arc<S>, time: Duration) -> Result<(), Box<dyn Error>> {
    let at = store.take_over(PARTITIONS).await?;
    let commits = commits_a_second(store, at, time).await.map_err(|error| error.to_string())?;
    let rows = 30.0 * f64::from(PARTITIONS);
    println!("commits of 4 partitions   {commits:10.0} /s, {:.0} rows/s", commits * rows);
    let workers: Vec<_> = (store.committed().await?.into_iter())
        .map(|commit| {
            let store = Arc::clone(store);
            let rate = async move { commits_a_second(&store, vec![commit], time).await };
            tokio::spawn(async move { rate.await.map_err(|error| error.to_string()) })
        })
        .collect();
    let mut commits = 0.0;
    for worker in workers {
        commits += worker.await??;
    }
    println!("commits by 4 workers      {commits:10.0} /s, {:.0} rows/s", commits * 30.0);
    let findings = store.verify().await?;
    assert!(findings.is_empty(), "{findings:?}");
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

async fn commits_a_second<S: FactStore>(
    store: &Arc<S>,
    mut at: Vec<PartitionCommit>,
    time: Duration,
) -> Result<f64, Box<dyn Error + Send + Sync>> {
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
    Ok(f64::from(commits) / begin.elapsed().as_secs_f64())
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
        counted_by: None,
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
