//! `archive`: what is counted, as files that are written once.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};

use super::encoded;
use crate::cli::archive::ArchiveAction;
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};
use crate::progress;
use crate::session::Session;

pub(super) async fn run(data: &Path, action: ArchiveAction, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let done = match action {
        ArchiveAction::Run { to } => write(&session, to.as_deref(), as_json).await,
        ArchiveAction::Status { to } => status(&session, to.as_deref(), as_json).await,
    };
    session.end().await?;
    done
}

/// As whoever has the data folder sees it.
fn absolute(folder: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(folder).map_err(|error| Failure::io(folder, &error))
}

/// Says what is missing where there is no archive in `folder`.
///
/// # Errors
/// [`Failure`] where it is no folder.
pub(super) fn must_be_there(folder: &Path) -> Result<PathBuf, Failure> {
    if folder.is_dir() {
        return absolute(folder);
    }
    let folder = folder.display();
    Err(Failure::missing(format!(
        "there is no archive in {folder}; ledgerline archive run --to {folder} makes one"
    )))
}

/// The part of a request that says which folder; none where the node's own archive is meant.
fn query(folder: Option<&Path>) -> Result<String, Failure> {
    let Some(folder) = folder else { return Ok(String::new()) };
    let text = folder.to_str();
    let text = text.ok_or_else(|| Failure::usage("the archive's path must be UTF-8"))?;
    Ok(format!("?to={}", encoded(text)))
}

async fn write(session: &Session, to: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let bar = progress::count("archiving");
    let absolute = to.map(absolute).transpose()?;
    let path = format!("/control/v1/archive/run{}", query(absolute.as_deref())?);
    let done = session.post(&path, &json!({})).await;
    bar.finish_and_clear();
    let done = done?;
    if as_json {
        print_json(&done)?;
        return Ok(0);
    }
    let partitions = rows_of(&done);
    let sum = |field: &str| -> i64 { partitions.iter().map(|of| number(of, field)).sum() };
    let left: i64 = partitions.iter().map(waiting).sum();
    print(&format!(
        "{} runs with {} records and {} changes of counted plays were written to {}",
        thousands(sum("runs")),
        thousands(sum("records")),
        thousands(sum("changes")),
        to.map_or_else(|| "the archive".to_owned(), |to| to.display().to_string()),
    ))?;
    if left > 0 {
        print(&format!(
            "{} records stay in the log alone until they fill a run, or their day is over",
            thousands(left)
        ))?;
    }
    Ok(0)
}

async fn status(session: &Session, to: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let there = to.map(must_be_there).transpose()?;
    let path = format!("/control/v1/archive/status{}", query(there.as_deref())?);
    let status = session.get(&path).await?;
    if as_json {
        print_json(&status)?;
        return Ok(0);
    }
    let heads = ["partition", "runs", "bytes", "archived to", "committed to", "waiting"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for of in rows_of(&status) {
        let shown = |field: &str| thousands(number(&of, field));
        rows.push(vec![
            format!("p{:03}", number(&of, "partition")),
            shown("runs"),
            shown("bytes"),
            shown("archived_to"),
            shown("committed"),
            thousands(waiting(&of)),
        ]);
    }
    print(&table(&rows))?;
    Ok(0)
}

fn rows_of(said: &Value) -> Vec<Value> {
    said["partitions"].as_array().cloned().unwrap_or_default()
}

fn number(of: &Value, field: &str) -> i64 {
    of[field].as_i64().unwrap_or_default()
}

fn waiting(of: &Value) -> i64 {
    number(of, "committed") - number(of, "archived_to")
}
