//! The trade's public validator (`ddexnet/dsrf`, Apache-2.0), where there is one.
//!
//! It is in no package registry and wants small repairs for a Python of today; decision
//! *sales reports* lists them. `LEDGERLINE_DSRF` names a folder that holds the repaired package
//! `dsrf`; its interpreter is `venv/bin/python` in there, where that exists. Exit codes say nothing,
//! so its log is read.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ledgerline_app::money::sales_report::{SalesFile, SalesProfile, SalesReports};
use ledgerline_ddex::DsrWriter;

use crate::doctored;
use crate::samples::report;

struct PublicValidator {
    python: PathBuf,
    root: PathBuf,
    work: tempfile::TempDir,
}

impl PublicValidator {
    /// The validator, or why there is none.
    fn find() -> Result<Self, String> {
        let root = std::env::var_os("LEDGERLINE_DSRF").map(PathBuf::from).unwrap_or_default();
        let own = root.join("venv/bin/python");
        let python = if own.exists() { own } else { PathBuf::from("python3") };
        let work = tempfile::tempdir().expect("a folder");
        let found = Self { python, root, work };
        let imported = found.python(&["-c", "import dsrf.run_dsrf"]).output();
        match imported {
            Ok(output) if output.status.success() => Ok(found),
            _ => Err("no package dsrf; LEDGERLINE_DSRF may name a folder that holds it".to_owned()),
        }
    }

    fn python(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        command.args(words).env("PYTHONPATH", &self.root).current_dir(self.work.path());
        command
    }

    /// What it says against a file; empty where nothing.
    fn against(&self, file: &SalesFile) -> String {
        let path = self.work.path().join(&file.name);
        let (blocks, log) = (self.work.path().join("blocks"), self.work.path().join("log"));
        std::fs::write(&path, &file.bytes).expect("the file is written");
        let _ = std::fs::remove_file(&log);
        let log_name = log.to_str().expect("a plain path");
        let path = path.to_str().expect("a plain path");
        let out = std::fs::File::create(&blocks).expect("a file");
        let read = self
            .python(&["-m", "dsrf.run_dsrf", "--log_file", log_name, path])
            .stdout(Stdio::from(out))
            .output()
            .expect("python runs");
        let mut against = errors(&log);
        if !read.status.success() {
            against += &String::from_utf8_lossy(&read.stderr);
        }
        // Single-record profiles have no blocks whose order it could look at.
        if against.is_empty() && file.bytes.windows(12).any(|bytes| bytes == b"BasicAudioPr") {
            let conformance = self
                .python(&["-m", "dsrf.conformance.conformance_processor"])
                .stdin(std::fs::File::open(&blocks).expect("the blocks"))
                .output()
                .expect("python runs");
            let said = String::from_utf8_lossy(&conformance.stdout).into_owned();
            if !said.contains("passed successfully") {
                against += &said;
                against += &String::from_utf8_lossy(&conformance.stderr);
            }
        }
        against
    }
}

fn errors(log: &Path) -> String {
    let log = std::fs::read_to_string(log).unwrap_or_else(|_| "ERROR: it wrote no log".to_owned());
    let mut lines = log.lines();
    let mut errors = String::new();
    while let Some(line) = lines.next() {
        if line.starts_with("ERROR") {
            errors += line;
            errors += lines.next().unwrap_or_default();
            errors += "\n";
        }
    }
    errors
}

#[test]
fn our_files_are_good_to_the_public_validator_and_doctored_ones_are_not() {
    let validator = match PublicValidator::find() {
        Ok(validator) => validator,
        Err(why) => return println!("skipped: {why}"),
    };
    for profile in SalesProfile::ALL {
        for compressed in [false, true] {
            let file = DsrWriter::default().write(&report(profile), compressed).expect("good");
            assert_eq!(validator.against(&file), "", "{profile:?}");
        }
    }
    let rows = doctored::rows();
    let mut otherwise = Vec::new();
    for doctored in &rows {
        let against = validator.against(&doctored.file);
        if against.is_empty() == doctored.both {
            otherwise.push(format!("{}: {against:?}", doctored.row));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    let both = rows.iter().filter(|doctored| doctored.both).count();
    println!("{} doctored files: it refuses {both}, we refuse all", rows.len());
}
