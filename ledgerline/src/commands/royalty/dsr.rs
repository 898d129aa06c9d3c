//! `royalty dsr`: sales reports for licensors.

use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

use super::export;
use crate::cli::royalty::DsrAction;
use crate::failure::Failure;
use crate::output::{print, print_json};
use ledgerline_ddex::check;

pub(super) async fn run(data: &Path, action: DsrAction, as_json: bool) -> Result<u8, Failure> {
    match action {
        DsrAction::Check { files } => check_files(&files, as_json),
        DsrAction::Export(args) => export::sales_reports(data, &args, as_json).await,
    }
}

/// Exit code 1 where any file has a finding.
fn check_files(files: &[PathBuf], as_json: bool) -> Result<u8, Failure> {
    let mut answers = Vec::new();
    let mut good = true;
    for path in files {
        let bytes = fs::read(path).map_err(|error| Failure::io(path, &error))?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let checked = check(name, &bytes);
        good &= checked.findings.is_empty();
        if !as_json {
            let found = match checked.findings.len() {
                0 => "good".to_owned(),
                1 => "1 thing is wrong".to_owned(),
                number => format!("{number} things are wrong"),
            };
            print(&format!(
                "{}: {found} ({} records, {} summaries, {} blocks)",
                path.display(),
                checked.lines,
                checked.summaries,
                checked.blocks
            ))?;
            for finding in &checked.findings {
                print(&format!("  {finding}"))?;
            }
        }
        let findings = checked.findings.iter().map(
            |finding| json!({ "line": finding.line, "cell": finding.cell, "what": finding.what }),
        );
        answers.push(json!({
            "file": path.display().to_string(),
            "records": checked.lines,
            "summaries": checked.summaries,
            "blocks": checked.blocks,
            "findings": findings.collect::<Vec<_>>(),
        }));
    }
    if as_json {
        print_json(&json!({ "files": answers }))?;
    }
    Ok(u8::from(!good))
}
