//! `royalty statements`, `royalty payees`, `royalty explain`.

use serde_json::{Value, json};
use std::path::Path;

use super::close::closed_periods;
use super::export;
use crate::cli::closing::{ExplainMoney, StatementsAction};
use crate::commands::encoded;
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;
use ledgerline_ids::Period;

const CLOSES: &str = "/api/v1/royalty/closes";

/// How many statements or lines are asked for at once.
const PER_CALL: u64 = 1_000;

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// The month that is named, or the newest closed one.
async fn month(session: &Session, period: Option<Period>) -> Result<String, Failure> {
    if let Some(period) = period {
        return Ok(period.to_string());
    }
    let closed = closed_periods(&session.get(CLOSES).await?);
    closed.last().cloned().ok_or_else(|| {
        Failure::missing("no month is closed yet; `royalty close --period 2026-10` closes one")
    })
}

pub(super) async fn statements(
    data: &Path,
    action: &StatementsAction,
    as_json: bool,
) -> Result<u8, Failure> {
    if let StatementsAction::Export(args) = action {
        return export::statements(data, args, as_json).await;
    }
    let session = Session::begin_reading(data).await?;
    let shown = match action {
        StatementsAction::List { period } => all(&session, *period).await,
        StatementsAction::Show { payee, period, lines } => {
            one(&session, payee, *period, *lines).await
        }
        StatementsAction::Export(_) => Ok(Value::Null),
    };
    session.end().await?;
    let shown = shown?;
    if as_json {
        print_json(&shown)?;
        return Ok(0);
    }
    match action {
        StatementsAction::List { .. } => print(&listed(&shown))?,
        StatementsAction::Show { .. } | StatementsAction::Export(_) => print(&told(&shown))?,
    }
    Ok(0)
}

/// All statements of a month, without their lines.
async fn all(session: &Session, period: Option<Period>) -> Result<Value, Failure> {
    let period = month(session, period).await?;
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let path =
            format!("{CLOSES}/{period}/statements?limit={PER_CALL}&after={}", encoded(&after));
        let mut page = session.get(&path).await?;
        let next = page["next"].as_str().map(str::to_owned);
        if let Some(found) = page["items"].as_array_mut() {
            items.append(found);
        }
        match next {
            Some(next) => after = next,
            None => return Ok(json!({ "period": period, "items": items })),
        }
    }
}

async fn one(
    session: &Session,
    payee: &str,
    period: Option<Period>,
    wanted: u64,
) -> Result<Value, Failure> {
    let period = month(session, period).await?;
    let path = format!("{CLOSES}/{period}/statements/{}", encoded(payee));
    let mut statement = session.get(&path).await?;
    let (mut lines, mut from) = (Vec::new(), 1);
    while (lines.len() as u64) < wanted {
        let limit = PER_CALL.min(wanted - lines.len() as u64);
        let page = session.get(&format!("{path}/lines?limit={limit}&from={from}")).await?;
        lines.extend(page["items"].as_array().into_iter().flatten().cloned());
        match page["next"].as_u64() {
            Some(next) => from = next,
            None => break,
        }
    }
    statement["shown_lines"] = Value::Array(lines);
    statement["appeals"] = Value::Array(appeals(session, payee, &period).await?);
    Ok(statement)
}

/// The appeals against lines of a payee's statement, as they stand now.
async fn appeals(session: &Session, payee: &str, period: &str) -> Result<Vec<Value>, Failure> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = session.get(&format!("/api/v1/appeals?limit=100&after={after}")).await?;
        let of_statement = page["items"].as_array().into_iter().flatten().filter(|appeal| {
            let against = &appeal["against"];
            against["payee"] == payee && against["period"] == period
        });
        found.extend(of_statement.map(|appeal| {
            json!({
                "number": appeal["number"],
                "track_id": appeal["against"]["track_id"],
                "opened_at": appeal["opened_at"],
                "sentence": appeal["sentence"],
            })
        }));
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => return Ok(found),
        }
    }
}

pub(super) async fn payees(data: &Path, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let found = all(&session, None).await;
    session.end().await?;
    let found = found?;
    if as_json {
        print_json(&found)?;
    } else {
        print(&listed(&found))?;
    }
    Ok(0)
}

