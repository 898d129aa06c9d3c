//! CSV and JSON as rows of columns.

use ledgerline_catalog::fields::Fields;
use ledgerline_catalog::{Place, Refused, RowErrors};

use crate::wrong::SheetsError;
use crate::{csv_rows, json_rows};

/// The most bytes that are read at once, of all files: 1 GiB.
pub const BYTES_MAX: usize = 1 << 30;
/// The most bytes of a JSON file, which takes many times as much while it is read: 128 MiB.
pub const JSON_BYTES_MAX: usize = 128 << 20;
/// The most rows of a file.
pub const ROWS_MAX: u32 = 5_000_000;

/// A file, read into memory.
#[derive(Debug, Clone, Copy)]
pub struct NamedFile<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// One kind of sheet.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The name of its list in JSON.
    pub(crate) name: &'static str,
    /// Its columns.
    pub(crate) columns: &'static [&'static str],
    /// A column that no kind before it in a list of kinds has.
    pub(crate) told_by: &'static str,
}

/// Takes a row: of which kind (its number in the list of kinds), the row, where it stands.
pub(crate) type Take<'t> = &'t mut dyn FnMut(usize, &dyn Fields, Place, &mut RowErrors);

/// Reads every row of `files`. What is wrong with rows is gathered over all files.
pub(crate) fn read(
    files: &[NamedFile<'_>],
    kinds: &[Kind],
    take: Take<'_>,
) -> Result<(), SheetsError> {
    let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
    let mut errors = RowErrors::default();
    for (number, file) in files.iter().enumerate() {
        let wrong = |why: String| SheetsError::File { file: file.name.to_owned(), why };
        if bytes > BYTES_MAX {
            return Err(wrong(format!(
                "all files together have {bytes} bytes, of which {BYTES_MAX} are read at once: import \
                 them in several goes"
            )));
        }
        let number = u16::try_from(number).map_err(|_| wrong("is one file too many".to_owned()))?;
        // Editors on Windows put one before the text.
        let text = file.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file.bytes);
        let is_json = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let rows = if is_json { json_rows::read } else { csv_rows::read };
        rows(text, number, kinds, take, &mut errors).map_err(wrong)?;
    }
    errors.finish().map_err(|refused| rows_error(files, refused))
}

pub(crate) fn rows_error(files: &[NamedFile<'_>], refused: Refused) -> SheetsError {
    let files = files.iter().map(|file| file.name.to_owned()).collect();
    SheetsError::Rows { files, refused }
}

/// The names of the columns of every kind, for a message.
pub(crate) fn columns_of(kinds: &[Kind]) -> String {
    let one = |kind: &Kind| format!("\n  {}: {}", kind.name, kind.columns.join(","));
    kinds.iter().map(one).collect()
}
