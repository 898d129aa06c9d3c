//! A request body as reports: its format, and the reports in it one after the other.

use std::ops::Range;

use ledgerline_app::intake::{PlaybackReport, Rejection};

use super::encoding::Encoding;
use super::json::{Fault, Scanner, SyntaxError};
use super::lines::{Read, ndjson_lines, read_lines, read_one};

/// How reports stand in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object, or an array of them.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// What a body may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// The most bytes, as sent and when unpacked.
    pub bytes: usize,
    /// The most reports.
    pub reports: u64,
}

impl BodyLimits {
    /// A body that comes in live: 8 MiB, 50 000 reports.
    pub const LIVE: Self = Self { bytes: 8 << 20, reports: 50_000 };
}

/// Why nothing of a body is kept. The message tells the sender what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// 415.
    #[error(
        "send reports as application/json (one object or an array) or as application/x-ndjson \
         (one object a line), in UTF-8"
    )]
    UnsupportedType,
    /// 415.
    #[error("send the body as it is, or packed once with gzip or zstd")]
    UnsupportedEncoding,
    /// 413.
    #[error("a body has at most {limit} bytes, unpacked; send fewer reports at once")]
    TooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// 413.
    #[error("a body has at most {limit} reports; send fewer at once")]
    TooManyReports {
        /// The most reports.
        limit: u64,
    },
    /// 400.
    #[error(
        "the body can't be unpacked: {}",
        if *cut { "it ends too early" } else { "it isn't what Content-Encoding says" }
    )]
    Undecodable {
        /// Whether it ended too early.
        cut: bool,
    },
    /// 400: an object or an array that is no JSON.
    #[error("line {line}, column {column}: expected {what}")]
    Malformed {
        /// The line, from 1 on.
        line: usize,
        /// The byte in the line, from 1 on.
        column: usize,
        /// What was expected.
        what: &'static str,
    },
    /// 400: the body ends in the middle of a report. Nothing of it is kept, so that it can be
    /// sent again whole.
    #[error("the body ends in the middle of a report (line {line}, column {column})")]
    Truncated {
        /// The line, from 1 on.
        line: usize,
        /// The byte in the line, from 1 on.
        column: usize,
    },
    /// 400.
    #[error("the body holds no report")]
    Empty,
    /// 503: too many bodies are being read at once.
    #[error("too many bodies are being read; send it again a little later")]
    NoMemory,
}

impl BodyError {
    /// The reason as a word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedType => "unsupported_media_type",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::TooLarge { .. } => "body_too_large",
            Self::TooManyReports { .. } => "too_many_reports",
            Self::Undecodable { .. } => "undecodable_body",
            Self::Malformed { .. } => "malformed_json",
            Self::Truncated { .. } => "truncated_body",
            Self::Empty => "no_reports",
            Self::NoMemory => "overloaded",
        }
    }
}

impl Format {
    /// Reads the value of `Content-Type`.
    ///
    /// # Errors
    /// [`BodyError::UnsupportedType`] where it is absent, another one, or not in UTF-8.
    pub fn from_header(value: Option<&str>) -> Result<Self, BodyError> {
        let mut parts = value.unwrap_or_default().split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let charset = name.trim().eq_ignore_ascii_case("charset");
            if charset && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8") {
                return Err(BodyError::UnsupportedType);
            }
        }
        match essence.as_str() {
            "application/json" => Ok(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Self::Ndjson),
            _ => Err(BodyError::UnsupportedType),
        }
    }
}

/// A body, unpacked and found to be whole. Its reports are read by [`Reports::each`].
#[derive(Debug)]
pub struct Reports {
    bytes: Vec<u8>,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// NDJSON, beginning at this offset.
    Lines(usize),
    /// Where each element of an array stands, or the one object.
    Elements(Vec<Range<usize>>),
}

/// Unpacks a body and looks whether it is whole.
///
/// `content_type` and `content_encoding` are the values of the headers.
///
/// # Errors
/// [`BodyError`]; then nothing of the body may be kept.
pub fn decode_body(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    bytes: Vec<u8>,
    limits: &BodyLimits,
) -> Result<Reports, BodyError> {
    let format = Format::from_header(content_type)?;
    let encoding = Encoding::from_header(content_encoding)?;
    decode(format, encoding, bytes, limits, &mut |_| true)
}

/// [`decode_body`], its headers read. `reserve` is asked before memory is taken to unpack.
pub(crate) fn decode(
    format: Format,
    encoding: Encoding,
    bytes: Vec<u8>,
    limits: &BodyLimits,
    reserve: &mut dyn FnMut(usize) -> bool,
) -> Result<Reports, BodyError> {
    if bytes.len() > limits.bytes {
        return Err(BodyError::TooLarge { limit: limits.bytes });
    }
    let bytes = encoding.unpack(bytes, limits.bytes, reserve)?;
    // Some senders put a byte order mark before everything they write.
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let layout = match format {
        Format::Json => elements(&bytes, start, limits)?,
        Format::Ndjson => lines(&bytes, start, limits)?,
    };
    Ok(Reports { bytes, layout })
}

