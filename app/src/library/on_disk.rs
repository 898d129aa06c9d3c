//! The files of tracks, where they stand in music folders.

use std::io;
use std::sync::Arc;

use crate::ports::StoreError;
use crate::ports::library::{AudioFile, AudioFormat, MusicFolder, MusicLibrary};
use crate::ports::music_files::{MusicDisk, OpenedFile};

/// Why a track's file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum OnDiskError {
    /// The library's store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is gone, or isn't as it was when it was scanned.
    #[error(
        "{file} isn't as it was when it was scanned ({why}); a scan will tell what became of it"
    )]
    Changed {
        /// Which.
        file: String,
        /// What is different.
        why: String,
    },
    /// The disk.
    #[error("{file} can't be read: {error}")]
    Disk {
        /// Which file.
        file: String,
        /// What the system says.
        error: io::Error,
    },
}

/// The files of tracks in music folders.
#[derive(Clone)]
pub struct FilesOnDisk {
    library: Arc<dyn MusicLibrary>,
    disk: Arc<dyn MusicDisk>,
}

impl FilesOnDisk {
    /// Those of a library, on a disk.
    #[must_use]
    pub fn new(library: Arc<dyn MusicLibrary>, disk: Arc<dyn MusicDisk>) -> Self {
        Self { library, disk }
    }

    pub(crate) fn library(&self) -> &Arc<dyn MusicLibrary> {
        &self.library
    }

    /// The file that a track is heard by; `None` where it has none that is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_track(&self, track_id: &str) -> Result<Option<AudioFile>, StoreError> {
        Ok(best(self.library.files_of_tracks(&[track_id.to_owned()]).await?))
    }

    /// A track's file with this audio; `None` where it has none that is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn with_audio(
        &self,
        track_id: &str,
        audio_sha256: &str,
    ) -> Result<Option<AudioFile>, StoreError> {
        let mut files = self.library.files_of_tracks(&[track_id.to_owned()]).await?;
        files.retain(|file| file.audio_hex() == audio_sha256);
        Ok(best(files))
    }

    /// Opens a file, if it is as it was when it was scanned.
    ///
    /// # Errors
    /// [`OnDiskError`].
    pub async fn open(&self, file: &AudioFile) -> Result<Box<dyn OpenedFile>, OnDiskError> {
        let folders = self.library.music_folders().await?;
        let folder: Option<MusicFolder> =
            folders.into_iter().find(|folder| folder.id == file.place.folder_id);
        let path = folder.as_ref().and_then(|folder| file.place.path.within(folder));
        let named = file.place.path.to_string();
        let changed = |why: &str| OnDiskError::Changed { file: named.clone(), why: why.to_owned() };
        let (Some(folder), Some(path)) = (folder, path) else {
            return Err(changed("it is in no folder that is known"));
        };
        let disk = self.disk.clone();
        let opening = move || disk.open(&folder.path.to_path(), &path);
        let opened = match tokio::task::spawn_blocking(opening).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    return Err(changed(&error.to_string()));
                }
                _ => return Err(OnDiskError::Disk { file: named, error }),
            },
            Err(error) => {
                return Err(OnDiskError::Disk { file: named, error: io::Error::other(error) });
            }
        };
        if opened.bytes() != file.bytes {
            return Err(changed("it has another length"));
        }
        // What stands beside a file counts with its time, so the file's own is that or less.
        if opened.modified_ms() > file.modified_ms {
            return Err(changed("it was written since"));
        }
        Ok(opened)
    }
}

/// Of a track's files the one that it is heard by: what is there, lossless before lossy, then by bitrate; of
/// equals always the same.
#[must_use]
pub(crate) fn best(files: Vec<AudioFile>) -> Option<AudioFile> {
    let rank = |file: &AudioFile| {
        let lossless =
            matches!(file.format, AudioFormat::Flac | AudioFormat::Alac | AudioFormat::Wav);
        (lossless, file.bitrate_kbps)
    };
    let there = files.into_iter().filter(|file| file.missing_since.is_none());
    there.min_by(|one, other| rank(other).cmp(&rank(one)).then_with(|| one.place.cmp(&other.place)))
}
