//! `royalty close`, `royalty closes`, `royalty estimate`.

use axum::http::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

use crate::cli::closing::{CloseArgs, ClosesAction, EstimateArgs, Running};
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};
use crate::progress;
use crate::session::Session;

pub(super) async fn close(data: &Path, args: &CloseArgs, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let path = format!("/api/v1/royalty/closes/{}?dry_run={}", args.period, args.dry_run);
    let closed = watched(&session, &path).await;
    session.end().await?;
    let closed = closed?;
    if as_json {
        print_json(&closed)?;
    } else {
        print(&told(&closed))?;
    }
    Ok(0)
}

/// Closes, and shows how far it is meanwhile.
async fn watched(session: &Session, path: &str) -> Result<Value, Failure> {
    let bar = progress::count("closing");
    let close = session.call(Method::POST, path, "", Vec::new());
    tokio::pin!(close);
    loop {
        tokio::select! {
            closed = &mut close => {
                bar.finish_and_clear();
                return serde_json::from_slice(&closed?).map_err(|error| Failure::from_error(&error));
            }
            () = tokio::time::sleep(Duration::from_millis(300)) => {
                if let Ok(told) = session.get("/control/v1/royalty/progress").await {
                    bar.set_message(told["doing"].as_str().unwrap_or_default().to_owned());
                    bar.set_position(told["done"].as_u64().unwrap_or_default());
                }
            }
        }
    }
}

pub(super) async fn closes(
    data: &Path,
    action: &ClosesAction,
    as_json: bool,
) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let read = read(&session, action).await;
    session.end().await?;
    let (found, good) = read?;
    if as_json {
        print_json(&found)?;
    } else {
        match action {
            ClosesAction::List => print(&listed(&found))?,
            ClosesAction::Show { .. } => print(&told(&found))?,
            ClosesAction::Verify { .. } => print(&verified(&found))?,
        }
    }
    Ok(u8::from(!good))
}

async fn read(session: &Session, action: &ClosesAction) -> Result<(Value, bool), Failure> {
    const CLOSES: &str = "/api/v1/royalty/closes";
    match action {
        ClosesAction::List => Ok((session.get(CLOSES).await?, true)),
        ClosesAction::Show { period } => {
            Ok((session.get(&format!("{CLOSES}/{period}")).await?, true))
        }
        ClosesAction::Verify { period } => {
            let periods = match period {
                Some(period) => vec![period.to_string()],
                None => closed_periods(&session.get(CLOSES).await?),
            };
            let mut checks = Vec::new();
            for period in periods {
                checks.push(session.get(&format!("{CLOSES}/{period}/verification")).await?);
            }
            let good = checks.iter().all(|check| check["holds"] == true);
            Ok((json!({ "holds": good, "closes": checks }), good))
        }
    }
}

/// The months that are closed, oldest first.
pub(super) fn closed_periods(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().into_iter().flatten();
    let closed = items.filter(|close| close["state"] == "closed");
    closed.filter_map(|close| close["period"].as_str().map(str::to_owned)).collect()
}

