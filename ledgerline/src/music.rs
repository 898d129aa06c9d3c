//! Where files of music and their renditions are kept, and who works on them.

use ledgerline_app::ingest::{AWAY_MS, Ingest, IngestParts, Worked};
use ledgerline_app::library::on_disk::FilesOnDisk;
use ledgerline_app::ports::{BlobStore, Clock, Random as _};
use ledgerline_audio::{Ladder, Limits, Studio};
use ledgerline_local_disk::{LocalMusic, SystemRandom};
use ledgerline_sql_store::SqlStore;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

use crate::failure::Failure;

/// The environment's variable that says which rungs tracks get.
const LADDER: &str = "LEDGERLINE_LADDER";
/// The environment's variable that says whether tracks of music folders are encoded.
const ENCODE_SCANNED: &str = "LEDGERLINE_ENCODE_SCANNED";
/// How long a worker rests where there is nothing to do, or the store doesn't answer.
const REST: Duration = Duration::from_secs(1);
/// And where blobs can't be put.
const AWAY: Duration = Duration::from_millis(AWAY_MS);

/// The folder of blobs in a data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join("music")
}

/// The rungs that the environment names, or the usual ones.
///
/// # Errors
/// [`Failure`] where they aren't rungs.
fn ladder() -> Result<Ladder, Failure> {
    match std::env::var(LADDER) {
        Ok(text) => text.parse().map_err(|error| Failure::usage(format!("${LADDER}: {error}"))),
        Err(std::env::VarError::NotPresent) => Ok(Ladder::default()),
        Err(error) => Err(Failure::usage(format!("${LADDER}: {error}"))),
    }
}

/// Whether what scans find is encoded: it is, where nothing else is said. Then it is played as it is.
///
/// # Errors
/// [`Failure`] where the environment says something else than yes or no.
fn takes_scanned() -> Result<bool, Failure> {
    match std::env::var(ENCODE_SCANNED).as_deref() {
        Err(std::env::VarError::NotPresent) | Ok("yes") => Ok(true),
        Ok("no") => Ok(false),
        _ => Err(Failure::usage(format!("${ENCODE_SCANNED} is yes or no"))),
    }
}

/// The ingest of the deployment in a data folder, whose blobs these are.
///
/// # Errors
/// [`Failure`] where its rungs are none, or its store doesn't answer.
pub async fn ingest(
    store: &Arc<SqlStore>,
    blobs: Arc<dyn BlobStore>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<Ingest>, Failure> {
    let mut random = [0; 12];
    SystemRandom.fill(&mut random);
    let worker = random.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    });
    let ingest = Ingest::new(IngestParts {
        store: store.clone(),
        renditions: store.clone(),
        blobs,
        studio: Arc::new(Studio::new(Limits::default(), ladder()?)),
        files: Some(FilesOnDisk::new(store.clone(), Arc::new(LocalMusic))),
        clock,
        worker,
        takes_scanned: takes_scanned()?,
    });
    // The folder is locked: whoever worked here before is dead.
    ingest.begin_alone().await?;
    Ok(Arc::new(ingest))
}

/// How many files are worked on at once: a processor for each, and one is left to those who listen.
#[must_use]
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

/// Works on jobs for as long as it isn't dropped; first it is looked for what nobody came to queue.
pub fn work_forever(ingest: &Arc<Ingest>) -> JoinSet<()> {
    let mut workers_running = JoinSet::new();
    let caught_up = ingest.clone();
    workers_running.spawn(async move {
        while let Err(error) = caught_up.catch_up().await {
            tracing::warn!(%error, "what isn't encoded yet can't be looked for");
            tokio::time::sleep(AWAY).await;
        }
    });
    for _ in 0..workers() {
        let ingest = ingest.clone();
        workers_running.spawn(async move {
            loop {
                match ingest.work().await {
                    Ok(Some(worked)) => {
                        note(&worked);
                        // Whatever comes next would find the same.
                        if matches!(worked, Worked::Away { .. }) {
                            tokio::time::sleep(AWAY).await;
                        }
                    }
                    Ok(None) => tokio::time::sleep(REST).await,
                    Err(error) => {
                        tracing::warn!(%error, "the store of jobs doesn't answer");
                        tokio::time::sleep(REST).await;
                    }
                }
            }
        });
    }
    workers_running
}

fn note(worked: &Worked) {
    match worked {
        Worked::Done { number, duplicate_of: None } => tracing::info!(number, "a file is encoded"),
        Worked::Done { number, duplicate_of: Some(other) } => {
            tracing::info!(
                number,
                other,
                "a file is encoded, and is a recording that is there already"
            );
        }
        Worked::Later { number, reason } | Worked::Away { number, reason } => {
            tracing::warn!(number, reason, "a file is tried again later");
        }
        Worked::Failed { number, reason } => tracing::warn!(number, reason, "a file was given up"),
        Worked::Lost { number } => tracing::info!(number, "another worker has a job"),
    }
}
