//! Rows of CSV (RFC 4180): the first line names the columns, in any order.

use csv::StringRecord;
use ledgerline_catalog::fields::{Fields, Item};
use ledgerline_catalog::{Place, RowErrors};
use std::borrow::Cow;

use crate::sheet::{Kind, ROWS_MAX, Take, columns_of};

/// A row, and which column its cells are of.
struct CsvRow<'a> {
    columns: &'a [&'static str],
    record: &'a StringRecord,
}

impl Fields for CsvRow<'_> {
    fn text(&self, column: &str) -> Cow<'_, str> {
        let place = self.columns.iter().position(|known| *known == column);
        Cow::Borrowed(place.and_then(|place| self.record.get(place)).unwrap_or(""))
    }

    fn items(&self, column: &str, noted: bool) -> Vec<Item> {
        let text = self.text(column);
        let items = text.split(';').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| if noted { noted_item(item) } else { plain(item) }).collect()
    }
}

fn plain(id: &str) -> Item {
    Item { id: id.to_owned(), note: String::new() }
}

/// `id` or `id (note)`.
fn noted_item(text: &str) -> Item {
    let inner = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    match inner {
        Some((id, note)) => Item { id: id.trim_end().to_owned(), note: note.trim().to_owned() },
        None => plain(text),
    }
}

/// Reads every row. What is returned is wrong with the file as a whole.
pub(crate) fn read(
    bytes: &[u8],
    file: u16,
    kinds: &[Kind],
    take: Take<'_>,
    errors: &mut RowErrors,
) -> Result<(), String> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let (kind, columns) = columns(&headers, kinds)?;
    let mut record = StringRecord::new();
    let mut rows = 0;
    while reader.read_record(&mut record).map_err(|error| error.to_string())? {
        let line = record.position().map_or(0, csv::Position::line);
        let at = Place { file, row: u32::try_from(line).unwrap_or(u32::MAX) };
        rows += 1;
        if rows > ROWS_MAX {
            return Err(format!("has more than {ROWS_MAX} rows: import it in several goes"));
        }
        if record.len() != columns.len() {
            let why = format!(
                "has {} cells where the first line names {} columns: put cells with commas in quotes",
                record.len(),
                columns.len()
            );
            errors.add(at, "", "", why);
            continue;
        }
        take(kind, &CsvRow { columns: &columns, record: &record }, at, errors);
    }
    Ok(())
}

/// Which kind of sheet it is, and which columns it has.
fn columns(headers: &StringRecord, kinds: &[Kind]) -> Result<(usize, Vec<&'static str>), String> {
    let names = |column: &str| headers.iter().any(|header| header.eq_ignore_ascii_case(column));
    let Some(number) = kinds.iter().position(|kind| names(kind.told_by)) else {
        return Err(format!(
            "the first line must name the columns, separated by commas:{}",
            columns_of(kinds)
        ));
    };
    let kind = &kinds[number];
    let mut columns = Vec::new();
    for header in headers {
        let known = kind.columns.iter().find(|column| header.eq_ignore_ascii_case(column));
        match known {
            Some(column) if columns.contains(column) => {
                return Err(format!("the column {column} stands there twice: remove one"));
            }
            Some(column) => columns.push(*column),
            None => {
                return Err(format!(
                    "{header:?} is no column of {}; there are {}",
                    kind.name,
                    kind.columns.join(", ")
                ));
            }
        }
    }
    Ok((number, columns))
}
