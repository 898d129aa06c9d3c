//! `appeals`: appeal against plays that are kept back, and decide appeals.

use serde_json::{Value, json};
use std::path::Path;

use crate::cli::appeals::{AppealsAction, OpenArgs, OutcomeArg};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;

pub(super) async fn run(data: &Path, action: AppealsAction, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let done = act(&session, action, as_json).await;
    session.end().await?;
    done.map(|()| 0)
}

async fn act(session: &Session, action: AppealsAction, as_json: bool) -> Result<(), Failure> {
    let appeal = match action {
        AppealsAction::List { waiting } => return list(session, waiting, as_json).await,
        AppealsAction::Open(args) => session.post("/api/v1/appeals", &opening(args)).await?,
        AppealsAction::Show { number } => session.get(&format!("/api/v1/appeals/{number}")).await?,
        AppealsAction::Decide { number, outcome, reason } => {
            let outcome = match outcome {
                OutcomeArg::Reinstate => "reinstate",
                OutcomeArg::Uphold => "uphold",
            };
            let body = json!({ "outcome": outcome, "reason": reason });
            session.post(&format!("/api/v1/appeals/{number}/decision"), &body).await?
        }
    };
    if as_json { print_json(&appeal) } else { print(&shown(&appeal)) }
}

fn opening(args: OpenArgs) -> Value {
    let mut body = json!({ "appellant": args.appellant, "grounds": args.grounds });
    for (field, value) in [
        ("user_id", args.user),
        ("play_id", args.play),
        ("source", args.source),
        ("period", args.period),
        ("track_id", args.track),
        ("payee", args.payee),
    ] {
        if let Some(value) = value {
            body[field] = value.into();
        }
    }
    body
}

async fn list(session: &Session, waiting: bool, as_json: bool) -> Result<(), Failure> {
    let mut items: Vec<Value> = Vec::new();
    let mut after = 0;
    loop {
        let path = format!("/api/v1/appeals?limit=100&after={after}&waiting={waiting}");
        let page = session.get(&path).await?;
        items.extend(page["items"].as_array().into_iter().flatten().cloned());
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    if as_json {
        return print_json(&json!({ "items": items }));
    }
    if items.is_empty() {
        return print(if waiting {
            "No appeal waits for a decision."
        } else {
            "There is no appeal."
        });
    }
    let mut rows =
        vec![["number", "opened", "appellant", "where it stands"].map(str::to_owned).to_vec()];
    for item in &items {
        rows.push(vec![
            item["number"].to_string(),
            text(&item["opened_at"]),
            text(&item["appellant"]),
            text(&item["sentence"]),
        ]);
    }
    print(&table(&rows))
}

/// An appeal for a person: what was asked, what was found, what was decided.
fn shown(appeal: &Value) -> String {
    let mut lines = vec![
        text(&appeal["sentence"]),
        format!(
            "opened {} by {}: {}",
            text(&appeal["opened_at"]),
            text(&appeal["appellant"]),
            text(&appeal["grounds"])
        ),
    ];
    for play in appeal["plays"].as_array().into_iter().flatten() {
        lines.push(format!(
            "{} of {} by {}, started {}: {} since {}",
            text(&play["play_id"]),
            text(&play["track_id"]),
            text(&play["user_id"]),
            text(&play["started_at"]),
            text(&play["status"]),
            text(&play["kept_back_at"]),
        ));
        let (then, now) = (&play["then"], &play["now"]);
        let same = then["evidence_sha256"] == now["evidence_sha256"];
        lines.push(format!("  on the evidence of then ({} plays):", then["plays"]));
        lines.extend(sentences(then));
        if same {
            lines.push("  the evidence is the same today".to_owned());
        }
        lines.push(format!("  with what is known now ({} plays):", now["plays"]));
        lines.extend(sentences(now));
    }
    if let Some(unnamed) = appeal["unnamed_plays"].as_u64().filter(|unnamed| *unnamed > 0) {
        lines.push(format!("{unnamed} more plays have no play_id; nobody can rule on them"));
    }
    lines.join("\n")
}

fn sentences(finding: &Value) -> Vec<String> {
    let rules = finding["rules"].as_array().into_iter().flatten();
    let lines: Vec<String> = rules.map(|rule| format!("    {}", text(&rule["sentence"]))).collect();
    if lines.is_empty() { vec!["    no rule holds".to_owned()] } else { lines }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
