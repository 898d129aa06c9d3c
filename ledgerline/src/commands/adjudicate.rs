//! `adjudicate`: list and decide plays that came too late or too early.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

use super::encoded;
use crate::cli::{AdjudicateAction, DecideArgs};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;

pub(super) async fn run(
    data: &Path,
    action: AdjudicateAction,
    as_json: bool,
) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let done = match action {
        AdjudicateAction::List => list(&session, as_json).await,
        AdjudicateAction::Accept(args) => decide(&session, "accept", args, as_json).await,
        AdjudicateAction::Refuse(args) => decide(&session, "refuse", args, as_json).await,
    };
    session.end().await?;
    done.map(|()| 0)
}

async fn list(session: &Session, as_json: bool) -> Result<(), Failure> {
    let mut items: Vec<Value> = Vec::new();
    let mut after = String::new();
    loop {
        let page = session.get(&format!("/api/v1/adjudication?limit=1000{after}")).await?;
        items.extend(page["items"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => {
                after.clear();
                write!(after, "&after={}", encoded(next)).expect("a String takes everything");
            }
            None => break,
        }
    }
    if as_json {
        return print_json(&json!({ "items": items }));
    }
    if items.is_empty() {
        return print("No play waits for a decision.");
    }
    let fields = [
        "user_id",
        "play_id",
        "source",
        "reason",
        "track_id",
        "listened_ms",
        "started_at",
        "first_received_at",
    ];
    let mut rows = vec![fields.map(str::to_owned).to_vec()];
    for item in &items {
        let cell = |field: &&str| match &item[*field] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        rows.push(fields.iter().map(cell).collect());
    }
    print(&table(&rows))
}

async fn decide(
    session: &Session,
    decision: &str,
    args: DecideArgs,
    as_json: bool,
) -> Result<(), Failure> {
    let mut body = json!({
        "user_id": args.user,
        "play_id": args.play_id,
        "decision": decision,
        "note": args.note,
    });
    if let Some(source) = args.source {
        body["source"] = source.into();
    }
    let play = session.post("/api/v1/adjudication", &body).await?;
    if as_json {
        return print_json(&play);
    }
    print(&format!("{} is now {}", args.play_id, play["status"].as_str().unwrap_or_default()))
}
