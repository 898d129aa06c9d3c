//! The inputs that everything begins with.
//!
//! All of them are made by us: `seeds` and `music` write them from our own encoders and our synthetic
//! population, and what fuzzing found is a change of a change of these. Nothing is a copy of
//! anybody's file.

mod music;
mod seeds;

use crate::TARGETS;
use std::fs;
use std::io;
use std::path::PathBuf;

/// What the names of inputs begin with that were made and not found.
const MADE: &str = "seed-";

/// Where a target's inputs stand.
#[must_use]
pub fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// A target's inputs, by name.
///
/// # Errors
/// The folder or a file in it can't be read.
pub fn read(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder(target))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        inputs.push((name, fs::read(entry.path())?));
    }
    inputs.sort();
    Ok(inputs)
}

/// The inputs that are made for a target, by name.
#[must_use]
pub fn made(target: &str) -> Vec<(String, Vec<u8>)> {
    let numbered = seeds::of(target).into_iter().enumerate();
    numbered.map(|(number, bytes)| (format!("{MADE}{number:02}"), bytes)).collect()
}

/// Writes what is made for every target over what was made before; what was found stays.
/// Returns how many files that are.
///
/// # Errors
/// A file can't be written.
pub fn write() -> io::Result<usize> {
    let mut files = 0;
    for target in TARGETS {
        let folder = folder(target.name);
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(MADE) {
                fs::remove_file(entry.path())?;
            }
        }
        for (name, bytes) in made(target.name) {
            fs::write(folder.join(name), bytes)?;
            files += 1;
        }
    }
    Ok(files)
}
