//! `royalty revenue`, `fx`, `advances` and `usage`: what is brought in sheets, and listed.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::royalty::{AdvancesAction, FxAction, ImportFile, RevenueAction, UsageAction};
use crate::commands::encoded;
use crate::commands::rights::{outcome, send_files};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;

pub(super) async fn revenue(
    data: &Path,
    action: RevenueAction,
    as_json: bool,
) -> Result<u8, Failure> {
    let period = match action {
        RevenueAction::Import(file) => {
            return import(data, "/control/v1/revenue/import?", &file, "rows", as_json).await;
        }
        RevenueAction::List { period } => period,
    };
    let mut path = "/control/v1/revenue".to_owned();
    if let Some(period) = period {
        write!(path, "?period={period}").expect("a String takes everything");
    }
    let answer = read(data, &path).await?;
    if as_json {
        print_json(&answer)?;
        return Ok(0);
    }
    let columns = [
        "period",
        "territory",
        "tier",
        "listener",
        "plan",
        "subscribers",
        "currency",
        "gross",
        "net",
        "correction",
        "revision",
    ];
    list(&answer, &columns, "No revenue was imported yet.")?;
    for sum in answer["sums"].as_array().into_iter().flatten() {
        let text = |field: &str| sum[field].as_str().unwrap_or_default();
        print(&format!("{} net {} {}", text("period"), text("net"), text("currency")))?;
    }
    Ok(0)
}

pub(super) async fn fx(data: &Path, action: FxAction, as_json: bool) -> Result<u8, Failure> {
    match action {
        FxAction::Import(file) => {
            import(data, "/control/v1/fx/import?", &file, "rates", as_json).await
        }
        FxAction::List => {
            let answer = read(data, "/control/v1/fx").await?;
            if as_json {
                print_json(&answer)?;
                return Ok(0);
            }
            let columns = ["base", "quote", "day", "rate", "inverse", "source", "revision"];
            list(&answer, &columns, "No rate of exchange was imported yet.")?;
            Ok(0)
        }
    }
}

pub(super) async fn advances(
    data: &Path,
    action: AdvancesAction,
    as_json: bool,
) -> Result<u8, Failure> {
    let payee = match action {
        AdvancesAction::Import(file) => {
            let path = format!("/control/v1/advances/import?dry_run={}", file.dry_run);
            let files = [file.file];
            let Some(done) = send_files(data, &path, &files, as_json).await? else { return Ok(1) };
            if as_json {
                print_json(&done)?;
                return Ok(0);
            }
            let outcome = if done["dry_run"] == true { "nothing was booked" } else { "booked" };
            print(&format!("{} new, {} as before; {outcome}", done["added"], done["unchanged"]))?;
            return Ok(0);
        }
        AdvancesAction::List { payee } => payee,
    };
    let payee = payee.map_or_else(String::new, |payee| format!("?payee={}", encoded(&payee)));
    let answer = read(data, &format!("/control/v1/advances{payee}")).await?;
    if as_json {
        print_json(&answer)?;
        return Ok(0);
    }
    let columns = ["entry", "on", "contract", "payee", "kind", "amount", "currency", "note"];
    list(&answer, &columns, "No advance and no cost was booked yet.")?;
    for total in answer["totals"].as_array().into_iter().flatten() {
        let text = |field: &str| total[field].as_str().unwrap_or_default();
        print(&format!("{} {} in all", text("amount"), text("currency")))?;
    }
    Ok(0)
}

pub(super) async fn usage(data: &Path, action: UsageAction, as_json: bool) -> Result<u8, Failure> {
    let UsageAction::Import { source, file } = action;
    let path = format!("/control/v1/usage/import?source={}&", encoded(&source));
    import(data, &path, &file, "months", as_json).await
}

async fn import(
    data: &Path,
    path: &str,
    file: &ImportFile,
    what: &str,
    as_json: bool,
) -> Result<u8, Failure> {
    let path = format!("{path}dry_run={}", file.dry_run);
    let files: [PathBuf; 1] = [file.file.clone()];
    let Some(done) = send_files(data, &path, &files, as_json).await? else { return Ok(1) };
    if as_json {
        print_json(&done)?;
        return Ok(0);
    }
    print(&format!(
        "{} {what} added, {} changed, {} as before; {}",
        done["added"],
        done["changed"],
        done["unchanged"],
        outcome(&done)
    ))?;
    Ok(0)
}

async fn read(data: &Path, path: &str) -> Result<Value, Failure> {
    let session = Session::begin_reading(data).await?;
    let answer = session.get(path).await;
    session.end().await?;
    answer
}

fn list(answer: &Value, columns: &[&str], none: &str) -> Result<(), Failure> {
    let mut rows = vec![columns.iter().map(|&column| column.to_owned()).collect::<Vec<_>>()];
    for row in answer["rows"].as_array().into_iter().flatten() {
        let cell = |column: &&str| match &row[*column] {
            Value::Null if matches!(*column, "territory" | "tier") => "*".to_owned(),
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            other => other.to_string(),
        };
        rows.push(columns.iter().map(cell).collect());
    }
    print(&if rows.len() == 1 { none.to_owned() } else { table(&rows) })
}