/// What came of the reports of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many were taken.
    pub taken: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many fields they had that no report has.
    pub unknown_fields: u64,
}

impl Reports {
    /// How many reports there are, good and bad.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a body without reports is an error")]
    pub fn len(&self) -> u64 {
        match &self.layout {
            Layout::Lines(start) => ndjson_lines(&self.bytes[*start..]).count() as u64,
            Layout::Elements(elements) => elements.len() as u64,
        }
    }

    /// How many bytes they have.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Reads the reports in their order. `take` gets the number and the content of each that is
    /// one, and may refuse it; `refuse` gets every rejection, those of `take` too.
    pub fn each(
        &self,
        mut take: impl FnMut(u64, &PlaybackReport<'_>) -> Result<(), Rejection>,
        mut refuse: impl FnMut(Rejection),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        self.read(|number, read, unknown_fields| {
            outcome.unknown_fields += u64::from(unknown_fields);
            let taken = read.map_err(|error| error.at(number));
            match taken.and_then(|report| take(number, report)) {
                Ok(()) => outcome.taken += 1,
                Err(rejection) => {
                    outcome.refused += 1;
                    refuse(rejection);
                }
            }
        });
        outcome
    }

    fn read(&self, mut each: impl FnMut(u64, Read<'_>, u32)) {
        match &self.layout {
            Layout::Lines(start) => {
                read_lines(&self.bytes[*start..], each);
            }
            Layout::Elements(elements) => {
                for (number, element) in (1..).zip(elements) {
                    read_one(&self.bytes[element.clone()], |read, unknown_fields| {
                        each(number, read, unknown_fields);
                    });
                }
            }
        }
    }
}

fn lines(bytes: &[u8], start: usize, limits: &BodyLimits) -> Result<Layout, BodyError> {
    let ndjson = &bytes[start..];
    let ends = memchr::memchr_iter(b'\n', ndjson).count() as u64;
    // Blank lines are no reports, but hardly anybody sends one.
    if ends >= limits.reports && ndjson_lines(ndjson).count() as u64 > limits.reports {
        return Err(BodyError::TooManyReports { limit: limits.reports });
    }
    if ndjson_lines(ndjson).next().is_none() {
        return Err(BodyError::Empty);
    }
    // A last line without its end may have been cut: then it ends where JSON goes on.
    let last = memchr::memrchr(b'\n', ndjson).map_or(ndjson, |end| &ndjson[end + 1..]);
    if ndjson_lines(last).next().is_some() {
        let mut scanner = Scanner::new(last, usize::MAX);
        if let Err(SyntaxError { at, fault: Fault::End }) = scanner.skip_value() {
            let line = usize::try_from(ends).unwrap_or(usize::MAX).saturating_add(1);
            return Err(BodyError::Truncated { line, column: at + 1 });
        }
    }
    Ok(Layout::Lines(start))
}

fn elements(bytes: &[u8], start: usize, limits: &BodyLimits) -> Result<Layout, BodyError> {
    let mut elements = Vec::new();
    let mut scanner = Scanner::new(&bytes[start..], usize::MAX);
    let scanned = match scanner.peek() {
        None => Ok(()),
        Some(b'[') => array(&mut scanner, &mut elements, limits.reports),
        Some(_) => element(&mut scanner, &mut elements).and_then(|()| {
            scanner.end("nothing after it (a list of lines is application/x-ndjson)")
        }),
    };
    if let Err(SyntaxError { at, fault }) = scanned {
        let before = &bytes[start..start + at];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = at - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
        return Err(match fault {
            Fault::End => BodyError::Truncated { line, column },
            Fault::Expected(what) => BodyError::Malformed { line, column, what },
            Fault::TooDeep => BodyError::Malformed { line, column, what: "less nesting" },
        });
    }
    if elements.len() as u64 > limits.reports {
        return Err(BodyError::TooManyReports { limit: limits.reports });
    }
    if elements.is_empty() {
        return Err(BodyError::Empty);
    }
    for element in &mut elements {
        *element = element.start + start..element.end + start;
    }
    Ok(Layout::Elements(elements))
}

// One more than `most` elements are read at most: then it is known to be too many.
fn array(
    scanner: &mut Scanner<'_>,
    elements: &mut Vec<Range<usize>>,
    most: u64,
) -> Result<(), SyntaxError> {
    scanner.pass();
    if scanner.peek() == Some(b']') {
        scanner.pass();
        return scanner.end("nothing after the array");
    }
    loop {
        element(scanner, elements)?;
        if elements.len() as u64 > most {
            return Ok(());
        }
        match scanner.peek() {
            Some(b',') => scanner.pass(),
            Some(b']') => {
                scanner.pass();
                return scanner.end("nothing after the array");
            }
            Some(_) => return scanner.fail(Fault::Expected("',' or ']'")),
            None => return scanner.fail(Fault::End),
        }
    }
}

fn element(scanner: &mut Scanner<'_>, elements: &mut Vec<Range<usize>>) -> Result<(), SyntaxError> {
    scanner.kind()?;
    let start = scanner.at();
    scanner.skip_value()?;
    elements.push(start..scanner.at());
    Ok(())
}
