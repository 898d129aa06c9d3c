//! `royalty statements export` and `royalty dsr export`: papers as files in a folder.

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::cli::papers::{DsrExport, StatementFormat, StatementsExport};
use crate::commands::encoded;
use crate::control::papers::DsrBody;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::session::Session;
use axum::http::Method;

/// How many statements are asked for at once.
const PER_CALL: u64 = 1_000;
/// How many lines a sheet's page has.
const LINES_PER_FILE: u64 = 100_000;

pub(super) async fn statements(
    data: &Path,
    args: &StatementsExport,
    as_json: bool,
) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let written = write_statements(&session, args).await;
    session.end().await?;
    told(&args.out, &written?, as_json)
}

async fn write_statements(
    session: &Session,
    args: &StatementsExport,
) -> Result<Vec<String>, Failure> {
    fs::create_dir_all(&args.out).map_err(|error| Failure::io(&args.out, &error))?;
    let period = args.period;
    let statements = match &args.payee {
        Some(payee) => {
            let path = format!("/api/v1/royalty/closes/{period}/statements/{}", encoded(payee));
            vec![session.get(&path).await?]
        }
        None => all(session, &period.to_string()).await?,
    };
    let mut written = Vec::new();
    for statement in &statements {
        let payee = statement["payee"].as_str().unwrap_or_default();
        // A party's id may hold what no file's name can.
        let stem = format!("{period}.{}", encoded(payee));
        if args.format.contains(&StatementFormat::Json) {
            let name = format!("{stem}.json");
            write_json(session, (&period.to_string(), payee), &args.out.join(&name)).await?;
            written.push(name);
        }
        if args.format.contains(&StatementFormat::Csv) {
            for currency in currencies(statement) {
                let name = format!("{stem}.{currency}.csv");
                let to = args.out.join(&name);
                let lines = statement["lines"].as_u64().unwrap_or_default();
                write_csv(session, (&period.to_string(), payee, &currency), lines, &to).await?;
                written.push(name);
            }
        }
        if args.format.contains(&StatementFormat::Pdf) {
            let name = format!("{stem}.pdf");
            let path = format!("/api/v1/royalty/statements/{period}/{}.pdf", encoded(payee));
            let paper = session.call(Method::GET, &path, "", Vec::new()).await?;
            replace(&args.out.join(&name), |file| file.write_all(&paper))?;
            written.push(name);
        }
    }
    Ok(written)
}

/// All statements of a month, without their lines.
async fn all(session: &Session, period: &str) -> Result<Vec<Value>, Failure> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!(
            "/api/v1/royalty/closes/{period}/statements?limit={PER_CALL}&after={}",
            encoded(&after)
        );
        let page = session.get(&path).await?;
        items.extend(page["items"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return Ok(items),
        }
    }
}

/// The currencies of a statement's accounts; lines are in these.
fn currencies(statement: &Value) -> BTreeSet<String> {
    let accounts = statement["accounts"].as_array().into_iter().flatten();
    accounts.filter_map(|account| account["currency"].as_str()).map(str::to_owned).collect()
}

/// Into a draft beside it first: a file that has its name is whole.
fn replace(
    to: &Path,
    write: impl FnOnce(&mut fs::File) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let mut draft = to.as_os_str().to_owned();
    draft.push(".draft");
    let draft = Path::new(&draft);
    let written = fs::File::create(draft).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(draft, to)).map_err(|error| Failure::io(to, &error))
}

async fn write_json(
    session: &Session,
    (period, payee): (&str, &str),
    to: &Path,
) -> Result<(), Failure> {
    let path = format!("/api/v1/royalty/statements/{period}/{}.json", encoded(payee));
    let mut whole = session.get(&path).await?;
    while let Some(next) = whole["next"].as_u64() {
        let mut page = session.get(&format!("{path}?from={next}")).await?;
        if let (Some(lines), Some(more)) =
            (whole["lines"].as_array_mut(), page["lines"].as_array_mut())
        {
            lines.append(more);
        }
        whole["next"] = page["next"].take();
    }
    if let Some(fields) = whole.as_object_mut() {
        fields.remove("next");
    }
    let text = serde_json::to_string_pretty(&whole).expect("a value is JSON");
    replace(to, |file| writeln!(file, "{text}"))
}

async fn write_csv(
    session: &Session,
    (period, payee, currency): (&str, &str, &str),
    lines: u64,
    to: &Path,
) -> Result<(), Failure> {
    let path = format!("/api/v1/royalty/statements/{period}/{}.csv", encoded(payee));
    let (mut text, mut from) = (Vec::new(), 1);
    loop {
        let page = format!("{path}?currency={currency}&from={from}");
        text.extend(session.call(Method::GET, &page, "", Vec::new()).await?);
        from += LINES_PER_FILE;
        if from > lines {
            return replace(to, |file| file.write_all(&text));
        }
    }
}

pub(super) async fn sales_reports(
    data: &Path,
    args: &DsrExport,
    as_json: bool,
) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let body = DsrBody {
        sender_dpid: args.sender_dpid.clone(),
        sender_name: args.sender_name.clone(),
        service: args.service.clone(),
        payee: args.payee.clone(),
        profile: args.profile.clone(),
        message_version: args.message_version.clone(),
    };
    let body = serde_json::to_value(body).expect("texts are JSON");
    let answer = session.post(&format!("/control/v1/dsr/{}", args.period), &body).await;
    session.end().await?;
    let answer = answer?;
    fs::create_dir_all(&args.out).map_err(|error| Failure::io(&args.out, &error))?;
    let mut written = Vec::new();
    for file in answer["files"].as_array().into_iter().flatten() {
        let (name, text) = (&file["name"], &file["text"]);
        let (mut name, text) =
            (name.as_str().unwrap_or_default().to_owned(), text.as_str().unwrap_or_default());
        if args.gzip {
            name.push_str(".gz");
        }
        replace(&args.out.join(&name), |to| {
            if !args.gzip {
                return to.write_all(text.as_bytes());
            }
            let mut packed = GzBuilder::new().mtime(0).write(to, Compression::default());
            packed.write_all(text.as_bytes())?;
            packed.finish().map(drop)
        })?;
        written.push(name);
    }
    told(&args.out, &written, as_json)
}

fn told(folder: &Path, written: &[String], as_json: bool) -> Result<u8, Failure> {
    if as_json {
        print_json(&json!({ "folder": folder.display().to_string(), "files": written }))?;
    } else {
        for name in written {
            print(&folder.join(name).display().to_string())?;
        }
    }
    Ok(0)
}
