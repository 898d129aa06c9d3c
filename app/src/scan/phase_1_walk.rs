//! Phase 1: which files there are, in the byte order of their paths.
//!
//! That order is the store's too, so what is known and what is there are compared by one walk along both, however many
//! they are. A folder's entries are in memory, and those of the folders above it.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

use super::report::ScanProgress;
use crate::ports::library::{FilePath, MusicFolder};
use crate::ports::music_files::{AudioReader, FoundEntry, FoundKind, MusicDisk};
use crate::scan::ScanParts;

/// So many files are handed over together.
const FILES_PER_LIST: usize = 256;
/// Deeper folders are a loop, or nobody's music.
const DEPTH_MAX: usize = 64;
/// A folder with more entries is none that somebody looks after.
const ENTRIES_MAX: usize = 1 << 20;

/// The names of covers beside files, the best first.
const COVER_NAMES: [&str; 5] = ["cover", "folder", "front", "album", "albumart"];
const COVER_ENDINGS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// A picture beside files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct BesidePicture {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified_ms: u64,
}

/// A file of music that is there.
#[derive(Debug, Clone)]
pub(super) struct WalkedFile {
    pub path: FilePath,
    pub absolute: PathBuf,
    pub bytes: u64,
    pub modified_ms: u64,
    /// Text with times beside it.
    pub lyrics: Option<PathBuf>,
    /// A picture beside it.
    pub cover: Option<Arc<BesidePicture>>,
    /// Whether files of its kind can be used.
    pub usable: bool,
}

/// What the walk comes past.
#[derive(Debug)]
pub(super) enum Walked {
    File(WalkedFile),
    /// A folder that can't be read, or isn't gone into: what is known in it is as it was.
    Closed {
        /// Its path with a `/` behind it.
        prefix: String,
        reason: String,
    },
}

/// A walk through a folder.
pub(super) struct Walk {
    disk: Arc<dyn MusicDisk>,
    reader: Arc<dyn AudioReader>,
    root: PathBuf,
    progress: Arc<ScanProgress>,
    seen: HashSet<(u64, u64)>,
    list: Vec<Walked>,
}

/// The other side has gone.
struct Gone;

impl Walk {
    pub(super) fn new(
        parts: &ScanParts,
        folder: &MusicFolder,
        progress: Arc<ScanProgress>,
    ) -> Self {
        Self {
            disk: parts.disk.clone(),
            reader: parts.reader.clone(),
            root: folder.path.to_path(),
            progress,
            seen: HashSet::new(),
            list: Vec::new(),
        }
    }

    /// Walks, until all was handed over or nobody takes it any more.
    pub(super) fn run(mut self, to: &mpsc::Sender<Vec<Walked>>) {
        if let Ok(Some(FoundKind::Folder { identity })) = self.disk.look(&self.root) {
            self.seen.insert(identity);
        }
        let root = self.root.clone();
        if self.folder(&root, "", 0, to).is_ok() && !self.list.is_empty() {
            let _ = to.blocking_send(std::mem::take(&mut self.list));
        }
    }

    fn hand_over(&mut self, one: Walked, to: &mpsc::Sender<Vec<Walked>>) -> Result<(), Gone> {
        self.list.push(one);
        if self.list.len() < FILES_PER_LIST {
            return Ok(());
        }
        to.blocking_send(std::mem::take(&mut self.list)).map_err(|_| Gone)
    }

