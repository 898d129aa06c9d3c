//! The second half of the demonstration: the plays of March become money, an artist disputes, and
//! the next close sets it right.

use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::music;
use crate::commands::encoded;
use crate::failure::Failure;
use crate::framed::frame;
use crate::output::table;
use crate::session::Session;

/// So many pages of held plays are looked through.
const PAGES_MAX: usize = 100;
const BYTES: &str = "application/octet-stream";
const MARCH: &str = "2026-03";
const APRIL: &str = "2026-04";

const PARTIES: &str = "party_id,name,kinds,payout_currency,minimum_payout\n\
    comet,Comet,artist,EUR,\n\
    northern-lights,Northern Lights,label,EUR,10\n\
    southern-cross,Southern Cross,label,EUR,10\n";
const REVENUE_COLUMNS: &str = "period,territory,tier,plan,subscribers,currency,gross,tax\n";
/// A month's revenue: country, subscribers, what they paid, the tax in it.
const REVENUE: [(&str, u32, &str, &str); 4] = [
    ("BR", 120, "1198.80", "191.40"),
    ("CA", 60, "599.40", "95.70"),
    ("DE", 40, "399.60", "63.80"),
    ("*", 180, "1798.20", "287.10"),
];
const LICENCE: &str = "id = \"licence\"\nkind = \"licence\"\ntitle = \"What the service pays\"\n\
    signed_on = \"2025-12-01\"\nfrom = \"2026-01-01\"\ncurrency = \"EUR\"\n\n[[terms]]\nid = \"masters\"\n\
    rights = [\"master\"]\npro_rata = { share = \"52%\" }\n";
const DEAL: &str = "id = \"comet\"\nkind = \"agreement\"\ntitle = \"Comet's record deal\"\n\
    grantor = \"northern-lights\"\nsigned_on = \"2025-12-01\"\nfrom = \"2026-01-01\"\ncurrency = \"EUR\"\n\n\
    [[terms]]\nid = \"all\"\nrights = [\"master\"]\nartists = [\"comet\"]\n\
    pass_on = [{ payee = \"comet\", share = \"22%\" }]\n";

/// What was shown, and whether all of it holds.
pub(super) struct Shown {
    /// What there is to read.
    pub text: Vec<String>,
    /// Whether the closes verify, and the dispute moved money.
    pub good: bool,
}

/// `tracks` is every recording that was reported: one that the catalogue lacks isn't paid, and a
/// report of it that comes once more would say so.
pub(super) async fn show(session: &Session, tracks: &BTreeSet<String>) -> Result<Shown, Failure> {
    let mut text = Vec::new();
    bring(session, tracks).await?;
    let march = close(session, MARCH).await?;
    let summary = &march["summary"];
    text.push(format!(
        "{} counted plays became {} lines for {} payees, {} entries in the ledger; of {} EUR net, {} EUR \
         went to the pool, and every ledger unit of it to somebody.\n",
        summary["plays"],
        summary["lines"],
        summary["payees"],
        summary["entries"],
        word(&summary["money"][0]["net"]),
        word(&summary["money"][0]["pools"]),
    ));
    text.push(payees(session, MARCH).await?);
    let line = session.get(&lines_of("comet", MARCH, "/1?plays=1")).await?;
    text.push(format!(
        "\nComet asks how the first line came about: {} EUR for {} plays of {}.",
        word(&line["line"]["amount"]),
        line["line"]["plays"],
        word(&line["line"]["track_id"])
    ));
    text.push(format!("  {}", word(&line["line"]["sentence"])));
    for step in line["pool"]["steps"].as_array().into_iter().flatten() {
        text.push(format!("  {}: {}", word(&step["what"]), word(&step["result"])));
    }
    let disputed = dispute(session, &mut text).await?;
    let april = close(session, APRIL).await?;
    for adjustment in april["adjustments"].as_array().into_iter().flatten() {
        text.push(format!(
            "The close of {APRIL} computes {} anew ({}): {}.",
            word(&adjustment["period"]),
            word(&adjustment["cause"]),
            word(&adjustment["detail"])
        ));
    }
    text.push(payees(session, APRIL).await?);
    let mut good = true;
    for period in [MARCH, APRIL] {
        let check = session.get(&format!("/api/v1/royalty/closes/{period}/verification")).await?;
        good &= check["holds"] == true;
        text.push(format!(
            "{period} {}: {} files, {} statements and {} entries compared.",
            if check["holds"] == true { "verifies" } else { "DIFFERS" },
            check["files"],
            check["statements"],
            check["entries"]
        ));
    }
    let moved = april["adjustments"].as_array().is_some_and(|it| !it.is_empty());
    Ok(Shown { text, good: good && (moved || !disputed) })
}

