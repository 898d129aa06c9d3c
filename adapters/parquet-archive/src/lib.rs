//! The archive's files as Apache Parquet, which DuckDB, Spark, Trino and others read as they are.
//!
//! What it is for: the records of a run of the report log, readable by column and each with its own
//! bytes besides, so that the log can be had back from them exactly; and the changes of counted plays,
//! whose sum by anything is a count.
//!
//! What it refuses: files of a newer format, files that are cut or changed (a SHA-256 of all columns
//! is checked before any of them is read), and columns that say something else than the records they
//! stand beside.
//!
//! In reading order:
//! - [`columns`]: columns in memory, and what they are called in a schema
//! - [`file`](mod@file): a file of columns: written, read, and held against its checksum
//! - [`reports`]: the records of a run as columns
//! - [`changes`]: changes of counted plays as columns

mod changes;
mod columns;
mod file;
mod reports;

use ledgerline_app::ports::{ArchiveFileError, ArchiveFiles, ArchivedChanges, ArchivedReports};

/// The version of the form that files are written in.
pub use file::FORMAT;

/// Parquet, compressed by zstd.
#[derive(Debug, Clone, Copy, Default)]
pub struct ParquetArchive;

impl ArchiveFiles for ParquetArchive {
    fn extension(&self) -> &'static str {
        "parquet"
    }

    fn write_reports(&self, run: &ArchivedReports) -> Result<Vec<u8>, ArchiveFileError> {
        file::write(file::REPORTS, &run.head, run.changes, &reports::columns_of(run))
    }

    fn read_reports(&self, file: Vec<u8>) -> Result<ArchivedReports, ArchiveFileError> {
        file::guarded(|| {
            let file = file::open(file, file::REPORTS)?;
            let run = reports::run_of(&file)?;
            file.must_hold(&reports::columns_of(&run))?;
            Ok(run)
        })
    }

    fn write_changes(&self, part: &ArchivedChanges) -> Result<Vec<u8>, ArchiveFileError> {
        file::write(file::CHANGES, &part.head, u64::from(part.part), &changes::columns_of(part))
    }

    fn read_changes(&self, file: Vec<u8>) -> Result<ArchivedChanges, ArchiveFileError> {
        file::guarded(|| changes::part_of(&file::open(file, file::CHANGES)?))
    }
}
