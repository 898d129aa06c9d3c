//! Puts what was found into the repository: few inputs, and small ones.

use super::{Target, create, read, write};
use crate::programs::succeed;
use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// So many bytes of a target's inputs may be in the repository, those that were made included.
const BYTES_MAX: usize = 24 * 1024;
/// One input has at most so many.
const INPUT_BYTES_MAX: usize = 600;
/// So many inputs are kept of a target: each is a file that people scroll past.
const INPUTS_MAX: usize = 24;
/// What the names of such inputs begin with; those that we made have another beginning.
const FOUND: &str = "found-";

/// Replaces the inputs that were found before by a few that reach most of what is reached.
pub fn smallest(target: &Target) -> Result<(), String> {
    let merged = target.scratch.join("merged");
    // Of an earlier run that was cut short.
    let _ = fs::remove_dir_all(&merged);
    create(&merged)?;
    let mut command = Command::new(&target.program);
    command.args(["-set_cover_merge=1", &format!("-max_len={INPUT_BYTES_MAX}")]);
    command.args([&merged, &target.corpus, &target.found]).env("TMPDIR", &target.scratch);
    succeed(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;

    let mut all = Vec::new();
    for path in files(&merged)? {
        all.push((read(&path)?, name_of(&path)));
    }
    // Of a set that covers everything, the longest cover the most.
    all.sort_by_key(|(bytes, _)| Reverse(bytes.len()));
    let mut made = Vec::new();
    for path in files(&target.corpus)? {
        if name_of(&path).starts_with(FOUND) {
            fs::remove_file(&path)
                .map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
        } else {
            made.push(read(&path)?);
        }
    }
    let mut left = BYTES_MAX.saturating_sub(made.iter().map(Vec::len).sum());
    let mut kept = 0;
    for (bytes, name) in all.iter().filter(|(bytes, _)| !made.contains(bytes)) {
        if bytes.len() > left || kept == INPUTS_MAX {
            break;
        }
        left -= bytes.len();
        kept += 1;
        // libFuzzer names an input by its hash.
        let short = &name[..name.len().min(12)];
        write(&target.corpus.join(format!("{FOUND}{short}")), bytes)?;
    }
    println!("{:<17} {kept} inputs kept of {}", target.name, all.len());
    let _ = fs::remove_dir_all(&target.scratch);
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot_list = |error| format!("cannot list {}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(cannot_list)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(cannot_list)).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
