//! `royalty terms`: contracts, from files and as files.

use axum::http::{Method, StatusCode};
use ledgerline_contract_files::sheet::{Mapping, draft};
use ledgerline_contract_files::templates::{TEMPLATES, find};
use ledgerline_contract_files::{file_name, read, schema, write};
use ledgerline_ids::Period;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::terms::TermsAction;
use crate::commands::encoded;
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;

const TERMS: &str = "/api/v1/royalty/terms";

pub(super) async fn run(data: &Path, action: TermsAction, as_json: bool) -> Result<u8, Failure> {
    match action {
        TermsAction::Import { paths, dry_run } => import(data, &paths, dry_run, as_json).await,
        TermsAction::List { revision } => list(data, revision, as_json).await,
        TermsAction::Show { id, revision } => show(data, &id, revision, as_json).await,
        TermsAction::Export { folder, revision } => export(data, &folder, revision, as_json).await,
        TermsAction::Check { date } => {
            let day = date.map_or_else(String::new, |day| format!("?date={day}"));
            check(data, &day, as_json).await
        }
        TermsAction::Preview { period, paths } => preview(data, period, &paths, as_json).await,
        TermsAction::Schema => print(schema().trim_end()).map(|()| 0),
        TermsAction::Template { name, out } => template(name.as_deref(), out.as_deref(), as_json),
        TermsAction::Draft { file, map, out } => draft_files(&file, &map, &out, as_json),
    }
}

/// A contract file with the path that it was found at.
struct Brought {
    path: PathBuf,
    text: String,
}

impl Brought {
    fn json(&self) -> Value {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        json!({ "name": name, "text": self.text })
    }
}

/// The bodies of files for the API.
fn bodies(files: &[Brought]) -> Vec<Value> {
    files.iter().map(Brought::json).collect()
}

/// Reads files and folders, and checks them here, where their paths are known.
fn read_all(paths: &[PathBuf]) -> Result<Vec<Brought>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = fs::read_dir(path).map_err(|error| Failure::io(path, &error))?;
            let mut found = Vec::new();
            for entry in entries {
                let entry = entry.map_err(|error| Failure::io(path, &error))?.path();
                if entry.extension().is_some_and(|extension| extension == "toml") {
                    found.push(entry);
                }
            }
            if found.is_empty() {
                let what = format!("{} has no file that ends in .toml", path.display());
                return Err(Failure::missing(what));
            }
            found.sort();
            files.append(&mut found);
        } else {
            files.push(path.clone());
        }
    }
    let (mut brought, mut faults) = (Vec::new(), Vec::new());
    for path in files {
        let bytes = fs::read(&path).map_err(|error| Failure::io(&path, &error))?;
        match read(&path.display().to_string(), &bytes) {
            Err(found) => faults.extend(found.iter().map(ToString::to_string)),
            Ok(_) => {
                let text = String::from_utf8(bytes).expect("what was read is text");
                brought.push(Brought { path, text });
            }
        }
    }
    if faults.is_empty() { Ok(brought) } else { Err(refused(&faults)) }
}

/// Nothing was stored, and this is why.
fn refused(faults: &[String]) -> Failure {
    let count = faults.len();
    Failure::failed(format!(
        "{}\nnothing was imported: {count} things are wrong",
        faults.join("\n")
    ))
}

async fn import(
    data: &Path,
    paths: &[PathBuf],
    dry_run: bool,
    as_json: bool,
) -> Result<u8, Failure> {
    let files = read_all(paths)?;
    let session = Session::begin(data).await?;
    let body = json!({ "files": bodies(&files), "dry_run": dry_run });
    let body = serde_json::to_vec(&body).expect("a value is JSON");
    let answer = session.send(Method::POST, TERMS, "application/json", body).await;
    session.end().await?;
    let answer = answer?;
    let done: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status != StatusCode::OK {
        let problems = done["problems"].as_array().into_iter().flatten();
        let faults: Vec<String> =
            problems.filter_map(|problem| problem.as_str().map(str::to_owned)).collect();
        let detail = done["detail"].as_str().unwrap_or("the import was refused");
        return Err(if faults.is_empty() { Failure::failed(detail) } else { refused(&faults) });
    }
    if as_json {
        return print_json(&done).map(|()| 0);
    }
    let count = |field: &str| done[field].as_array().map_or(0, Vec::len);
    let would = if dry_run { "would be " } else { "" };
    print(&format!(
        "{} contracts {would}added, {} {would}changed, {} as they were; revision {}",
        count("added"),
        count("changed"),
        count("unchanged"),
        done["revision"]
    ))?;
    Ok(0)
}

