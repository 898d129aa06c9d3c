//! `catalog rights`: parties, recordings, works, releases, and who holds which right.

use axum::http::{Method, StatusCode};
use ledgerline_csv_sheets::RightsSheet;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::encoded;
use crate::cli::rights::RightsAction;
use crate::failure::Failure;
use crate::framed::frame;
use crate::output::{print, print_json, table};
use crate::session::Session;

pub(super) async fn run(data: &Path, action: RightsAction, as_json: bool) -> Result<u8, Failure> {
    match action {
        RightsAction::Import { files, dry_run } => import(data, &files, dry_run, as_json).await,
        RightsAction::Show { id, on, territory, revision } => {
            let mut path = format!("/api/v1/catalog/rights?id={}", encoded(&id));
            push(&mut path, "on", on);
            push(&mut path, "territory", territory.as_deref().map(encoded));
            push(&mut path, "revision", revision);
            let found = read(data, &path).await?;
            if as_json {
                print_json(&found)?
            } else {
                print(&shown(&found))?
            }
            Ok(0)
        }
        RightsAction::Check { on, soon_days } => {
            let mut path = "/control/v1/rights/check?".to_owned();
            push(&mut path, "on", on);
            push(&mut path, "soon_days", soon_days);
            check(&read(data, &path).await?, as_json)
        }
        RightsAction::Export { out, revision } => export(data, out.as_deref(), revision).await,
        RightsAction::Revisions => {
            let answer = read(data, "/control/v1/rights/revisions").await?;
            if as_json {
                print_json(&answer)?;
            } else {
                print(&revisions(&answer))?;
            }
            Ok(0)
        }
    }
}

fn push(path: &mut String, name: &str, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        write!(path, "&{name}={value}").expect("a String takes everything");
    }
}

async fn read(data: &Path, path: &str) -> Result<Value, Failure> {
    let session = Session::begin_reading(data).await?;
    let answer = session.get(path).await;
    session.end().await?;
    answer
}

/// Sends files to be imported. `None` where rows were wrong, which has been said then.
pub(super) async fn send_files(
    data: &Path,
    path: &str,
    files: &[PathBuf],
    as_json: bool,
) -> Result<Option<Value>, Failure> {
    let mut body = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or(file.as_os_str());
        frame(&mut body, &name.to_string_lossy(), &super::catalog::read(file)?);
    }
    let session = Session::begin(data).await?;
    let answer = session.send(Method::POST, path, "application/octet-stream", body).await;
    session.end().await?;
    let answer = answer?;
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status.is_success() {
        return Ok(Some(said));
    }
    let detail = said["detail"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned);
    if as_json && answer.status == StatusCode::UNPROCESSABLE_ENTITY {
        print_json(&said)?;
        return Ok(None);
    }
    Err(Failure::failed(detail))
}

async fn import(
    data: &Path,
    files: &[PathBuf],
    dry_run: bool,
    as_json: bool,
) -> Result<u8, Failure> {
    let path = format!("/control/v1/rights/import?dry_run={dry_run}");
    let Some(done) = send_files(data, &path, files, as_json).await? else { return Ok(1) };
    if as_json {
        print_json(&done)?;
        return Ok(0);
    }
    let mut rows = vec![["", "added", "changed", "as before"].map(str::to_owned).to_vec()];
    for sheet in RightsSheet::ALL {
        let tally = &done[sheet.name()];
        let cells = ["added", "changed", "unchanged"].map(|field| tally[field].to_string());
        let name = if sheet == RightsSheet::Shares { "rights with shares" } else { sheet.name() };
        rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }
    print(&table(&rows))?;
    print(&outcome(&done))?;
    Ok(0)
}

/// Which revision an import made, or that it was a rehearsal.
pub(super) fn outcome(done: &Value) -> String {
    if done["dry_run"] == true {
        return "nothing was stored: this was a dry run".to_owned();
    }
    format!("revision {}", done["revision"])
}

