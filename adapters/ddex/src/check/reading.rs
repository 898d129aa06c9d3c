//! Bytes to records, each cell checked by its kind.

use flate2::read::GzDecoder;
use std::io::Read as _;

use super::Checked;
use crate::cell::cut;
use crate::records::RecordType;

/// The most bytes of a file, unpacked: 1 GiB.
const BYTES_MAX: u64 = 1 << 30;

/// A record that was read.
pub(super) struct Row {
    /// Its line, from 1.
    pub line: usize,
    /// Its type.
    pub of: &'static RecordType,
    /// The values of its cells, without the first; empty cells have none.
    cells: Vec<Vec<String>>,
}

impl Row {
    /// Whether it is of this type.
    pub(super) fn is(&self, name: &str) -> bool {
        self.of.name == name
    }

    /// A cell's first value; empty where there is none, or no such cell.
    pub(super) fn one(&self, cell: &str) -> &str {
        self.many(cell).first().map_or("", String::as_str)
    }

    /// A cell's values.
    pub(super) fn many(&self, cell: &str) -> &[String] {
        self.of.position(cell).and_then(|at| self.cells.get(at)).map_or(&[], Vec::as_slice)
    }

    /// Whether the type has such a cell and something stands in it.
    pub(super) fn has(&self, cell: &str) -> bool {
        !self.many(cell).is_empty()
    }
}

/// All records of a file. What isn't one is found and left out.
///
/// # Errors
/// Why nothing of it can be read.
pub(super) fn rows(name: &str, bytes: &[u8], checked: &mut Checked) -> Result<Vec<Row>, String> {
    let text = text(name, bytes)?;
    let mut rows = Vec::new();
    let mut lines = text.split('\n').enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let (number, line) = (at + 1, line.strip_suffix('\r').unwrap_or(line));
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        checked.lines += 1;
        if line.starts_with('#') {
            continue;
        }
        let cells = match cut(line) {
            Ok(cells) => cells,
            Err(cell) => {
                checked.find(
                    number,
                    None,
                    format!("cell {}: a backslash that escapes nothing", cell + 1),
                );
                continue;
            }
        };
        let first = &cells[0][0];
        match RecordType::named(first) {
            Some(of) => rows.push(row(number, of, cells, checked)),
            None if first.is_empty() => checked.find(number, None, "is an empty record"),
            None => {
                checked.find(number, None, format!("{first:?} is no record type of these profiles"))
            }
        }
    }
    Ok(rows)
}

fn row(
    line: usize,
    of: &'static RecordType,
    cells: Vec<Vec<String>>,
    checked: &mut Checked,
) -> Row {
    let mut cells: Vec<Vec<String>> = cells.into_iter().skip(1).collect();
    // `DE01` ends in a cell that several bilaterally agreed ones may follow.
    let open = of.name == "DE01";
    if cells.len() > of.cells.len() && !open {
        let has = cells.len() + 1;
        checked.find(
            line,
            None,
            format!("{} has {has} cells, may have {}", of.name, of.cells.len() + 1),
        );
    }
    cells.resize(of.cells.len(), Vec::new());
    for (cell, values) in of.cells.iter().zip(&mut cells) {
        values.retain(|value| !value.is_empty());
        if values.is_empty() && cell.required {
            checked.find(line, Some(cell.name), "is missing");
        }
        if values.len() > 1 && !cell.repeated {
            checked.find(line, Some(cell.name), "holds several values, may hold one");
        }
        for value in values.iter() {
            if let Some(why) = cell.kind.fault(value) {
                checked.find(line, Some(cell.name), why);
            }
        }
    }
    Row { line, of, cells }
}

fn text(name: &str, bytes: &[u8]) -> Result<String, String> {
    let unpacked = if name.ends_with(".gz") {
        let mut unpacked = Vec::new();
        let mut reader = GzDecoder::new(bytes).take(BYTES_MAX + 1);
        reader.read_to_end(&mut unpacked).map_err(|error| format!("is no gzip: {error}"))?;
        unpacked
    } else {
        bytes.to_vec()
    };
    if u64::try_from(unpacked.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err(format!("has more than {BYTES_MAX} bytes"));
    }
    String::from_utf8(unpacked)
        .map_err(|error| format!("isn't UTF-8 from byte {} on", error.utf8_error().valid_up_to()))
}