fn at_revision(revision: Option<u64>) -> String {
    revision.map_or_else(String::new, |revision| format!("?revision={revision}"))
}

async fn get(data: &Path, path: &str) -> Result<Value, Failure> {
    let session = Session::begin_reading(data).await?;
    let answer = session.get(path).await;
    session.end().await?;
    answer
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

async fn list(data: &Path, revision: Option<u64>, as_json: bool) -> Result<u8, Failure> {
    let answer = get(data, &format!("{TERMS}{}", at_revision(revision))).await?;
    if as_json {
        return print_json(&answer).map(|()| 0);
    }
    let fields = ["id", "kind", "party", "from", "until", "currency", "terms", "revision", "title"];
    let mut rows = vec![fields.map(str::to_owned).to_vec()];
    for contract in answer["items"].as_array().into_iter().flatten() {
        rows.push(fields.iter().map(|field| text(&contract[*field])).collect());
    }
    print(&table(&rows))?;
    print(&format!("{} contracts at revision {}", rows.len() - 1, answer["revision"]))?;
    Ok(0)
}

async fn show(data: &Path, id: &str, revision: Option<u64>, as_json: bool) -> Result<u8, Failure> {
    let path = format!("{TERMS}/{}{}", encoded(id), at_revision(revision));
    let answer = get(data, &path).await?;
    if as_json {
        return print_json(&answer).map(|()| 0);
    }
    print(answer["text"].as_str().unwrap_or_default().trim_end())?;
    print("")?;
    for revision in answer["revisions"].as_array().into_iter().flatten() {
        let shown = if revision["revision"] == answer["revision"] { " (shown)" } else { "" };
        print(&format!(
            "# revision {}{shown}: {} from {}, SHA-256 {}",
            revision["revision"],
            text(&revision["imported_at"]),
            text(&revision["file"]),
            text(&revision["sha256"])
        ))?;
    }
    Ok(0)
}

async fn export(
    data: &Path,
    folder: &Path,
    revision: Option<u64>,
    as_json: bool,
) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let read = async {
        let query = at_revision(revision);
        let listed = session.get(&format!("{TERMS}{query}")).await?;
        let mut files = Vec::new();
        for contract in listed["items"].as_array().into_iter().flatten() {
            let id = contract["id"].as_str().unwrap_or_default();
            let whole = session.get(&format!("{TERMS}/{}{query}", encoded(id))).await?;
            let text = whole["text"].as_str().unwrap_or_default().to_owned();
            files.push((file_name(id), text));
        }
        Ok::<_, Failure>((files, listed["revision"].clone()))
    };
    let read = read.await;
    session.end().await?;
    let (files, revision) = read?;
    write_files(folder, &files)?;
    if as_json {
        let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
        print_json(&json!({ "revision": revision, "files": names }))?;
    } else {
        let count = files.len();
        print(&format!(
            "{count} contracts of revision {revision} written to {}",
            folder.display()
        ))?;
    }
    Ok(0)
}

/// New files only, all of them or none: nothing that somebody wrote is overwritten.
fn write_files(folder: &Path, files: &[(String, String)]) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).exists()) {
        let path = folder.join(name);
        return Err(Failure::failed(format!(
            "{} is there already: name another folder",
            path.display()
        )));
    }
    for (name, text) in files {
        write_new(&folder.join(name), text)?;
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let file = fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::io(path, &error))
}

