//! NDJSON as lines.

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
            // JSON's white space, not Unicode's.
            if !line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
                return Some((self.number, line));
            }
        }
        None
    }
}
