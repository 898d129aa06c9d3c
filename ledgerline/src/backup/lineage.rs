//! Which history of a deployment a data folder is: a restored copy goes on with one of its own.
//!
//! A file that was copied is believed to be the beginning of the file that has its name now only
//! within one history.

use ledgerline_app::ports::Random;
use ledgerline_local_disk::SystemRandom;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::failure::Failure;

/// The file in the data folder; absent as long as nothing was restored or built again.
pub const FILE: &str = "lineage";

/// What the history of a data folder is called; empty for the first.
///
/// # Errors
/// [`Failure`] where the file can't be read.
pub fn of(data: &Path) -> Result<String, Failure> {
    let path = data.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim_end().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::io(&path, &error)),
    }
}

/// From now on the folder's history is another one than that of any copy of it.
///
/// # Errors
/// [`Failure`] where it can't be written durably.
pub fn begin_another(data: &Path) -> Result<(), Failure> {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    let name = bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    });
    let (draft, path) = (data.join("lineage.draft"), data.join(FILE));
    let written = super::shelf::write_durably(&draft, format!("{name}\n").as_bytes())
        .and_then(|()| fs::rename(&draft, &path))
        .and_then(|()| super::shelf::sync_folder(data));
    written.map_err(|error| Failure::io(&path, &error))
}
