//! One file as a run of rows. Memory holds one row, never the file.

use crate::error::ExportError;
use crate::find::Place;
use crate::meter::{Limits, Meter, Metered};
use serde::Deserializer as _;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use zip::ZipReadOptions;
use zip::result::ZipError;

/// How rows stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Elements of one JSON array.
    Array,
    /// One JSON value per line. Blank lines are numbered, but are no rows.
    Lines,
}

/// A file to read: where it is and what messages call it.
#[derive(Clone, Copy)]
pub(crate) struct RowFile<'a> {
    pub(crate) place: &'a Place,
    pub(crate) name: &'a str,
    pub(crate) layout: Layout,
}

/// How a file was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowsRead {
    pub(crate) bytes: u64,
    pub(crate) stopped: bool,
}

/// Takes a row's number, from 1, and its JSON text.
pub(crate) type OnRow<'a> = dyn FnMut(u64, &[u8]) -> ControlFlow<()> + 'a;

/// Hands each row of `file` to `on_row` until that breaks.
pub(crate) fn for_each_row(
    file: RowFile<'_>,
    limits: Limits,
    on_row: &mut OnRow<'_>,
) -> Result<RowsRead, ExportError> {
    let at_file = |source| ExportError::Io { file: file.name.to_owned(), source };
    match file.place {
        Place::Disk(path) => {
            let mut reader = File::open(path).map_err(at_file)?;
            decoded_rows(file, &mut reader, limits, on_row)
        }
        Place::Zip { archive, entry } => {
            let mut archive = BufReader::new(File::open(archive).map_err(at_file)?);
            let mut reader = entry
                .as_ref()
                .as_ref()
                .with_reader(&mut archive, ZipReadOptions::new())
                .map_err(|source| archive_error(file.name, source))?;
            decoded_rows(file, &mut reader, limits, on_row)
        }
    }
}

fn archive_error(name: &str, source: ZipError) -> ExportError {
    ExportError::Archive { file: name.to_owned(), source }
}

fn decoded_rows(
    file: RowFile<'_>,
    inner: &mut dyn Read,
    limits: Limits,
    on_row: &mut OnRow<'_>,
) -> Result<RowsRead, ExportError> {
    let meter = Meter::new(limits);
    let mut reader = BufReader::new(Metered { inner, meter: &meter });
    let outcome =
        skip_byte_order_mark(&mut reader).map_err(Unreadable::Io).and_then(|()| {
            match file.layout {
                Layout::Array => array_rows(reader, &meter, on_row),
                Layout::Lines => line_rows(reader, &meter, on_row).map_err(Unreadable::Io),
            }
        });
    let name = || file.name.to_owned();
    match (outcome, meter.passed()) {
        (Ok(stopped), _) => Ok(RowsRead { bytes: meter.read_bytes(), stopped }),
        (Err(_), Some(limit)) => Err(ExportError::TooMuch { file: name(), limit }),
        (Err(Unreadable::Io(source)), None) => Err(ExportError::Io { file: name(), source }),
        (Err(Unreadable::Json(source)), None) => Err(ExportError::BrokenJson {
            file: name(),
            line: source.line(),
            column: source.column(),
            source,
        }),
    }
}

enum Unreadable {
    Io(io::Error),
    Json(serde_json::Error),
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() { Self::Io(error.into()) } else { Self::Json(error) }
    }
}

/// Editors on Windows put one before the text; JSON has none (RFC 8259, section 8.1).
fn skip_byte_order_mark(reader: &mut impl BufRead) -> io::Result<()> {
    if reader.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
        reader.consume("\u{feff}".len());
    }
    Ok(())
}

fn array_rows(
    reader: impl BufRead,
    meter: &Meter,
    on_row: &mut OnRow<'_>,
) -> Result<bool, Unreadable> {
    let mut stopped = false;
    let mut json = serde_json::Deserializer::from_reader(reader);
    let outcome = json.deserialize_seq(ArrayRows { meter, on_row, stopped: &mut stopped });
    if stopped {
        return Ok(true);
    }
    outcome?;
    // Reads to the end of the file, and so has a zip's checksum looked at.
    json.end()?;
    Ok(false)
}

struct ArrayRows<'a, 'b> {
    meter: &'a Meter,
    on_row: &'a mut OnRow<'b>,
    stopped: &'a mut bool,
}

impl<'de> Visitor<'de> for ArrayRows<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let mut number = 0;
        // Taken as text first: what is merely no row is the format's to judge, and the
        // array goes on behind it.
        while let Some(row) = rows.next_element::<Box<RawValue>>()? {
            number += 1;
            self.meter.row_ended();
            if (self.on_row)(number, row.get().as_bytes()).is_break() {
                *self.stopped = true;
                return Err(A::Error::custom("stopped by the caller"));
            }
        }
        Ok(())
    }
}

fn line_rows(
    mut reader: impl BufRead,
    meter: &Meter,
    on_row: &mut OnRow<'_>,
) -> Result<bool, io::Error> {
    let mut line = Vec::new();
    let mut number = 0;
    // The meter ends an endless line.
    while reader.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        meter.row_ended();
        if !line.trim_ascii().is_empty() && on_row(number, line.trim_ascii()).is_break() {
            return Ok(true);
        }
        line.clear();
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Limit;

    #[test]
    fn a_file_of_small_rows_ends_at_its_limit_too() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, format!("[{}1]", "1,\n".repeat(100_000))).unwrap();
        let place = Place::Disk(path.to_path_buf());
        for layout in [Layout::Array, Layout::Lines] {
            let file = RowFile { place: &place, name: "ones", layout };
            let mut rows = 0;
            let mut read = |file_bytes| {
                rows = 0;
                let limits = Limits { file_bytes, row_bytes: 20_000 };
                for_each_row(file, limits, &mut |_, _| {
                    rows += 1;
                    ControlFlow::Continue(())
                })
            };
            assert_eq!(read(300_003).unwrap().bytes, 300_003);
            let error = read(300_002).unwrap_err();
            let limit = Limit::FileBytes(300_002);
            assert!(matches!(error, ExportError::TooMuch { limit: l, .. } if l == limit));
            assert!(rows > 90_000, "those before were handed out: {rows}");
        }
    }
}
