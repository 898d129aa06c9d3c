//! Blobs as files of a folder.

use async_trait::async_trait;
use ledgerline_app::ports::{BlobError, BlobName, BlobPage, BlobStore, Put};
use object_store::local::LocalFileSystem;
use std::fs::DirBuilder;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::objects::Objects;

/// A disk that takes longer than this for a blob is stuck.
const CALL_MAX: Duration = Duration::from_secs(120);

/// Blobs in a folder, which several processes of this machine may share.
///
/// A blob is written beside its name, synced, and linked to it, and then the folder is synced. What a crash
/// leaves of one that was not finished has a name that no blob can have.
pub struct FolderBlobs {
    objects: Objects,
}

impl FolderBlobs {
    /// Opens a folder, and creates it where it isn't there: for its owner alone to read, for what is in
    /// it is as private as a data folder.
    ///
    /// # Errors
    /// [`BlobError`], also where its file system can't link.
    pub async fn open(folder: &Path) -> Result<Self, BlobError> {
        let refused = |detail: String| BlobError::Refused {
            what: format!("opening the folder {}", folder.display()),
            detail,
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| refused(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder);
        let store = store.map_err(|error| refused(error.to_string()))?.with_fsync(true);
        let store = Arc::new(store);
        let objects = Objects { store, prefix: None, sorted: false, call_max: CALL_MAX };
        objects.check().await?;
        Ok(Self { objects })
    }
}

impl FolderBlobs {
    /// Opens a folder that is there to read from it: whether it takes anything isn't tried.
    ///
    /// # Errors
    /// [`BlobError`].
    pub fn open_reading(folder: &Path) -> Result<Self, BlobError> {
        let store =
            LocalFileSystem::new_with_prefix(folder).map_err(|error| BlobError::Refused {
                what: format!("opening the folder {}", folder.display()),
                detail: error.to_string(),
            })?;
        let store = Arc::new(store.with_fsync(true));
        Ok(Self { objects: Objects { store, prefix: None, sorted: false, call_max: CALL_MAX } })
    }
}

#[async_trait]
impl BlobStore for FolderBlobs {
    async fn put(&self, name: &BlobName, bytes: Vec<u8>) -> Result<Put, BlobError> {
        self.objects.put(name, bytes).await
    }

    async fn get(&self, name: &BlobName) -> Result<Option<Vec<u8>>, BlobError> {
        self.objects.get(name).await
    }

    async fn get_range(
        &self,
        name: &BlobName,
        offset: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, BlobError> {
        self.objects.get_range(name, offset, length).await
    }

    async fn list(
        &self,
        folder: Option<&BlobName>,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        self.objects.list(folder, after, limit).await
    }

    async fn delete(&self, name: &BlobName) -> Result<(), BlobError> {
        self.objects.delete(name).await
    }
}
