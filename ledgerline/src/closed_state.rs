//! The checksum of `state.db` from an orderly close to the next start.
//!
//! SQLite's pages have no checksums, so a byte that changes inside a value goes unnoticed.
//! While the store is in use the recount finds it out; while it lies there, this does.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::failure::Failure;

const STORE: &str = "state.db";
const MARK: &str = "state.db.closed";

/// Notes what the store is, now that it is closed.
///
/// # Errors
/// [`Failure`] where the note can't be written durably.
pub fn mark(folder: &Path) -> Result<(), Failure> {
    let path = folder.join(MARK);
    let text = text_of(folder)?;
    let draft = folder.join("state.db.closed.draft");
    let write = || {
        let mut file = fs::File::create(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| Failure::io(&path, &error))
}

/// Compares the store with the note of its last orderly close, if that was its last use, and
/// takes the note away: from now on the store changes.
///
/// # Errors
/// [`Failure`] where the store is not what it was.
pub fn check(folder: &Path) -> Result<(), Failure> {
    let path = folder.join(MARK);
    let noted = match fs::read(&path) {
        Ok(noted) => noted,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::io(&path, &error)),
    };
    if noted != text_of(folder)?.as_bytes() {
        return Err(Failure::damaged(format!(
            "state.db is damaged: it is not what it was when it was closed. Restore it from a \
             backup; if you changed it on purpose, remove {}",
            path.display()
        )));
    }
    fs::remove_file(&path)
        .and_then(|()| fs::File::open(folder)?.sync_all())
        .map_err(|error| Failure::io(&path, &error))
}

/// The store's length and CRC-32.
fn text_of(folder: &Path) -> Result<String, Failure> {
    let path = folder.join(STORE);
    let read = || {
        let mut file = fs::File::open(&path)?;
        let mut hasher = crc32fast::Hasher::new();
        let mut block = vec![0; 1 << 20];
        let mut length = 0u64;
        loop {
            let read = file.read(&mut block)?;
            if read == 0 {
                return Ok(format!("{length} {:08x}\n", hasher.finalize()));
            }
            hasher.update(&block[..read]);
            length += read as u64;
        }
    };
    read().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::damaged(format!("{} is gone; restore it from a backup", path.display()))
        }
        _ => Failure::io(&path, &error),
    })
}
