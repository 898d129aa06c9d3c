//! Changes in a folder, as the system tells of them.

use ledgerline_app::ports::music_files::{FolderWatcher, Unusable, Watching};
use notify::{Event, EventKind, RecursiveMode, Watcher};
use std::path::Path;

/// Folders watched by the system's own means.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemWatcher;

impl FolderWatcher for SystemWatcher {
    fn watch(
        &self,
        folder: &Path,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Box<dyn Watching>, Unusable> {
        let unusable = |error: notify::Error| Unusable(error.to_string());
        let tell = move |event: notify::Result<Event>| {
            // That somebody only read a file changes nothing. What can't be told may be anything.
            if !matches!(event, Ok(Event { kind: EventKind::Access(_), .. })) {
                changed();
            }
        };
        let mut watcher = notify::recommended_watcher(tell).map_err(unusable)?;
        watcher.watch(folder, RecursiveMode::Recursive).map_err(unusable)?;
        Ok(Box::new(Held(watcher)))
    }
}

/// Watches until it is dropped.
struct Held(#[expect(dead_code, reason = "it is there to be dropped")] notify::RecommendedWatcher);

impl Watching for Held {}
