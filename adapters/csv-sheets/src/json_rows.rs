//! The same as JSON: one object with a list for each kind of sheet, each row an object.

use ledgerline_catalog::fields::{Fields, Item, LIST_COLUMNS};
use ledgerline_catalog::{Place, RowErrors};
use serde_json::{Map, Value};
use std::borrow::Cow;

use crate::sheet::{JSON_BYTES_MAX, Kind, ROWS_MAX, Take};

/// What names an item in a list, and what stands behind it.
const IDS: [&str; 3] = ["party", "work", "track"];
const NOTES: [&str; 2] = ["role", "weight"];

struct JsonRow<'a>(&'a Map<String, Value>);

impl Fields for JsonRow<'_> {
    fn text(&self, column: &str) -> Cow<'_, str> {
        match self.0.get(column) {
            Some(Value::String(text)) => Cow::Borrowed(text.trim()),
            Some(Value::Number(number)) => Cow::Owned(number.to_string()),
            Some(Value::Bool(yes)) => Cow::Borrowed(if *yes { "yes" } else { "no" }),
            Some(Value::Array(_) | Value::Object(_) | Value::Null) | None => Cow::Borrowed(""),
        }
    }

    fn items(&self, column: &str, _noted: bool) -> Vec<Item> {
        let items = self.0.get(column).and_then(Value::as_array);
        items.into_iter().flatten().map(item).collect()
    }
}

fn item(value: &Value) -> Item {
    let first = |names: &[&str]| {
        let found = names.iter().find_map(|name| value.get(name)).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    match value {
        Value::String(text) => Item { id: text.clone(), note: String::new() },
        _ => Item { id: first(&IDS), note: first(&NOTES) },
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
    if bytes.len() > JSON_BYTES_MAX {
        return Err(format!(
            "has {} bytes, of which {JSON_BYTES_MAX} are read as JSON: bring it as CSV",
            bytes.len()
        ));
    }
    let lists: Map<String, Value> =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let names = || kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    for (name, list) in &lists {
        let Some(number) = kinds.iter().position(|kind| kind.name == name) else {
            return Err(format!("{name:?} is no list of it; there are {}", names()));
        };
        let Value::Array(rows) = list else {
            return Err(format!("{name} must be a list"));
        };
        for (index, row) in (1..).zip(rows) {
            if index > ROWS_MAX {
                return Err(format!("has more than {ROWS_MAX} {name}: bring them in several goes"));
            }
            let at = Place { file, row: index };
            match row {
                Value::Object(row) if is_good(row, &kinds[number], at, errors) => {
                    take(number, &JsonRow(row), at, errors);
                }
                Value::Object(_) => {}
                _ => errors.add(at, "", "", format!("of {name} must be an object")),
            }
        }
    }
    Ok(())
}

/// Whether every field is a column and has a value that can be read without guessing.
fn is_good(row: &Map<String, Value>, kind: &Kind, at: Place, errors: &mut RowErrors) -> bool {
    let before = errors.total();
    for (field, value) in row {
        let Some(column) = kind.columns.iter().find(|column| *column == field) else {
            let why = format!("of {}: there are {}", kind.name, kind.columns.join(", "));
            errors.add(at, "", field, format!("is no field {why}"));
            continue;
        };
        let lists = LIST_COLUMNS.contains(column);
        let why = match value {
            Value::Null => continue,
            Value::String(_) | Value::Number(_) | Value::Bool(_) if lists => "must be a list",
            Value::Array(_) if !lists => "must not be a list",
            Value::Number(number) if number.is_f64() => "must be a text, so that no digit is lost",
            Value::Object(_) => "must not be an object",
            Value::Array(items) if !items.iter().all(is_item) => {
                "must list texts, or objects of party, work or track with role or weight as texts"
            }
            _ => continue,
        };
        errors.add(at, column, &value.to_string(), why);
    }
    errors.total() == before
}

fn is_item(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            let known = IDS.iter().chain(&NOTES).any(|known| known == name);
            known && (value.is_string() || (value.is_null() && NOTES.contains(&name.as_str())))
        }),
        _ => false,
    }
}