async fn check(data: &Path, day: &str, as_json: bool) -> Result<u8, Failure> {
    let answer = get(data, &format!("{TERMS}/check{day}")).await?;
    let wrong = answer["wrong"].as_u64().unwrap_or_default();
    if as_json {
        print_json(&answer)?;
        return Ok(u8::from(wrong > 0));
    }
    for finding in answer["findings"].as_array().into_iter().flatten() {
        let word = if finding["wrong"] == true { "wrong" } else { "note" };
        print(&format!("{word:5}  {:14}  {}", text(&finding["kind"]), text(&finding["sentence"])))?;
    }
    let notes = answer["findings"].as_array().map_or(0, Vec::len) as u64 - wrong;
    print(&format!(
        "{wrong} things are wrong, {notes} to be known, in {} contracts and {} recordings on {}",
        answer["contracts"],
        answer["recordings"],
        text(&answer["date"])
    ))?;
    Ok(u8::from(wrong > 0))
}

async fn preview(
    data: &Path,
    period: Period,
    paths: &[PathBuf],
    as_json: bool,
) -> Result<u8, Failure> {
    let files = read_all(paths)?;
    let session = Session::begin_reading(data).await?;
    let body = json!({ "period": period.to_string(), "files": bodies(&files) });
    let answer = session.post(&format!("{TERMS}/preview"), &body).await;
    session.end().await?;
    let answer = answer?;
    if as_json {
        return print_json(&answer).map(|()| 0);
    }
    let fields = ["payee", "currency", "now", "then", "change"];
    let mut rows = vec![fields.map(str::to_owned).to_vec()];
    for payee in answer["payees"].as_array().into_iter().flatten() {
        rows.push(fields.iter().map(|field| text(&payee[*field])).collect());
    }
    print(&table(&rows))?;
    for (side, field) in [("now", "missing_now"), ("then", "missing_then")] {
        for missing in answer[field].as_array().into_iter().flatten() {
            print(&format!("{side}, the month could not be paid: {}", text(missing)))?;
        }
    }
    Ok(0)
}

fn template(name: Option<&str>, out: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let Some(name) = name else {
        if as_json {
            let all: Vec<Value> =
                TEMPLATES.iter().map(|one| json!({ "name": one.name, "what": one.what })).collect();
            return print_json(&json!({ "templates": all })).map(|()| 0);
        }
        let mut rows = vec![vec!["template".to_owned(), "what it is".to_owned()]];
        rows.extend(TEMPLATES.iter().map(|one| vec![one.name.to_owned(), one.what.to_owned()]));
        return print(&table(&rows)).map(|()| 0);
    };
    let Some(template) = find(name) else {
        let known: Vec<&str> = TEMPLATES.iter().map(|one| one.name).collect();
        return Err(Failure::usage(format!("no template {name}: there are {}", known.join(", "))));
    };
    match out {
        None if as_json => print_json(&json!({ "name": template.name, "text": template.text }))?,
        None => print(template.text.trim_end())?,
        Some(path) => {
            write_new(path, template.text)?;
            if as_json {
                print_json(&json!({ "name": template.name, "file": path.display().to_string() }))?;
            } else {
                print(&format!("{} written to {}", template.name, path.display()))?;
            }
        }
    }
    Ok(0)
}

fn draft_files(file: &Path, map: &str, out: &Path, as_json: bool) -> Result<u8, Failure> {
    let mapping = Mapping::parse(map).map_err(|error| Failure::usage(format!("--map: {error}")))?;
    let bytes = fs::read(file).map_err(|error| Failure::io(file, &error))?;
    let drafted = draft(&file.display().to_string(), &bytes, &mapping);
    let drafted = drafted.map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let count = faults.len();
        Failure::failed(format!(
            "{}\nnothing was written: {count} things are wrong",
            faults.join("\n")
        ))
    })?;
    let files: Vec<(String, String)> = drafted
        .contracts
        .iter()
        .map(|contract| (file_name(&contract.id), write(contract)))
        .collect();
    write_files(out, &files)?;
    if as_json {
        let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
        return print_json(&json!({ "files": names, "renamed": drafted.renamed })).map(|()| 0);
    }
    for (name, id) in &drafted.renamed {
        print(&format!("{name:?} became {id}"))?;
    }
    print(&format!(
        "{} contracts written to {}: review them, then import the folder",
        files.len(),
        out.display()
    ))?;
    Ok(0)
}