fn listed(found: &Value) -> String {
    let header = ["payee", "lines", "currency", "paid", "carried", "why nothing is paid"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for statement in found["items"].as_array().into_iter().flatten() {
        let payout = &statement["payout"];
        let carried = statement["balances"].as_array().into_iter().flatten();
        let carried: Vec<String> = carried
            .filter(|balance| balance["closing"] != "0.000000")
            .map(|it| format!("{} {}", word(&it["closing"]), word(&it["currency"])))
            .collect();
        rows.push(vec![
            word(&statement["payee"]),
            word(&statement["lines"]),
            word(&payout["currency"]),
            word(&payout["amount"]),
            carried.join(", "),
            payout["reason"].as_str().unwrap_or_default().to_owned(),
        ]);
    }
    format!("{}\n\n{}", word(&found["period"]), table(&rows))
}

fn told(statement: &Value) -> String {
    let mut out = format!(
        "Statement of {} for {}, booked {}\n",
        word(&statement["period"]),
        word(&statement["payee"]),
        word(&statement["booked_at"]),
    );
    section(
        &mut out,
        &statement["accounts"],
        "Accounts",
        &[
            "contract",
            "currency",
            "earned",
            "adjusted",
            "topped_up",
            "costs",
            "advance",
            "held",
            "released",
            "credited",
            "due",
        ],
    );
    for account in statement["accounts"].as_array().into_iter().flatten() {
        for (territory, amount) in account["withheld"].as_object().into_iter().flatten() {
            out.push_str(&format!(
                "\nWithheld of {} for {territory}: {}\n",
                word(&account["contract"]),
                word(amount)
            ));
        }
    }
    section(
        &mut out,
        &statement["balances"],
        "Balances",
        &["currency", "opening", "due", "exchanged", "paid", "closing"],
    );
    let payout = &statement["payout"];
    match payout["reason"].as_str() {
        None => out.push_str(&format!(
            "\nPaid out: {} {}\n",
            word(&payout["amount"]),
            word(&payout["currency"])
        )),
        Some(reason) => out.push_str(&format!("\nNothing is paid out: {reason}.\n")),
    }
    section(
        &mut out,
        &statement["adjustments"],
        "Adjustments of earlier months",
        &["period", "cause", "detail", "plays", "lines", "amounts"],
    );
    section(
        &mut out,
        &statement["unpaid"],
        "Plays that are not paid",
        &["track_id", "standing", "plays", "sentence"],
    );
    section(
        &mut out,
        &statement["appeals"],
        "Appeals, as they stand now",
        &["number", "track_id", "opened_at", "sentence"],
    );
    section(
        &mut out,
        &statement["shown_lines"],
        "Lines",
        &["number", "period", "track_id", "right", "plays", "amount", "currency", "sentence"],
    );
    let shown = statement["shown_lines"].as_array().map_or(0, Vec::len) as u64;
    let lines = statement["lines"].as_u64().unwrap_or_default();
    if lines > shown {
        out.push_str(&format!("… and {} more lines; --lines shows more\n", lines - shown));
    }
    out.push_str(&format!(
        "\nlines sha256 {}\nclose sha256 {}\n{}",
        word(&statement["lines_sha256"]),
        word(&statement["manifest_sha256"]),
        word(&statement["ledger_head"]),
    ));
    out
}

/// A table of some fields of objects, where there are any.
fn section(out: &mut String, items: &Value, title: &str, fields: &[&str]) {
    let Some(items) = items.as_array().filter(|items| !items.is_empty()) else { return };
    let mut rows = vec![fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>()];
    rows.extend(items.iter().map(|item| fields.iter().map(|field| word(&item[*field])).collect()));
    out.push_str(&format!("\n{title}\n{}\n", table(&rows)));
}

pub(super) async fn explain(
    data: &Path,
    what: &ExplainMoney,
    as_json: bool,
) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let found = match what {
        ExplainMoney::Line { payee, number, period, plays } => {
            match line_of(payee, *number, *period) {
                Ok((payee, number, period)) => {
                    explained_line(&session, (&payee, number), period, *plays).await
                }
                Err(failure) => Err(failure),
            }
        }
        ExplainMoney::Play { user, play_id, source } => {
            let source = source.as_ref().map(|it| format!("?source={}", encoded(it)));
            let (user, play) = (encoded(user), encoded(play_id));
            let query = source.unwrap_or_default();
            session.get(&format!("/api/v1/royalty/plays/{user}/{play}{query}")).await
        }
    };
    session.end().await?;
    let found = found?;
    if as_json {
        print_json(&found)?;
        return Ok(0);
    }
    match what {
        ExplainMoney::Line { .. } => print(&line_told(&found))?,
        ExplainMoney::Play { .. } => print(&play_told(&found))?,
    }
    Ok(0)
}

