//! Listening histories of other services: found in files, and read as a server is brought them.

use ledgerline_app::money::trial::HeardPlay;
use ledgerline_app::ports::{BroughtHistory, HistoryError, HistoryReader, ReadHistory};
use ledgerline_listening_exports::{Export, ExportError, listenbrainz, spotify};
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::failure::Failure;

/// All histories under the paths, of whatever service.
pub fn exports(paths: &[PathBuf]) -> Result<Vec<Export>, Failure> {
    let unknown = |error: &ExportError| {
        matches!(error, ExportError::NothingFound { .. } | ExportError::NotAnExport { .. })
    };
    match spotify(paths) {
        Err(first) if unknown(&first) => match listenbrainz(paths) {
            Err(second) if unknown(&second) => {
                Err(Failure::missing(format!("{first}; nor is it ListenBrainz': {second}")))
            }
            other => other.map_err(|error| Failure::from_error(&error)),
        },
        other => other.map_err(|error| {
            let failure = Failure::from_error(&error);
            match &error {
                ExportError::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
                    Failure::missing(failure.to_string())
                }
                _ => failure,
            }
        }),
    }
}

/// Exports of one listener tell of the same plays: the one that tells of most is taken.
pub fn most_told(
    name: &str,
    exports: Vec<Export>,
    left: &mut Vec<String>,
) -> Result<Export, Failure> {
    let mut best: Option<(u64, Export)> = None;
    for export in exports {
        let mut plays = 0_u64;
        let count = export.for_each(
            &mut |_| {
                plays += 1;
                ControlFlow::Continue(())
            },
            &mut |_| {},
        );
        count.map_err(|error| Failure::from_error(&error))?;
        let (lesser, more) = match best.take() {
            None => (None, (plays, export)),
            Some(known) if known.0 >= plays => (Some((plays, export)), known),
            Some(known) => (Some(known), (plays, export)),
        };
        best = Some(more);
        if let Some((plays, export)) = lesser {
            let first = export.files().first().map_or("", |file| file.name());
            left.push(format!(
                "{plays} plays of {name} in {first} and its like ({}): another export of the same \
                 listener tells of more, and would tell of these again",
                export.kind()
            ));
        }
    }
    best.map(|(_, export)| export).ok_or_else(|| Failure::missing(format!("{name} has no history")))
}

/// Reads histories that are brought to a server. The readers want files, as zips are read from
/// their ends: each is written to a folder that only this user can open, and is gone when it was
/// read.
#[derive(Debug, Clone, Copy, Default)]
pub struct BroughtHistories;

impl HistoryReader for BroughtHistories {
    fn read(
        &self,
        brought: BroughtHistory<'_>,
        each: &mut dyn FnMut(HeardPlay<'_>) -> ControlFlow<()>,
        left_out_max: usize,
    ) -> Result<ReadHistory, HistoryError> {
        let folder = Folder::make()?;
        let file = folder.0.join(brought.name);
        std::fs::write(&file, brought.bytes)
            .map_err(|error| HistoryError::Failed(error.to_string()))?;
        // Nobody who brings a history knows the folder.
        let told = |text: String| text.replace(&format!("{}/", folder.0.display()), "");
        let unreadable = |failure: Failure| HistoryError::Unreadable(told(failure.to_string()));
        let mut left_out = Vec::new();
        let found = exports(&[file]).map_err(unreadable)?;
        let bytes: u64 = found.iter().map(Export::total_bytes).fold(0, u64::saturating_add);
        if bytes > brought.unpacked_bytes_max {
            let why = format!(
                "it unpacks to {bytes} bytes, and {} are read at most",
                brought.unpacked_bytes_max
            );
            return Err(HistoryError::Unreadable(why));
        }
        let export = most_told(brought.name, found, &mut left_out).map_err(unreadable)?;
        let read = export.for_each(
            &mut |play| {
                each(HeardPlay {
                    track_id: &play.track_id,
                    track_name: play.track_name.as_deref(),
                    artist: play.artist_name.as_deref(),
                    started_at: play.started_at,
                    listened_ms: play.listened_ms,
                })
            },
            &mut |row| {
                if left_out.len() < left_out_max {
                    left_out.push(row.to_string());
                }
            },
        );
        read.map_err(|error| unreadable(Failure::from_error(&error)))?;
        left_out.truncate(left_out_max);
        let left_out = left_out.into_iter().map(told).collect();
        Ok(ReadHistory { unpacked_bytes: bytes, left_out })
    }
}

/// A folder of its own, which is removed with it.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, HistoryError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ledgerline-try-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // What a process of the same number left that was killed.
        let _ = std::fs::remove_dir_all(&path);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| HistoryError::Failed(error.to_string()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
