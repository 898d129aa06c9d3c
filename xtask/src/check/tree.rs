//! The repository's files as the checks see them: by path, as text, in order.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Paths (with `/`, from the root) and their text; of a file that isn't UTF-8, no text.
#[derive(Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

/// Not looked into where git can't tell what is ours.
const NOT_OURS: &[&str] = &["target", "node_modules", "ledgerline-data"];

impl Tree {
    /// Reads what git tracks or would add. In an unpacked archive, where there is no git, everything
    /// but what is built or installed.
    ///
    /// # Errors
    /// A file that is there can't be read.
    pub fn read(root: &Path) -> Result<Tree, String> {
        let paths = match listed_by_git(root) {
            Some(paths) => paths,
            None => listed_by_walking(root)?,
        };
        let mut files = BTreeMap::new();
        for path in paths {
            let full = root.join(&path);
            // Listed but deleted, or a link that leads elsewhere.
            if !full.is_file() {
                continue;
            }
            let bytes = fs::read(&full).map_err(|error| format!("cannot read {path}: {error}"))?;
            files.insert(path, String::from_utf8(bytes).unwrap_or_default());
        }
        Ok(Tree { files })
    }

    /// A tree from memory: the bad example of a check, or a test's.
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Tree { files: files.iter().map(own).collect() }
    }

    /// Every file, path and text, in order of path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether there is such a file, or a folder with files; the root is `""`.
    pub fn holds(&self, path: &str) -> bool {
        if path.is_empty() || self.files.contains_key(path) {
            return true;
        }
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.range(folder.clone()..).next().is_some_and(|(next, _)| next.starts_with(&folder))
    }
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let paths: Vec<String> =
        text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    (!paths.is_empty()).then_some(paths)
}

fn listed_by_walking(root: &Path) -> Result<Vec<String>, String> {
    let mut paths = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let cannot_list = |error| format!("cannot list {}: {error}", root.join(&folder).display());
        for entry in fs::read_dir(root.join(&folder)).map_err(cannot_list)? {
            let entry = entry.map_err(cannot_list)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type().map_err(cannot_list)?;
            if kind.is_dir() && name != ".git" && !NOT_OURS.contains(&name.as_str()) {
                folders.push(path);
            } else if kind.is_file() {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_held_too() {
        let tree = Tree::of(&[("docs/a.md", ""), ("docs-b/c.md", "")]);
        for path in ["", "docs", "docs/", "docs/a.md", "docs-b"] {
            assert!(tree.holds(path), "{path}");
        }
        for path in ["doc", "docs/a", "docs/a.md/x", "c.md"] {
            assert!(!tree.holds(path), "{path}");
        }
    }

    #[test]
    fn git_and_walking_agree_on_this_crate() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut walked = listed_by_walking(root).unwrap();
        walked.sort();
        assert!(walked.contains(&"src/check/tree.rs".to_owned()));
        assert!(Tree::read(root).unwrap().holds("src/check/tree.rs"));
    }
}