async fn bring(session: &Session, tracks: &BTreeSet<String>) -> Result<(), Failure> {
    let mut sheets = Vec::new();
    frame(&mut sheets, "parties.csv", PARTIES.as_bytes());
    for (name, sheet) in music::sheets(tracks) {
        frame(&mut sheets, name, sheet.as_bytes());
    }
    session.call(Method::POST, "/control/v1/rights/import", BYTES, sheets).await?;
    earns(session, &[MARCH, APRIL]).await?;
    let files = json!({ "files": [
        { "name": "licence.toml", "text": LICENCE },
        { "name": "comet.toml", "text": DEAL },
    ]});
    session.post("/api/v1/royalty/terms", &files).await?;
    Ok(())
}

/// What months earned, the same each.
pub(super) async fn earns(session: &Session, periods: &[&str]) -> Result<(), Failure> {
    let mut rows = REVENUE_COLUMNS.to_owned();
    for period in periods {
        for (territory, subscribers, gross, tax) in REVENUE {
            writeln!(rows, "{period},{territory},*,individual,{subscribers},EUR,{gross},{tax}")
                .expect("a String takes it");
        }
    }
    let mut revenue = Vec::new();
    frame(&mut revenue, "revenue.csv", rows.as_bytes());
    session.call(Method::POST, "/control/v1/revenue/import", BYTES, revenue).await?;
    Ok(())
}

async fn close(session: &Session, period: &str) -> Result<Value, Failure> {
    session.post(&format!("/api/v1/royalty/closes/{period}"), &json!({})).await?;
    session.get(&format!("/api/v1/royalty/closes/{period}")).await
}

fn lines_of(payee: &str, period: &str, rest: &str) -> String {
    format!("/api/v1/royalty/closes/{period}/statements/{payee}/lines{rest}")
}

async fn payees(session: &Session, period: &str) -> Result<String, Failure> {
    let page = session.get(&format!("/api/v1/royalty/closes/{period}/statements")).await?;
    let header = ["payee", "lines", "adjusted", "paid out", "carried"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for statement in page["items"].as_array().into_iter().flatten() {
        let (account, balance) = (&statement["accounts"][0], &statement["balances"][0]);
        rows.push(vec![
            word(&statement["payee"]),
            word(&statement["lines"]),
            word(&account["adjusted"]),
            word(&statement["payout"]["amount"]),
            word(&balance["closing"]),
        ]);
    }
    Ok(table(&rows))
}

/// A held play of the artist is looked at and released; whether there was one.
async fn dispute(session: &Session, text: &mut Vec<String>) -> Result<bool, Failure> {
    let statement =
        session.get(&format!("/api/v1/royalty/closes/{MARCH}/statements/comet")).await?;
    let unpaid = statement["unpaid"].as_array().cloned().unwrap_or_default();
    let held = unpaid.iter().find(|it| it["standing"] == "held");
    let Some(held) = held else { return Ok(false) };
    let track = word(&held["track_id"]);
    text.push(format!(
        "\nComet disputes: {} plays of {track} are on the statement as not paid. {}",
        held["plays"],
        word(&held["sentence"])
    ));
    let Some(case) = find_case(session, &track).await? else { return Ok(false) };
    let play = &case["play"];
    let (user, id) = (word(&play["user_id"]), word(&play["play_id"]));
    text.push(format!(
        "A person looks at play {id} of {user}: {}. It is let go, with a note.",
        word(&case["evidence"][0]["explanation"])
    ));
    let ruling = json!({
        "user_id": user, "play_id": id, "source": play["source"],
        "ruling": "reinstate", "note": "the listener was heard; the demonstration's dispute",
    });
    session.post("/api/v1/fraud", &ruling).await?;
    let path = format!("/api/v1/royalty/plays/{}/{}", encoded(&user), encoded(&id));
    let path = format!("{path}?source={}", encoded(&word(&play["source"])));
    let explained = session.get(&path).await?;
    text.push(format!("`royalty explain play` now says: {}", word(&explained["sentence"])));
    Ok(true)
}

/// A held play of a recording that has a key by which a person can name it.
async fn find_case(session: &Session, track: &str) -> Result<Option<Value>, Failure> {
    let mut after = String::new();
    for _ in 0..PAGES_MAX {
        let page = session.get(&format!("/api/v1/fraud?limit=1000{after}")).await?;
        let cases = page["items"].as_array().into_iter().flatten();
        let mut wanted = cases.filter(|case| {
            let play = &case["play"];
            play["track_id"] == track && play["status"] == "held" && play["play_id"].is_string()
        });
        if let Some(found) = wanted.next() {
            return Ok(Some(found.clone()));
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(None),
        }
    }
    Ok(None)
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