fn listed(list: &Value) -> String {
    let mut rows =
        vec![["period", "state", "booked", "plays", "lines", "payees"].map(str::to_owned).to_vec()];
    for close in list["items"].as_array().into_iter().flatten() {
        let number = |field: &str| {
            close["summary"][field].as_i64().map_or_else(|| "-".to_owned(), thousands)
        };
        rows.push(vec![
            word(&close["period"]),
            word(&close["state"]),
            word(&close["booked_at"]),
            number("plays"),
            number("lines"),
            number("payees"),
        ]);
    }
    match rows.len() {
        1 => "No month is closed yet.".to_owned(),
        _ => table(&rows),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn told(close: &Value) -> String {
    let period = word(&close["period"]);
    let mut out = match (close["dry_run"] == true, close["already"] == true) {
        (_, true) => format!("{period} was closed before; nothing was changed.\n"),
        (true, _) => format!("{period} would come to this; nothing was changed.\n"),
        _ => format!("{period} is {}.\n", word(&close["state"])),
    };
    let summary = &close["summary"];
    let number = |field: &str| summary[field].as_i64().map_or_else(|| "-".to_owned(), thousands);
    out.push_str(&format!(
        "{} counted plays became {} lines for {} payees; {} lines adjust earlier months; {} entries \
         in the ledger.\n",
        number("plays"),
        number("lines"),
        number("payees"),
        number("adjusted_lines"),
        number("entries"),
    ));
    if summary["plays_before_first"].as_u64().unwrap_or_default() > 0 {
        out.push_str(&format!(
            "{} counted plays are of months before the first close: no close takes them.\n",
            number("plays_before_first")
        ));
    }
    let header = ["currency", "net revenue", "pools", "adjusted", "payable"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for money in summary["money"].as_array().into_iter().flatten() {
        rows.push(
            ["currency", "net", "pools", "adjusted", "paid"].map(|it| word(&money[it])).to_vec(),
        );
    }
    out.push_str(&format!("\n{}\n", table(&rows)));
    for adjustment in close["adjustments"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "\n{} was computed anew for {}: {}.",
            word(&adjustment["period"]),
            word(&adjustment["cause"]),
            word(&adjustment["detail"]),
        ));
        for play in adjustment["plays"].as_array().into_iter().flatten().take(5) {
            out.push_str(&format!(
                "\n  {} of {}, track {}",
                word(&play["play_id"]),
                word(&play["user_id"]),
                word(&play["track_id"])
            ));
        }
    }
    for refusal in close["refusals"].as_array().into_iter().flatten() {
        out.push_str(&format!("\n- {}", word(refusal)));
    }
    if let Some(head) = close["ledger_head"].as_str() {
        out.push_str(&format!("\n\n{head}"));
    }
    out.trim_end().to_owned()
}

fn verified(found: &Value) -> String {
    let mut out = String::new();
    for check in found["closes"].as_array().into_iter().flatten() {
        let holds = if check["holds"] == true { "holds" } else { "DIFFERS" };
        out.push_str(&format!(
            "{} {holds}: {} files, {} statements, {} entries compared\n",
            word(&check["period"]),
            word(&check["files"]),
            word(&check["statements"]),
            word(&check["entries"]),
        ));
        for finding in check["findings"].as_array().into_iter().flatten() {
            out.push_str(&format!("  - {}\n", word(finding)));
        }
    }
    if out.is_empty() { "No month is closed yet.".to_owned() } else { out.trim_end().to_owned() }
}

pub(super) async fn estimate(
    data: &Path,
    args: &EstimateArgs,
    as_json: bool,
) -> Result<u8, Failure> {
    let mut query = Vec::new();
    if let Running::Month(period) = args.period {
        query.push(format!("period={period}"));
    }
    if let Some(payee) = &args.payee {
        query.push(format!("payee={}", crate::commands::encoded(payee)));
    }
    let session = Session::begin_reading(data).await?;
    let estimate = session.get(&format!("/api/v1/royalty/estimates?{}", query.join("&"))).await;
    session.end().await?;
    let estimate = estimate?;
    if as_json {
        print_json(&estimate)?;
        return Ok(0);
    }
    let mut out = format!(
        "ESTIMATE of {} as of {}: {} counted plays so far. It changes until the month is closed.\n\n",
        word(&estimate["period"]),
        word(&estimate["made_at"]),
        estimate["plays"].as_i64().map_or_else(String::new, thousands),
    );
    let header = ["payee", "currency", "plays", "estimated"].map(str::to_owned).to_vec();
    let mut rows = vec![header];
    for payee in estimate["payees"].as_array().into_iter().flatten() {
        rows.push(
            ["payee", "currency", "plays", "estimated_amount"].map(|it| word(&payee[it])).to_vec(),
        );
    }
    out.push_str(&table(&rows));
    for missing in estimate["missing"].as_array().into_iter().flatten() {
        out.push_str(&format!("\n- missing so far: {}", word(missing)));
    }
    print(&out)?;
    Ok(0)
}
