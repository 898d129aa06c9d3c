//! The reports, cut into the bodies of requests.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use tokio::sync::mpsc;

use crate::arguments::{Arguments, Mode};

/// One request's body.
#[derive(Debug, Clone)]
pub struct Body {
    text: Arc<Vec<u8>>,
    range: Range<usize>,
    /// How many reports it has.
    pub reports: u64,
}

impl Body {
    /// What is sent.
    pub fn bytes(&self) -> &[u8] {
        &self.text[self.range.clone()]
    }
}

/// Gives bodies, one after the other.
#[derive(Debug)]
pub enum Bodies {
    /// All of the input is in memory.
    Whole {
        /// The input.
        text: Arc<Vec<u8>>,
        /// Up to where it was given.
        at: usize,
        /// How it is cut.
        mode: Mode,
    },
    /// A thread reads it.
    Streamed(mpsc::Receiver<io::Result<Body>>),
}

/// How many bytes the thread reads at once, and how many such pieces wait.
const PIECE_BYTES: usize = 4 << 20;
const PIECES_MAX: usize = 8;

impl Bodies {
    /// Reads the input, or begins to.
    ///
    /// # Errors
    /// The input can't be read.
    pub fn open(arguments: &Arguments) -> io::Result<Bodies> {
        let mut from = open(arguments.file.as_deref())?;
        if arguments.streamed {
            let (give, take) = mpsc::channel(PIECES_MAX);
            let mode = arguments.mode;
            thread::spawn(move || read_on(from, mode, &give));
            return Ok(Bodies::Streamed(take));
        }
        let mut text = Vec::new();
        from.read_to_end(&mut text)?;
        Ok(Bodies::Whole { text: Arc::new(text), at: 0, mode: arguments.mode })
    }

    /// The next body; `None` at the end.
    ///
    /// # Errors
    /// The input can't be read.
    pub async fn next(&mut self) -> io::Result<Option<Body>> {
        match self {
            Bodies::Whole { text, at, mode } => {
                let Some((length, reports)) = cut(&text[*at..], *mode) else { return Ok(None) };
                let range = *at..*at + length;
                *at = range.end;
                Ok(Some(Body { text: text.clone(), range, reports }))
            }
            Bodies::Streamed(take) => take.recv().await.transpose(),
        }
    }
}

fn open(file: Option<&Path>) -> io::Result<Box<dyn Read + Send>> {
    Ok(match file {
        Some(path) => Box::new(File::open(path)?),
        None => Box::new(io::stdin()),
    })
}

/// Reads pieces of whole lines and gives their bodies, until nobody takes them.
fn read_on(mut from: impl Read, mode: Mode, give: &mpsc::Sender<io::Result<Body>>) {
    let mut rest = Vec::new();
    loop {
        let mut text = std::mem::take(&mut rest);
        let read = (&mut from).take(PIECE_BYTES as u64).read_to_end(&mut text);
        let ended = match read {
            Ok(read) => read == 0,
            Err(error) => {
                let _ = give.blocking_send(Err(error));
                return;
            }
        };
        if !ended {
            let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            rest = text.split_off(end);
        }
        let text = Arc::new(text);
        let mut at = 0;
        while let Some((length, reports)) = cut(&text[at..], mode) {
            let body = Body { text: text.clone(), range: at..at + length, reports };
            at += length;
            if give.blocking_send(Ok(body)).is_err() {
                return;
            }
        }
        if ended {
            return;
        }
    }
}

/// The length of the next body, and how many reports that is.
fn cut(text: &[u8], mode: Mode) -> Option<(usize, u64)> {
    let lines = match mode {
        Mode::Ndjson(lines) => lines,
        Mode::Single => 1,
    };
    let (mut length, mut reports) = (0, 0);
    while length < text.len() && reports < lines {
        let line = text[length..].iter().position(|byte| *byte == b'\n');
        length = line.map_or(text.len(), |line| length + line + 1);
        reports += 1;
    }
    (reports > 0).then_some((length, reports as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_whole_lines() {
        let text = b"one\ntwo\nthree";
        assert_eq!(cut(text, Mode::Ndjson(2)), Some((8, 2)));
        assert_eq!(cut(text, Mode::Ndjson(9)), Some((13, 3)));
        assert_eq!(cut(text, Mode::Single), Some((4, 1)));
        assert_eq!(cut(b"", Mode::Single), None);
    }

    #[test]
    fn what_is_streamed_is_all_there() {
        let line = format!("{}\n", "x".repeat(999));
        let text = line.repeat(2 * PIECE_BYTES / line.len());
        let (give, mut take) = mpsc::channel(100_000);
        read_on(text.as_bytes(), Mode::Ndjson(100), &give);
        drop(give);
        let (mut bytes, mut reports) = (0, 0);
        while let Some(body) = take.blocking_recv() {
            let body = body.unwrap();
            assert_eq!(body.bytes().len() as u64, 1000 * body.reports);
            bytes += body.bytes().len();
            reports += body.reports;
        }
        assert_eq!((bytes, reports), (text.len(), text.len() as u64 / 1000));
    }
}
