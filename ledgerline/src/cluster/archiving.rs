//! What a node does with the archive that its configuration names: one with the role `worker` writes it for
//! ever, and lets go of the log behind it where it is told to; any other can read it.

use ledgerline_app::Deployment;
use ledgerline_app::archive::{Archive, ArchiveSeen, Archiver, pause_after};
use ledgerline_app::snapshots::Snapshots;
use ledgerline_parquet_archive::ParquetArchive;
use std::sync::Arc;
use tokio::task::JoinHandle;

use super::config::{Config, ObjectsConfig, Role};
use super::objects;
use crate::data_folder::{archive_every, archive_limits};
use crate::failure::Failure;

/// The archive in the store that the configuration names.
///
/// # Errors
/// [`Failure`] where it doesn't answer, or can't be told apart from one that loses things.
pub async fn open(config: &ObjectsConfig) -> Result<Archive, Failure> {
    let blobs = objects::open(config).await?;
    Ok(Archive { blobs, files: Arc::new(ParquetArchive), limits: archive_limits()? })
}

/// Begins what this node does with its archive; nothing where none is named. A store that is away is
/// no reason not to start: counting needs none of it.
///
/// # Errors
/// [`Failure`] where the environment says what can't be.
pub fn begin(
    config: &Config,
    deployment: &Arc<Deployment>,
    snapshots: Option<&Arc<Snapshots>>,
) -> Result<Option<JoinHandle<()>>, Failure> {
    let Some(place) = config.archive.clone().filter(|_| config.judges()) else { return Ok(None) };
    let (every, seen) = (archive_every()?, Arc::new(ArchiveSeen::default()));
    deployment.show_archive(seen.clone());
    let writes = config.has(Role::Worker);
    let releases = config.kafka.release && writes;
    let (deployment, snapshots) = (deployment.clone(), snapshots.cloned().filter(|_| releases));
    Ok(Some(tokio::spawn(async move {
        let archive = opened(&place, &deployment, &seen).await;
        seen.opened(archive.clone());
        if !writes {
            return;
        }
        let archiver = Archiver::new(deployment.clone(), archive.clone());
        let archiving = archiver.archive_forever(every, seen.clone());
        match snapshots {
            None => archiving.await,
            Some(snapshots) => {
                let releasing = deployment.release_forever(&archive, &snapshots, every, &seen);
                tokio::join!(archiving, releasing);
            }
        }
    })))
}

/// Asks until the store answers, less and less often.
async fn opened(place: &ObjectsConfig, deployment: &Deployment, seen: &ArchiveSeen) -> Archive {
    let mut failures = 0;
    loop {
        match open(place).await {
            Ok(archive) => return archive,
            Err(failure) => {
                failures += 1;
                tracing::warn!(%failure, "the archive can't be reached; it is tried again");
                seen.refused(None, failure.to_string(), deployment.now());
            }
        }
        tokio::time::sleep(pause_after(failures)).await;
    }
}
