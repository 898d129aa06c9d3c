//! Makes a data folder of a backup again.
//!
//! Everything is written beside the folder that it is to become, compared with its SHA-256 on the
//! way, and gets its name once all of it is durable.

use ledgerline_sql_store::SqlStore;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::contents::STORE;
use super::erasures::ErasureList;
use super::lineage;
use super::manifest::Manifest;
use super::shelf::{Shelf, private_file, private_folder, sync_folder};
use crate::closed_state;
use crate::data_folder::{Identity, read_identity};
use crate::failure::Failure;
use crate::progress;

/// A data folder that was restored.
pub struct Restored {
    /// What it was restored from.
    pub manifest: Manifest,
    /// How many people were erased in it who weren't when the backup was taken.
    pub erased: u64,
}

/// Restores a backup into a new folder.
///
/// # Errors
/// [`Failure`] where the folder isn't new, or where the backup is damaged, incomplete or of a
/// newer form: it names the file. Then there is no such folder.
pub async fn restore(
    shelf: &Shelf,
    number: Option<u32>,
    to: &Path,
    erasures: &ErasureList,
) -> Result<Restored, Failure> {
    refuse_used(to)?;
    let manifest = shelf.read(number)?;
    refuse_incomplete(shelf, &manifest)?;
    let draft = beside(to);
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(|error| Failure::io(&draft, &error))?;
    }
    let written = match tokio::task::block_in_place(|| write(shelf, &manifest, &draft)) {
        Ok(identity) => finish(&draft, &identity, erasures).await,
        Err(failure) => Err(failure),
    };
    let erased = match written {
        Ok(erased) => erased,
        Err(failure) => {
            let _ = fs::remove_dir_all(&draft);
            return Err(failure);
        }
    };
    let named = || {
        sync_all_folders(&draft)?;
        // A folder takes the place of an empty one.
        fs::rename(&draft, to)?;
        sync_folder(to.parent().filter(|above| *above != Path::new("")).unwrap_or(Path::new(".")))
    };
    named().map_err(|error| Failure::io(to, &error))?;
    Ok(Restored { manifest, erased })
}

fn write(shelf: &Shelf, manifest: &Manifest, draft: &Path) -> Result<Identity, Failure> {
    let bar = progress::bytes(manifest.bytes(), "restored");
    for (path, parts) in &manifest.files {
        let target = draft.join(path);
        let fail = |error: io::Error| restoring_failed(&target, &error);
        let folder = target.parent().expect("a file stands in a folder");
        private_folder(folder).map_err(fail)?;
        let mut file = private_file(&target).map_err(fail)?;
        for part in parts {
            let mut full = None;
            let read = shelf.read_part(path, part, &mut |bytes| {
                bar.inc(bytes.len() as u64);
                file.write_all(bytes).inspect_err(|error| full = Some(fail(io_copy(error))))
            });
            if let Some(failure) = full {
                return Err(failure);
            }
            read?;
        }
        file.sync_all().map_err(fail)?;
    }
    bar.finish_and_clear();
    read_identity(draft)?.ok_or_else(|| Failure::damaged("the backup has no deployment.json"))
}

/// Who was erased since is erased here too, before anybody can look.
async fn finish(draft: &Path, identity: &Identity, erasures: &ErasureList) -> Result<u64, Failure> {
    let store = SqlStore::open(&draft.join(STORE)).await?;
    let erased = erasures.replay(&store, &identity.key).await;
    store.close().await?;
    lineage::begin_another(draft)?;
    closed_state::mark(draft)?;
    erased
}

fn io_copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

fn restoring_failed(path: &Path, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::StorageFull {
        return Failure::failed(format!(
            "{}: the disk is full; what was restored so far is removed, make room and run it again",
            path.display()
        ));
    }
    Failure::io(path, error)
}

fn refuse_used(to: &Path) -> Result<(), Failure> {
    let fail = |error: io::Error| Failure::io(to, &error);
    match fs::read_dir(to) {
        Ok(mut inside) => match inside.next() {
            None => Ok(()),
            Some(_) => Err(Failure::failed(format!(
                "{} is not empty; restore into a new folder, and give it its place afterwards",
                to.display()
            ))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let above = to.parent().filter(|above| *above != Path::new(""));
            above.map_or(Ok(()), |above| private_folder(above).map_err(fail))
        }
        Err(error) => Err(fail(error)),
    }
}

// What is missing or cut is found before the first byte is written.
fn refuse_incomplete(shelf: &Shelf, manifest: &Manifest) -> Result<(), Failure> {
    for (path, parts) in &manifest.files {
        for part in parts {
            if !shelf.has(part) {
                shelf.read_part(path, part, &mut |_| Ok(()))?;
            }
        }
    }
    Ok(())
}

fn beside(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    to.with_file_name(name)
}

fn sync_all_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}
