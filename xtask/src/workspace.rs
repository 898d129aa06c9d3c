//! Where the repository and its build products are.

use std::path::{Path, PathBuf};

/// The repository's root and cargo's target folder.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Finds both: the root from this crate's folder, the target folder from this very binary, which
    /// is right whatever moved it there (a variable, a configuration file, a target triple).
    ///
    /// # Errors
    /// A sentence, where the source is not where this binary was built from.
    pub fn find() -> Result<Workspace, String> {
        let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = match crate_folder.parent() {
            Some(root) if root.join("Cargo.toml").is_file() => root.to_path_buf(),
            _ => return Err(format!("no workspace above {}", crate_folder.display())),
        };
        let binary = std::env::current_exe()
            .map_err(|error| format!("the system does not say where xtask runs from: {error}"))?;
        let target = match binary.parent().and_then(Path::parent) {
            Some(target) => target.to_path_buf(),
            None => return Err(format!("no target folder above {}", binary.display())),
        };
        Ok(Workspace { root, target })
    }

    /// The repository's root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The product's binary in the dev profile.
    pub fn debug_binary(&self) -> PathBuf {
        self.target.join("debug/ledgerline")
    }

    /// The product's binary in the release profile.
    pub fn release_binary(&self) -> PathBuf {
        self.target.join("release/ledgerline")
    }

    /// A folder for what tests install and write: inside the target folder, so `cargo clean` cleans it.
    pub fn services(&self) -> PathBuf {
        self.target.join("services")
    }

    /// Where the browser tests put what they saw.
    pub fn screenshots(&self) -> PathBuf {
        self.target.join("screenshots")
    }

    /// Where everything of `fuzz` is: built with other flags, so apart from all else.
    pub fn fuzz(&self) -> PathBuf {
        self.target.join("fuzz")
    }

    /// The Rust version that the workspace's manifest asks for.
    ///
    /// # Errors
    /// A sentence, where the manifest has no `rust-version` of the form `1.94`.
    pub fn rust_version_min(&self) -> Result<(u32, u32), String> {
        let path = self.root.join("Cargo.toml");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        rust_version_of(&text).ok_or_else(|| format!("{} has no rust-version", path.display()))
    }
}

fn rust_version_of(manifest: &str) -> Option<(u32, u32)> {
    let line = manifest.lines().find(|line| line.trim_start().starts_with("rust-version"))?;
    let (_, value) = line.split_once('=')?;
    version_in(value)
}

/// The first `major.minor` in a text such as `rustc 1.95.0 (…)` or `Python 3.11.7`.
pub fn version_in(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut numbers = text[start..].split(|c: char| !c.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version_in("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95)));
        assert_eq!(version_in("Python 3.11.7"), Some((3, 11)));
        assert_eq!(version_in("1.94"), Some((1, 94)));
        assert_eq!(version_in("none"), None);
        assert_eq!(rust_version_of("[package]\nrust-version = \"1.94\"\n"), Some((1, 94)));
        assert_eq!(rust_version_of("[package]\n"), None);
    }
}