    fn folder(
        &mut self,
        path: &Path,
        prefix: &str,
        depth: usize,
        to: &mpsc::Sender<Vec<Walked>>,
    ) -> Result<(), Gone> {
        let closed = |reason: String| Walked::Closed { prefix: prefix.to_owned(), reason };
        if depth > DEPTH_MAX {
            let reason = format!("it is more than {DEPTH_MAX} folders deep");
            return self.hand_over(closed(reason), to);
        }
        let entries = match self.disk.list(path) {
            Ok(entries) if entries.len() > ENTRIES_MAX => {
                let reason = format!("it has more than {ENTRIES_MAX} entries");
                return self.hand_over(closed(reason), to);
            }
            Ok(entries) => entries,
            Err(error) => {
                return self.hand_over(closed(format!("the folder can't be read: {error}")), to);
            }
        };
        let cover = best_cover(path, &entries);
        let texts: HashMap<OsString, u64> = entries.iter().filter_map(lrc_stem).collect();
        for (name, entry) in in_order(entries) {
            if name.starts_with('.') {
                continue;
            }
            let below = format!("{prefix}{name}");
            let absolute = path.join(&entry.name);
            match entry.kind {
                Ok(FoundKind::Folder { identity }) => {
                    if let Some(reason) = self.not_into(&absolute, &entry, identity) {
                        self.hand_over(Walked::Closed { prefix: format!("{below}/"), reason }, to)?;
                    } else {
                        self.folder(&absolute, &format!("{below}/"), depth + 1, to)?;
                    }
                }
                Ok(FoundKind::File { bytes, modified_ms }) => {
                    let Some(usable) = self.reader.takes(Path::new(&entry.name)) else { continue };
                    if entry.is_link && !self.is_inside(&absolute) {
                        let reason = "the link leads out of the music folder".to_owned();
                        self.hand_over(Walked::Closed { prefix: below, reason }, to)?;
                        continue;
                    }
                    self.progress.walked_past();
                    let stem = Path::new(&entry.name).file_stem().map(OsString::from);
                    let text = stem.and_then(|stem| texts.get(&stem));
                    // What stands beside a file is as good as in it.
                    let beside = text.copied().max(cover.as_ref().map(|cover| cover.modified_ms));
                    let file = WalkedFile {
                        path: FilePath::stored(&below),
                        lyrics: text.map(|_| absolute.with_extension("lrc")),
                        absolute,
                        bytes,
                        modified_ms: modified_ms.max(beside.unwrap_or(0)),
                        cover: cover.clone(),
                        usable,
                    };
                    self.hand_over(Walked::File(file), to)?;
                }
                Ok(FoundKind::Other) => {}
                Err(reason) => {
                    if self.reader.takes(Path::new(&entry.name)).is_some() {
                        self.hand_over(Walked::Closed { prefix: below, reason }, to)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Why a folder isn't gone into.
    fn not_into(
        &mut self,
        path: &Path,
        entry: &FoundEntry,
        identity: (u64, u64),
    ) -> Option<String> {
        if entry.is_link && !self.is_inside(path) {
            return Some("the link leads out of the music folder".to_owned());
        }
        (!self.seen.insert(identity)).then(|| "the folder was walked through already".to_owned())
    }

    fn is_inside(&self, path: &Path) -> bool {
        self.disk.canonical(path).is_ok_and(|canonical| canonical.starts_with(&self.root))
    }
}

/// Entries with their names as stored, in the order in which the paths below them come: a folder's is that of its
/// name with a `/` behind it.
fn in_order(entries: Vec<FoundEntry>) -> Vec<(String, FoundEntry)> {
    let key = |name: &str, entry: &FoundEntry| match entry.kind {
        Ok(FoundKind::Folder { .. }) => format!("{name}/"),
        _ => name.to_owned(),
    };
    let named = entries.into_iter().map(|entry| {
        let name = FilePath::of(Path::new(&entry.name)).as_str().to_owned();
        (key(&name, &entry), name, entry)
    });
    let mut named: Vec<(String, String, FoundEntry)> = named.collect();
    named.sort_by(|one, other| one.0.cmp(&other.0));
    named.into_iter().map(|(_, name, entry)| (name, entry)).collect()
}

/// What a text with times is beside, and when it was changed last.
fn lrc_stem(entry: &FoundEntry) -> Option<(OsString, u64)> {
    let path = Path::new(&entry.name);
    let is_text = path.extension().is_some_and(|ending| ending == "lrc") && !entry.is_link;
    match entry.kind {
        Ok(FoundKind::File { modified_ms, .. }) if is_text => {
            Some((path.file_stem()?.to_owned(), modified_ms))
        }
        _ => None,
    }
}

/// The picture of a folder, where it has one by a name that says so.
fn best_cover(folder: &Path, entries: &[FoundEntry]) -> Option<Arc<BesidePicture>> {
    let rank = |entry: &FoundEntry| {
        if entry.is_link {
            return None;
        }
        let path = Path::new(&entry.name);
        let stem = path.file_stem()?.to_str()?.to_ascii_lowercase();
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        let name = COVER_NAMES.iter().position(|name| *name == stem)?;
        let ending = COVER_ENDINGS.iter().position(|it| *it == ending)?;
        match entry.kind {
            Ok(FoundKind::File { bytes, modified_ms }) => Some((name, ending, bytes, modified_ms)),
            _ => None,
        }
    };
    let ranked = entries.iter().filter_map(|entry| rank(entry).map(|rank| (rank, entry)));
    let ((_, _, bytes, modified_ms), entry) = ranked.min_by(|one, other| {
        (one.0.0, one.0.1, &one.1.name).cmp(&(other.0.0, other.0.1, &other.1.name))
    })?;
    let path = folder.join(&entry.name);
    Some(Arc::new(BesidePicture { path, bytes, modified_ms }))
}
