//! A folder for a server that runs as another user: root's own folders are closed to it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What folders made here are called, before a number.
const NAME: &str = "ledgerline-postgres-";
/// How many names are tried.
const TRIES_MAX: u32 = 1_000;

/// Whether the user and group with these numbers may pass through `folder` and all above it.
pub fn may_enter(folder: &Path, (user, group): (u32, u32)) -> bool {
    folder.ancestors().all(|it| {
        let Ok(of) = fs::metadata(it) else { return false };
        let bit = match (of.uid() == user, of.gid() == group) {
            (true, _) => 0o100,
            (_, true) => 0o010,
            _ => 0o001,
        };
        of.mode() & bit != 0
    })
}

/// Makes a folder of its own in the system's folder of temporary files.
///
/// # Errors
/// A sentence, where it can't be made.
pub fn make_apart() -> Result<PathBuf, String> {
    let parent = std::env::temp_dir();
    for number in 0..TRIES_MAX {
        let folder = parent.join(format!("{NAME}{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("cannot make {}: {error}", folder.display())),
        }
    }
    Err(format!("no name is free in {}", parent.display()))
}

/// Removes a folder that [`make_apart`] made; any other is left alone.
///
/// # Errors
/// A sentence, where it can't be removed.
pub fn remove_apart(folder: &Path) -> Result<(), String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if folder.parent() != Some(&std::env::temp_dir()) || !name.starts_with(NAME) {
        return Ok(());
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_closed_folder_lets_only_its_owner_pass() {
        let closed = make_apart().unwrap();
        let inner = closed.join("inner");
        fs::create_dir(&inner).unwrap();
        let owner = fs::metadata(&closed).map(|of| (of.uid(), of.gid())).unwrap();
        let other = (owner.0 + 1, owner.1 + 1);
        let mode = |mode| fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).unwrap();

        mode(0o711);
        assert!(may_enter(&inner, other) && may_enter(&inner, owner));
        mode(0o700);
        assert!(!may_enter(&inner, other) && may_enter(&inner, owner));
        assert!(!may_enter(&inner, (other.0, owner.1)));
        mode(0o710);
        assert!(!may_enter(&inner, other) && may_enter(&inner, (other.0, owner.1)));

        remove_apart(&closed).unwrap();
        assert!(!closed.exists());
        remove_apart(&closed).unwrap();
    }

    #[test]
    fn nothing_else_is_removed() {
        let folder = std::env::temp_dir().join(format!("xtask-{}-kept", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        remove_apart(&folder).unwrap();
        assert!(folder.exists());
        fs::remove_dir(folder).unwrap();
    }
}
