//! The sheets of rights, revenue, rates of exchange and usage.

use ledgerline_catalog::{Catalogue, Import, judge, with_changes};
use ledgerline_csv_sheets::{
    NamedFile, RightsSheet, SheetsError, read_fx, read_revenue, read_rights, read_usage,
    rights_as_csv, rights_as_json,
};

use crate::memory::within;

/// A sheet, CSV or JSON, is read whole or refused with words; what can be imported comes back
/// the same from an export.
pub fn sheets(bytes: &[u8]) {
    let memory_max = 1024 * 1024 + 600 * bytes.len();
    let file = NamedFile { name: "file", bytes };
    match within(memory_max, || read_rights(&[file])) {
        Ok(import) => check_import(import),
        Err(error) => check_error(&error),
    }
    if let Err(error) = within(memory_max, || read_revenue(file)) {
        check_error(&error);
    }
    if let Err(error) = within(memory_max, || read_fx(file)) {
        check_error(&error);
    }
    if let Err(error) = within(memory_max, || read_usage(file)) {
        check_error(&error);
    }
}

fn check_error(error: &SheetsError) {
    assert!(error.to_string().starts_with("file: ") || error.to_string().contains(" wrong; "));
    if let SheetsError::Rows { refused, .. } = error {
        assert!(!refused.errors.is_empty() && refused.errors.len() <= 100);
        assert!(refused.errors.len() <= refused.total);
        assert!(refused.errors.iter().all(|error| !error.why.is_empty()));
    }
}

/// What is good on its own is exported and read as itself.
fn check_import(import: Import) {
    let empty = Catalogue::default();
    let Ok(changes) = judge(&empty, import) else { return };
    let known = with_changes(&empty, &changes, 1).expect("what was judged good can be built");
    let json = rights_as_json(&known).to_string();
    let file = NamedFile { name: "file", bytes: json.as_bytes() };
    let again = read_rights(&[file]).expect("an export is read");
    assert!(judge(&known, again).expect("an export is good").is_empty());
    let mut sheets = Vec::new();
    for sheet in RightsSheet::ALL {
        match rights_as_csv(&known, sheet) {
            Ok(csv) => sheets.push((sheet.name(), csv)),
            Err(_) => return, // What CSV can't hold is said.
        }
    }
    let files: Vec<NamedFile<'_>> =
        sheets.iter().map(|(name, bytes)| NamedFile { name, bytes }).collect();
    let again = read_rights(&files).expect("an export is read");
    assert!(judge(&known, again).expect("an export is good").is_empty());
}
