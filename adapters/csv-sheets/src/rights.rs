//! Parties, works, recordings, releases and shares.

use ledgerline_catalog::Import;
use ledgerline_catalog::fields::{
    self, PARTY_COLUMNS, RECORDING_COLUMNS, RELEASE_COLUMNS, Row, SHARE_COLUMNS, WORK_COLUMNS,
};

use crate::sheet::{self, Kind, NamedFile};
use crate::wrong::SheetsError;

/// In this order: a sheet of shares has a column of works too.
pub(crate) const KINDS: [Kind; 5] = [
    Kind { name: "shares", columns: SHARE_COLUMNS, told_by: "right" },
    Kind { name: "releases", columns: RELEASE_COLUMNS, told_by: "release_id" },
    Kind { name: "parties", columns: PARTY_COLUMNS, told_by: "party_id" },
    Kind { name: "works", columns: WORK_COLUMNS, told_by: "work_id" },
    Kind { name: "recordings", columns: RECORDING_COLUMNS, told_by: "track_id" },
];

/// Reads sheets of rights; which sheet a file is, its columns tell. Lists in a cell are separated
/// by semicolons; a role or a weight stands behind an id in brackets: `a1; a2 (featured)`.
///
/// # Errors
/// [`SheetsError`] names up to a hundred rows of all files.
pub fn read_rights(files: &[NamedFile<'_>]) -> Result<Import, SheetsError> {
    let mut import = Import::default();
    sheet::read(files, &KINDS, &mut |kind, row, at, errors| {
        let row = Row::new(row, at, errors);
        match kind {
            0 => import.shares.extend(fields::share(row)),
            1 => import.releases.extend(fields::release(row)),
            2 => import.parties.extend(fields::party(row)),
            3 => import.works.extend(fields::work(row)),
            _ => import.recordings.extend(fields::recording(row)),
        }
    })?;
    Ok(import)
}
