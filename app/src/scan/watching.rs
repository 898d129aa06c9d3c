//! A music folder is scanned whenever something in it changes, and now and then in any case.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::{ScanError, Scanner};
use crate::ports::library::MusicFolder;
use crate::ports::music_files::FolderWatcher;

/// Changes are waited for until none came for so long …
const QUIET: Duration = Duration::from_secs(2);
/// … but not longer than this: somebody who copies all day hears what is there.
const QUIET_WITHIN: Duration = Duration::from_secs(30);
/// A folder is looked through so often without a word of any change: some file systems tell nothing.
const RESCAN_EVERY: Duration = Duration::from_secs(15 * 60);
/// The same, where nobody tells of changes.
const UNWATCHED_RESCAN_EVERY: Duration = Duration::from_secs(60);

/// Scans a folder now, and whenever something in it changes. Ends when the scanner is stopped.
pub async fn watch_forever(
    scanner: &Arc<Scanner>,
    folder: &MusicFolder,
    watcher: Option<&dyn FolderWatcher>,
) {
    let changed = Arc::new(Notify::new());
    let watching = watcher.map(|watcher| {
        let changed = changed.clone();
        watcher.watch(&folder.path.to_path(), Box::new(move || changed.notify_one()))
    });
    let watching = match watching {
        Some(Ok(watching)) => Some(watching),
        Some(Err(error)) => {
            tracing::warn!(%error, folder = %folder.path, "changes of the music folder aren't told; it is looked through every minute");
            None
        }
        None => None,
    };
    let every = if watching.is_some() { RESCAN_EVERY } else { UNWATCHED_RESCAN_EVERY };
    loop {
        match scanner.scan(folder).await {
            Ok(report) if report.added + report.changed + report.moved + report.missing > 0 => {
                tracing::info!(
                    added = report.added,
                    changed = report.changed,
                    moved = report.moved,
                    missing = report.missing,
                    skipped = report.skipped,
                    "the music folder was scanned"
                );
            }
            Ok(_) => {}
            // Somebody else's may have passed already what changed.
            Err(ScanError::Busy) => {
                tokio::time::sleep(QUIET).await;
                if !scanner.is_stopped() {
                    continue;
                }
            }
            Err(ScanError::Stopped) => return,
            Err(error) => tracing::warn!(%error, "the music folder could not be scanned"),
        }
        if timeout(every, changed.notified()).await.is_ok() {
            let end = Instant::now() + QUIET_WITHIN;
            let quiet = async { while timeout(QUIET, changed.notified()).await.is_ok() {} };
            let _ = timeout_at(end, quiet).await;
        }
        if scanner.is_stopped() {
            return;
        }
    }
}
