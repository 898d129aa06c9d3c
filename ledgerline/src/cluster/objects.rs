//! The store of blobs: where snapshots and closed months go, for other nodes.

use ledgerline_app::ports::{BlobName, BlobStore, Clock};
use ledgerline_app::snapshots::{SnapshotParts, SnapshotSettings, Snapshots};
use ledgerline_app::threads::Threads;
use ledgerline_blobs::{Credentials, FolderBlobs, S3Blobs, S3Settings};
use ledgerline_local_disk::LocalDisk;
use ledgerline_segment_log::SegmentPlaysFiles;
use ledgerline_sql_store::PostgresStore;
use std::sync::Arc;

use super::config::{Config, ObjectsConfig};
use crate::failure::Failure;

/// Opens the store.
///
/// # Errors
/// [`Failure`] where it doesn't answer, or can't be told apart from one that loses things.
pub async fn open(config: &ObjectsConfig) -> Result<Arc<dyn BlobStore>, Failure> {
    let failed = |error: ledgerline_app::ports::BlobError| Failure::from_error(&error);
    if let Some(folder) = &config.folder {
        return Ok(Arc::new(FolderBlobs::open(folder).await.map_err(failed)?));
    }
    let bucket = config.bucket.as_deref().expect("the configuration was checked");
    let usual = S3Settings::new(bucket);
    let prefix = config.prefix.as_deref().map(BlobName::new).transpose();
    let credentials = match &config.credentials {
        Some(file) => Credentials::read(file).map_err(|error| Failure::from_error(&error))?,
        None => Credentials::Environment,
    };
    let settings = S3Settings {
        endpoint: config.endpoint.clone(),
        region: config.region.clone().unwrap_or_else(|| usual.region.clone()),
        prefix: prefix.map_err(|error| Failure::usage(format!("objects.prefix: {error}")))?,
        credentials,
        path_style: config.path_style,
        ca_file: config.ca_file.clone(),
        ..usual
    };
    Ok(Arc::new(S3Blobs::open(&settings).await.map_err(failed)?))
}

/// The snapshots of a node.
#[must_use]
pub fn snapshots(
    config: &Config,
    blobs: Arc<dyn BlobStore>,
    (store, disk, clock): (&Arc<PostgresStore>, &Arc<LocalDisk>, &Arc<dyn Clock>),
) -> Snapshots {
    let partitions = config.kafka.partitions;
    let parts = SnapshotParts {
        key: config.hash_key,
        partitions,
        blobs,
        disk: disk.clone(),
        plays: Arc::new(SegmentPlaysFiles::new(disk.clone(), partitions)),
        facts: store.clone(),
        clock: clock.clone(),
        drive: Arc::new(Threads),
    };
    Snapshots::new(parts, SnapshotSettings::default())
}
