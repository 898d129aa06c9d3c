//! Zips that came from anywhere.

use ledgerline_listening_exports::{Export, ExportError, listenbrainz, spotify};

use crate::exports::{Find, check_read, read_export};
use crate::memory::within;
use crate::scratch;

/// A directory takes some hundred bytes for each of its entries, of which there are no more
/// than fit into the input.
const MEMORY_MAX: usize = 16 << 20;

/// A zip is read or refused, each time alike; what is read holds to what a file holds to.
pub fn export_zip(bytes: &[u8]) {
    let archive = scratch::file("archive.zip", bytes);
    for find in [spotify as Find, listenbrainz as Find] {
        let look = || within(MEMORY_MAX, || find(std::slice::from_ref(&archive)));
        let (exports, again) = match (look(), look()) {
            (Ok(exports), Ok(again)) => (exports, again),
            (Err(error), Err(again)) => {
                assert_eq!(error.to_string(), again.to_string());
                check_error(&error);
                continue;
            }
            (one, other) => panic!("{one:?} became {other:?}"),
        };
        assert_eq!(exports.len(), again.len());
        for (export, again) in exports.iter().zip(&again) {
            check_export(export, again);
        }
    }
}

fn check_export(export: &Export, again: &Export) {
    assert_eq!((export.kind(), export.files().len()), (again.kind(), again.files().len()));
    match (read_export(export), read_export(again)) {
        (Ok(read), Ok(again)) => {
            assert_eq!(read, again);
            // Files of one export may be copies of each other, and then their plays are too.
            if export.files().len() == 1 {
                check_read(&read.0, &read.1, &read.2);
            }
        }
        (Err(error), Err(again)) => assert_eq!(error.to_string(), again.to_string()),
        (one, other) => panic!("{one:?} became {other:?}"),
    }
}

fn check_error(error: &ExportError) {
    match error {
        ExportError::Archive { .. }
        | ExportError::TooMuch { .. }
        | ExportError::NothingFound { .. } => {}
        other => panic!("{other}: the file is there"),
    }
}
