//! `explain`: how something came about.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

use super::{encoded, explain_terms};
use crate::cli::ExplainWhat;
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;

pub(super) async fn run(data: &Path, what: ExplainWhat, as_json: bool) -> Result<u8, Failure> {
    let (user, play_id, source) = match what {
        ExplainWhat::Play { user, play_id, source } => (user, play_id, source),
        ExplainWhat::Terms(args) => return explain_terms::run(data, args, as_json).await,
    };
    let mut path = format!("/api/v1/plays/{}/{}", encoded(&user), encoded(&play_id));
    if let Some(source) = source {
        write!(path, "?source={}", encoded(&source)).expect("a String takes everything");
    }
    let session = Session::begin_reading(data).await?;
    let play = session.get(&path).await;
    session.end().await?;
    let play = play?;
    if as_json {
        print_json(&play)?
    } else {
        print(&explanation(&play))?
    }
    Ok(0)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn explanation(play: &Value) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!(
        "Play {} of {} ({}) is {}{}",
        text(&play["play_id"]),
        text(&play["user_id"]),
        text(&play["source"]),
        text(&play["status"]),
        play["reason"].as_str().map_or_else(String::new, |reason| format!(" ({reason})")),
    ));
    line(format!(
        "Track {}, started {}, listened {} ms of the {} ms from which it counts",
        text(&play["track_id"]),
        text(&play["started_at"]),
        text(&play["listened_ms"]),
        text(&play["threshold_ms"]),
    ));
    for rule in play["rules"].as_array().into_iter().flatten() {
        line(format!("The fraud rule {} touches it", text(rule)));
    }
    if let Some(sent) = play["sent"].as_object() {
        let few = if sent["too_few"] == true { ": far too few for a play that counts" } else { "" };
        let (bytes, ms) = (text(&sent["bytes"]), text(&sent["playable_ms"]));
        line(format!("By the access logs {bytes} bytes were sent for it, about {ms} ms{few}"));
    }
    line(String::new());
    let mut rows =
        vec![["#", "from", "to", "reason", "at", "position"].map(str::to_owned).to_vec()];
    for transition in play["transitions"].as_array().into_iter().flatten() {
        let fields = ["number", "from", "to", "reason", "at", "position"];
        rows.push(fields.iter().map(|field| text(&transition[*field])).collect());
    }
    line("Transitions".to_owned());
    line(table(&rows));
    line(String::new());
    let mut rows = vec![
        ["position", "received", "listened_ms", "event", "verdict"].map(str::to_owned).to_vec(),
    ];
    for report in play["reports"].as_array().into_iter().flatten() {
        let fields = ["position", "received_at", "listened_ms", "event", "verdict"];
        rows.push(fields.iter().map(|field| text(&report[*field])).collect());
    }
    line("Reports".to_owned());
    line(table(&rows));
    out.trim_end().to_owned()
}
