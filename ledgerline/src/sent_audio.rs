//! The access log of audio: a line of JSON for each answer, as nodes at the edge write it too.

use ledgerline_http_api::{SentAudio, SentAudioLog};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::mem;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::failure::Failure;

/// So many bytes of lines wait to be written; beyond that lines are dropped, for nobody waits for a log.
const WAITING_BYTES_MAX: usize = 16 << 20;
/// How long lines stay in memory at most. They are written together: waking somebody up for each would cost more than
/// the line.
const FLUSHED_EVERY: Duration = Duration::from_millis(500);

/// An access log that is written behind the answers.
pub struct AccessLog {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Something waits where nothing did, or nothing more comes.
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    ended: bool,
}

impl AccessLog {
    /// Opens the file, for its owner alone, and writes behind what is in it.
    ///
    /// # Errors
    /// [`Failure`] where it can't be opened.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        let file = file.map_err(|error| Failure::io(path, &error))?;
        let shared = Arc::new(Shared::default());
        let (path, written) = (path.to_owned(), shared.clone());
        let writer = move || {
            if let Err(error) = written.write(file) {
                tracing::error!(%error, path = %path.display(), "the access log is no longer written");
            }
        };
        std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(writer)
            .map_err(|error| Failure::from_error(&error))?;
        Ok(Self { shared })
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no holder panics")
    }

    /// Writes until nothing more comes.
    fn write(&self, mut file: impl Write) -> std::io::Result<()> {
        loop {
            let idle = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.ended;
            let waiting = self.changed.wait_while(self.waiting(), idle).expect("nobody panics");
            let going_on = |waiting: &mut Waiting| !waiting.ended;
            let waited = self.changed.wait_timeout_while(waiting, FLUSHED_EVERY, going_on);
            let (mut waiting, _) = waited.expect("nobody panics");
            let (lines, ended) = (mem::take(&mut waiting.lines), waiting.ended);
            drop(waiting);
            file.write_all(&lines)?;
            if ended {
                return Ok(());
            }
        }
    }
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
        let line = line.to_string();
        let mut waiting = self.shared.waiting();
        if waiting.lines.len() + line.len() >= WAITING_BYTES_MAX {
            return;
        }
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line.as_bytes());
        waiting.lines.push(b'\n');
        drop(waiting);
        if first {
            self.shared.changed.notify_one();
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.shared.waiting().ended = true;
        self.shared.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_written_in_order() {
        let shared = Arc::new(Shared::default());
        let log = AccessLog { shared: shared.clone() };
        let written = std::thread::spawn(move || {
            let mut written = Vec::new();
            shared.write(&mut written).map(|()| written)
        });
        for bytes in 0..10_000 {
            log.note(&SentAudio {
                at_ms: 1,
                play_id: "p".to_owned(),
                track_id: "t\n".to_owned(),
                rung: "flac".to_owned(),
                status: 206,
                bytes,
            });
        }
        drop(log);
        let written = written.join().expect("no panic").expect("a Vec takes all");
        let text = String::from_utf8(written).expect("text");
        let bytes = text.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            line["bytes"].as_u64().expect("a number")
        });
        assert!(bytes.eq(0..10_000));
    }
}
