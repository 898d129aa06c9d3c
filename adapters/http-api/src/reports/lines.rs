//! NDJSON as lines, and each line as a report.

use ledgerline_app::intake::PlaybackReport;

use super::line::decode_line;
use super::refusal::LineError;
use super::usual::Usual;

/// A report that could be read, or why it couldn't.
pub type Read<'r> = Result<&'r PlaybackReport<'r>, LineError>;

/// Reads the reports of NDJSON in their order. `each` gets a line's number, from 1 on, what stands
/// in it, and how many fields it had that no report has; blank lines it doesn't get. Says how many
/// lines there are.
pub fn read_lines(ndjson: &[u8], mut each: impl FnMut(u64, Read<'_>, u32)) -> u64 {
    // One look tells of all lines that they are text, unless one isn't: then each is looked at.
    let text = std::str::from_utf8(ndjson).ok();
    let mut usual = Usual::new();
    let (mut number, mut at) = (0, 0);
    while at < ndjson.len() {
        number += 1;
        if let Some(rest) = text.and_then(|text| text.get(at..))
            && let Some((report, length)) = usual.read(rest)
        {
            each(number, Ok(&report), 0);
            at += length;
            continue;
        }
        let rest = &ndjson[at..];
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if !is_blank(&rest[..end]) {
            read_unusual(&rest[..end], |read, unknown_fields| each(number, read, unknown_fields));
        }
        at += end + 1;
    }
    number
}

/// Reads the one report that fills `json`; as [`read_lines`] does a line.
pub fn read_one(json: &[u8], each: impl FnOnce(Read<'_>, u32)) {
    if let Ok(text) = std::str::from_utf8(json)
        && let Some((report, length)) = Usual::new().read(text)
        && length == json.len()
    {
        return each(Ok(&report), 0);
    }
    read_unusual(json, each);
}

#[cold]
fn read_unusual(line: &[u8], each: impl FnOnce(Read<'_>, u32)) {
    match decode_line(line) {
        Ok(line) => match line.report() {
            Ok(report) => each(Ok(&report), line.unknown_fields()),
            Err(error) => each(Err(error), line.unknown_fields()),
        },
        Err(error) => each(Err(error), 0),
    }
}

// JSON's white space, not Unicode's.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// The lines of `ndjson` with their numbers, from 1 on. Blank lines are numbered and left out;
/// line ends are LF or CRLF, and the last line may lack its end.
#[must_use]
pub fn ndjson_lines(ndjson: &[u8]) -> NdjsonLines<'_> {
    NdjsonLines { rest: ndjson, number: 0 }
}

/// What [`ndjson_lines`] gives: line number and line, without its end.
#[derive(Debug, Clone)]
pub struct NdjsonLines<'a> {
    rest: &'a [u8],
    number: u64,
}

impl<'a> Iterator for NdjsonLines<'a> {
    type Item = (u64, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (line, rest) = match memchr::memchr(b'\n', self.rest) {
                Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
                None => (self.rest, &self.rest[self.rest.len()..]),
            };
            self.rest = rest;
            self.number += 1;
            if !is_blank(line) {
                return Some((self.number, line));
            }
        }
        None
    }
}
