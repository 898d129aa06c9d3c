//! Where the bench works, and what it runs.

use super::proc::has_ended;
use crate::programs::{answer, cargo, succeed};
use crate::workspace::Workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Settings of a caller's shell would be measured with the binary.
const NOT_INHERITED: &[&str] = &["LEDGERLINE_DATA", "LEDGERLINE_TABLE_ENTRIES_MAX", "RUST_LOG"];

/// A folder inside the target folder, and the programs.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    /// The repository's root.
    pub root: PathBuf,
    /// What is kept between runs: virtual environments.
    pub kept: PathBuf,
    product: PathBuf,
    load: PathBuf,
}

impl Place {
    /// With the programs of a profile, `release` or `debug`, in an empty folder.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn new(workspace: &Workspace, profile: &str) -> Result<Place, String> {
        let product = match profile {
            "debug" => workspace.debug_binary(),
            _ => workspace.release_binary(),
        };
        let kept = workspace.services();
        let folder = kept.join(format!("bench-{}", std::process::id()));
        let load = product.with_file_name("ledgerline-load");
        let place = Place { folder, root: workspace.root().to_path_buf(), kept, product, load };
        remove_left(&place.kept);
        place.fresh("")?;
        Ok(place)
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// An empty folder in the folder.
    ///
    /// # Errors
    /// It can't be emptied or made.
    pub fn fresh(&self, name: &str) -> Result<PathBuf, String> {
        let path = if name.is_empty() { self.folder.clone() } else { self.path(name) };
        remove(&path)?;
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// The product, with nothing of the caller's shell.
    pub fn product(&self) -> Command {
        Self::clean(Command::new(&self.product))
    }

    /// The product under another program, which gets `words` and then the product's path.
    pub fn product_under(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).arg(&self.product);
        Self::clean(command)
    }

    fn clean(mut command: Command) -> Command {
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        command
    }

    /// The client.
    pub fn load(&self) -> Command {
        Command::new(&self.load)
    }

    /// A key for the server that has `data`, or for the next one.
    ///
    /// # Errors
    /// The product makes none.
    pub fn key(&self, data: &Path) -> Result<String, String> {
        let data = data.to_string_lossy();
        let words = ["keys", "create", "--scope", "reports:write,counts:read", "--data", &data];
        let printed = answer(&self.product.to_string_lossy(), &words);
        let key = printed.as_deref().and_then(|printed| printed.lines().last());
        key.map(str::to_owned).ok_or_else(|| "`ledgerline keys create` made no key".to_owned())
    }

    /// How much of the disk is free, in bytes.
    pub fn free_bytes(&self) -> Option<u64> {
        let printed = answer("df", &["-Pk", &self.folder.to_string_lossy()])?;
        let kib: u64 = printed.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
        Some(kib * 1024)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Gigabytes that nobody looks at any more; the next run has a folder of its own.
        let _ = remove(&self.folder);
    }
}

/// Removes the folders of runs that were killed: they are named for processes that are no more.
fn remove_left(kept: &Path) {
    for entry in fs::read_dir(kept).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("bench-").and_then(|pid| pid.parse().ok());
        if pid.is_some_and(has_ended) {
            let _ = remove(&entry.path());
        }
    }
}

/// Removes a folder and what is in it, if it is there.
///
/// # Errors
/// It can't be removed.
pub fn remove(path: &Path) -> Result<(), String> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot empty {}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Builds what the bench runs.
///
/// # Errors
/// It doesn't compile.
pub fn build(workspace: &Workspace) -> Result<(), String> {
    println!("building the product and the client with optimisation");
    let words = ["build", "--release", "--package", "ledgerline", "--package", "ledgerline-load"];
    succeed(cargo(workspace).args(words)).map_err(|reason| format!("the build failed: {reason}"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_removed() {
        let kept = std::env::temp_dir().join(format!("xtask-{}-left", std::process::id()));
        let running = format!("bench-{}", std::process::id());
        let names = ["bench-4194305", &running, "bench-flink", "other"];
        for name in names {
            fs::create_dir_all(kept.join(name)).unwrap();
        }
        remove_left(&kept);
        let is_there = names.map(|name| kept.join(name).is_dir());
        fs::remove_dir_all(&kept).unwrap();
        // No process has such a number: the kernel's are below it.
        assert_eq!(is_there, [false, true, true, true]);
    }
}