/// Exit code 1 where anything wants a look.
fn check(answer: &Value, as_json: bool) -> Result<u8, Failure> {
    let findings = answer["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let code = u8::from(!findings.is_empty());
    if as_json {
        print_json(answer)?;
        return Ok(code);
    }
    if findings.is_empty() {
        print("Nothing wants a look.")?;
        return Ok(0);
    }
    for finding in findings {
        let text = |field: &str| finding[field].as_str().unwrap_or_default();
        print(&format!("{}: {} {}", text("kind"), text("about"), text("detail")))?;
    }
    Ok(code)
}

async fn export(data: &Path, out: Option<&Path>, revision: Option<u64>) -> Result<u8, Failure> {
    let mut as_of = String::new();
    push(&mut as_of, "revision", revision);
    let Some(folder) = out else {
        print_json(&read(data, &format!("/control/v1/rights/export?{as_of}")).await?)?;
        return Ok(0);
    };
    std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    let session = Session::begin_reading(data).await?;
    let written = write_sheets(&session, folder, &as_of).await;
    session.end().await?;
    written?;
    print(&format!("wrote {} sheets to {}", RightsSheet::ALL.len(), folder.display()))?;
    Ok(0)
}

async fn write_sheets(session: &Session, folder: &Path, as_of: &str) -> Result<(), Failure> {
    for sheet in RightsSheet::ALL {
        let path = format!("/control/v1/rights/export?sheet={}{as_of}", sheet.name());
        let csv = session.call(Method::GET, &path, "", Vec::new()).await?;
        let file = folder.join(format!("{}.csv", sheet.name()));
        std::fs::write(&file, csv).map_err(|error| Failure::io(&file, &error))?;
    }
    Ok(())
}

fn revisions(answer: &Value) -> String {
    let mut rows = vec![["revision", "at", "files"].map(str::to_owned).to_vec()];
    for revision in answer["revisions"].as_array().into_iter().flatten() {
        let files = revision["files"].as_array().into_iter().flatten();
        let files: Vec<&str> = files.filter_map(|file| file["name"].as_str()).collect();
        rows.push(vec![
            revision["revision"].to_string(),
            revision["at"].as_str().unwrap_or_default().to_owned(),
            files.join(", "),
        ]);
    }
    if rows.len() == 1 {
        return "Nothing was imported yet.".to_owned();
    }
    table(&rows)
}

/// What is known of an id, for a person.
fn shown(found: &Value) -> String {
    let mut text = format!(
        "as known at revision {}, on {}\n",
        found["revision"],
        found["on"].as_str().unwrap_or_default()
    );
    for kind in ["party", "recording", "work", "release"] {
        let entry = &found[kind];
        for (field, value) in entry.as_object().into_iter().flatten() {
            if field != "holders" && field != "shares" {
                line(&mut text, kind, field, value);
            }
        }
        for share in entry["shares"].as_array().into_iter().flatten() {
            let cell = |field: &str| words(&share[field]);
            let until = cell("until");
            let until = if until.is_empty() { String::new() } else { format!(" until {until}") };
            let places = cell("territories");
            let places = if places.is_empty() { "everywhere else".to_owned() } else { places };
            let from = cell("from");
            let from = if from.is_empty() { "always".to_owned() } else { from };
            writeln!(
                text,
                "share of {}: {} has {} from {from}{until}, {places}",
                cell("right"),
                cell("holder"),
                cell("share")
            )
            .expect("a String takes everything");
        }
        for holder in entry["holders"].as_array().into_iter().flatten() {
            let cell = |field: &str| words(&holder[field]);
            writeln!(text, "holds {}: {} {}", cell("right"), cell("party"), cell("share"))
                .expect("a String takes everything");
        }
    }
    text.trim_end().to_owned()
}

fn line(text: &mut String, kind: &str, field: &str, value: &Value) {
    let value = words(value);
    if !value.is_empty() {
        writeln!(text, "{kind} {field}: {value}").expect("a String takes everything");
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let words: Vec<String> =
                fields.values().map(words).filter(|it| !it.is_empty()).collect();
            words.join(" ")
        }
        other => other.to_string(),
    }
}
