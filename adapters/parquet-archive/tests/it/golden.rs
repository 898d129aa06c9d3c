//! Files that an earlier build wrote are read for ever: a change of what is read of them is a new
//! version of the form, and not a new file. `UPDATE_GOLDEN=1` writes those that are missing.

use ledgerline_app::ports::ArchiveFiles as _;
use ledgerline_parquet_archive::ParquetArchive;
use std::path::{Path, PathBuf};

use crate::samples::{changes, run};

fn kept(name: &str, bytes: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    read(&path)
}

fn read(path: &PathBuf) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn files_of_the_first_format_are_read() {
    let form = ParquetArchive;
    let file = kept("reports-1.parquet", &form.write_reports(&run()).unwrap());
    assert_eq!(form.read_reports(file).unwrap(), run());
    let file = kept("changes-1.parquet", &form.write_changes(&changes()).unwrap());
    assert_eq!(form.read_changes(file).unwrap(), changes());
}

#[test]
fn the_same_content_is_the_same_file() {
    let form = ParquetArchive;
    assert_eq!(form.write_reports(&run()), form.write_reports(&run()));
    assert_eq!(form.write_changes(&changes()), form.write_changes(&changes()));
}