/// Which line is meant: by its payee and number, or by its reference.
fn line_of(
    payee: &str,
    number: Option<u64>,
    period: Option<Period>,
) -> Result<(String, u64, Option<Period>), Failure> {
    if let Some(number) = number {
        return Ok((payee.to_owned(), number, period));
    }
    let read = || {
        let (of, rest) = payee.split_once('/')?;
        let (payee, number) = rest.rsplit_once('/')?;
        Some((payee.to_owned(), number.parse().ok()?, Some(Period::parse(of).ok()?)))
    };
    read().filter(|(_, _, of)| period.is_none() || period == *of).ok_or_else(|| {
        Failure::usage("a line is a payee and a number, or its reference: 2026-10/northern/12")
    })
}

async fn explained_line(
    session: &Session,
    (payee, number): (&str, u64),
    period: Option<Period>,
    plays: u16,
) -> Result<Value, Failure> {
    let period = month(session, period).await?;
    let payee = encoded(payee);
    let path = format!("{CLOSES}/{period}/statements/{payee}/lines/{number}?plays={plays}");
    session.get(&path).await
}

fn line_told(found: &Value) -> String {
    let (line, pool) = (&found["line"], &found["pool"]);
    let mut out = format!(
        "Line {} of {}'s statement of {}: {} {} for {} plays of {}\n\n{}\n",
        word(&line["number"]),
        word(&found["payee"]),
        word(&found["stated_in"]),
        word(&line["amount"]),
        word(&line["currency"]),
        word(&line["plays"]),
        word(&line["track_id"]),
        word(&line["sentence"]),
    );
    if let Some(detail) = found["detail"].as_str() {
        out.push_str(&format!("{detail}\n"));
    }
    out.push_str(&format!(
        "\nThe pool: {} {} for {} plays, by {}\n",
        word(&pool["money"]),
        word(&pool["currency"]),
        word(&pool["plays"]),
        word(&line["licence"]),
    ));
    section(&mut out, &pool["steps"], "How its money came about", &["what", "result"]);
    section(
        &mut out,
        &found["plays"],
        "Plays",
        &["user_id", "play_id", "source", "started_at", "listened_ms", "partition", "position"],
    );
    out.push_str(&format!("\nComputed from revisions {}", found["revisions"]));
    if found["plays"].as_array().is_some_and(|plays| !plays.is_empty()) {
        out.push_str("\n`ledgerline explain play USER PLAY` shows the reports of a play");
    }
    out
}

fn play_told(found: &Value) -> String {
    let play = &found["play"];
    let mut out = format!(
        "Play {} of {}: track {}, {}\n{}\n",
        word(&play["play_id"]),
        word(&play["user_id"]),
        word(&play["track_id"]),
        word(&play["status"]),
        word(&found["sentence"]),
    );
    let lines: Vec<Value> = found["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| {
            json!({
                "stated_in": line["stated_in"],
                "payee": line["payee"],
                "line": line["line"]["number"],
                "right": line["line"]["right"],
                "cause": line["line"]["cause"],
                "plays": line["line"]["plays"],
                "amount": line["line"]["amount"],
                "currency": line["line"]["currency"],
                "each": line["each"],
            })
        })
        .collect();
    section(
        &mut out,
        &Value::Array(lines),
        "What it caused",
        &["stated_in", "payee", "line", "right", "cause", "plays", "amount", "currency", "each"],
    );
    out.trim_end().to_owned()
}
