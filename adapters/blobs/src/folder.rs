//! Blobs as files of a folder.

use async_trait::async_trait;
use ledgerline_app::ports::{BlobError, BlobFile, BlobName, BlobPage, BlobStore, Put};
use object_store::local::LocalFileSystem;
use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::{is_for_good, told};
use crate::objects::Objects;

/// A disk that takes longer than this for a blob is stuck.
const CALL_MAX: Duration = Duration::from_secs(120);

/// Blobs in a folder, which several processes of this machine may share.
///
/// A blob is written beside its name, synced, and linked to it, and then the folder is synced. What a crash
/// leaves of one that was not finished has a name that no blob can have.
pub struct FolderBlobs {
    objects: Objects,
    /// The same store once more, for where its files are.
    files: Arc<LocalFileSystem>,
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
        let opened = Self::of(store);
        opened.objects.check().await?;
        Ok(opened)
    }

    fn of(store: LocalFileSystem) -> Self {
        let files = Arc::new(store);
        let store = files.clone();
        Self { objects: Objects { store, prefix: None, sorted: false, call_max: CALL_MAX }, files }
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
        Ok(Self::of(store.with_fsync(true)))
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

    async fn open_file(&self, name: &BlobName) -> Result<Option<BlobFile>, BlobError> {
        let what = format!("opening {name}");
        let path = self.files.path_to_filesystem(&name.as_str().into());
        let path = path.map_err(|error| told(what.clone(), &error))?;
        let opening = tokio::task::spawn_blocking(move || open(&path));
        let opened = match tokio::time::timeout(CALL_MAX, opening).await {
            Ok(opened) => opened.unwrap_or_else(|error| Err(io::Error::other(error))),
            Err(_) => Err(ErrorKind::TimedOut.into()),
        };
        match opened {
            Ok(opened) => Ok(opened),
            Err(error) if missing(error.kind()) => Ok(None),
            Err(error) => {
                let detail = error.to_string();
                Err(if is_for_good(error.kind()) {
                    BlobError::Refused { what, detail }
                } else {
                    BlobError::Away { what, detail }
                })
            }
        }
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

/// What stands at a path, if it is a file.
fn open(path: &Path) -> io::Result<Option<BlobFile>> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let opened = BlobFile { file: Arc::new(file), bytes: about.len() };
    Ok(about.is_file().then_some(opened))
}

/// Whether there is no such file: a part of its path may be a file too.
fn missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}
