//! The access log of audio: a line of JSON for each answer, as nodes at the edge write it too.

use ledgerline_http_api::{SentAudio, SentAudioLog};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use crate::failure::Failure;

/// So many lines wait to be written; beyond that lines are dropped, for nobody waits for a log.
const WAITING_MAX: usize = 65_536;
/// How long lines stay in memory at most.
const FLUSHED_EVERY: Duration = Duration::from_millis(500);

/// An access log that is written behind the answers.
pub struct AccessLog {
    lines: SyncSender<String>,
}

impl AccessLog {
    /// Opens the file, for its owner alone, and writes behind what is in it.
    ///
    /// # Errors
    /// [`Failure`] where it can't be opened.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        let file = file.map_err(|error| Failure::io(path, &error))?;
        let (lines, waiting) = sync_channel(WAITING_MAX);
        let path = path.to_owned();
        let writer = move || {
            if let Err(error) = write(&waiting, BufWriter::new(file)) {
                tracing::error!(%error, path = %path.display(), "the access log is no longer written");
            }
        };
        std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(writer)
            .map_err(|error| Failure::from_error(&error))?;
        Ok(Self { lines })
    }
}

fn write(waiting: &Receiver<String>, mut file: impl std::io::Write) -> std::io::Result<()> {
    while let Ok(line) = waiting.recv() {
        writeln!(file, "{line}")?;
        while let Ok(line) = waiting.recv_timeout(FLUSHED_EVERY) {
            writeln!(file, "{line}")?;
        }
        file.flush()?;
    }
    Ok(())
}

impl SentAudioLog for AccessLog {
    fn note(&self, sent: &SentAudio) {
        let line = json!({
            "at_ms": sent.at_ms,
            "play_id": sent.play_id,
            "track_id": sent.track_id,
            "rung": sent.rung,
            "status": sent.status,
            "bytes": sent.bytes,
        });
        // A full queue drops the line.
        let _ = self.lines.try_send(line.to_string());
    }
}
