//! `nodes`, `config`, `topics`, `schema`: several nodes, and what they share.

use serde_json::{Value, json};
use std::path::Path;

use crate::cli::nodes::{ConfigAction, SchemaAction, TopicsAction};
use crate::cluster::{self, config::Config};
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};
use crate::session::Session;

/// Who owns what, as the node on this folder sees it.
pub(super) async fn show(data: &Path, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let view = session.get("/control/v1/ownership").await;
    session.end().await?;
    let view = view?;
    if view.is_null() {
        return Err(Failure::failed(
            "this process owns everything, or judges nothing: there is nothing to share",
        ));
    }
    if as_json {
        print_json(&view)?;
        return Ok(0);
    }
    let text = |value: &Value| value.as_str().map_or("nobody".to_owned(), str::to_owned);
    let head =
        ["partition", "owner", "standbys", "epoch", "committed", "here", "judged here", "log"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for of in view["partitions"].as_array().into_iter().flatten() {
        let number = |name: &str| thousands(of[name].as_i64().unwrap_or_default());
        rows.push(vec![
            text(&of["partition"]),
            text(&of["owner"]),
            number("standbys"),
            number("epoch"),
            number("committed"),
            of["here"].as_str().unwrap_or_default().replace('_', " "),
            if of["here"] == "not_followed" { "–".to_owned() } else { number("read_to") },
            number("log_end"),
        ]);
    }
    print(&table(&rows))?;
    let nodes: Vec<String> = view["nodes"].as_array().into_iter().flatten().map(text).collect();
    print(&format!("nodes that are there: {}", nodes.join(", ")))?;
    let here = |part: &str| {
        let partitions = view["partitions"].as_array().into_iter().flatten();
        partitions.filter(|of| of["here"] == part).count()
    };
    print(&format!(
        "this node owns {}, stands by for {}, catches up with {} and doesn't follow {}",
        here("owns"),
        here("stands_by"),
        here("catches_up"),
        here("not_followed"),
    ))?;
    if let Some(trouble) = view["trouble"].as_str() {
        print(&format!("this may be old: {trouble}"))?;
    }
    Ok(0)
}

/// Reads the configuration that was named, or must have been.
pub(super) fn read(file: Option<&Path>) -> Result<Config, Failure> {
    let file = file.ok_or_else(|| {
        Failure::usage("which configuration? --config FILE or $LEDGERLINE_CONFIG names it")
    })?;
    Config::read(file)
}

pub(super) async fn config(
    file: Option<&Path>,
    action: ConfigAction,
    as_json: bool,
) -> Result<u8, Failure> {
    let config = read(file)?;
    match action {
        ConfigAction::Check => check(&config, as_json).await,
        ConfigAction::Adopt => {
            let changes = cluster::adopt(&config).await?;
            if as_json {
                print_json(&json!({ "changes": changes }))?;
            } else if changes.is_empty() {
                print("Nothing differs; nothing was changed.")?;
            } else {
                print(&changes.join("\n"))?;
            }
            Ok(0)
        }
    }
}

async fn check(config: &Config, as_json: bool) -> Result<u8, Failure> {
    let mut checks = vec![json!({
        "good": true,
        "what": format!("{} is sound; the node is {}", config.file.display(), config.name),
    })];
    checks.extend(cluster::check(config).await?);
    let well = checks.iter().all(|check| check["good"] == true);
    super::doctor::show(&checks, as_json)?;
    Ok(u8::from(!well))
}

pub(super) async fn topics(
    file: Option<&Path>,
    action: TopicsAction,
    as_json: bool,
) -> Result<u8, Failure> {
    let config = read(file)?;
    match action {
        TopicsAction::Create => {
            let made = cluster::create_topics(&config).await?;
            if as_json {
                print_json(&json!({ "made": made }))?;
            } else if made.is_empty() {
                print("All topics are there; none was made.")?;
            } else {
                print(&format!("made: {}", made.join(", ")))?;
            }
            Ok(0)
        }
        TopicsAction::Describe => {
            let topics = cluster::describe_topics(&config).await?;
            if as_json {
                print_json(&json!({ "topics": topics }))?;
            } else {
                print(&described(&topics))?;
            }
            let sound = |topic: &Value| topic["findings"].as_array().is_none_or(Vec::is_empty);
            Ok(u8::from(!topics.iter().all(sound)))
        }
    }
}

fn described(topics: &[Value]) -> String {
    let head = ["topic", "partitions", "records", "copies", "written to", "kept for"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut findings = Vec::new();
    for topic in topics {
        let number = |name: &str| thousands(topic[name].as_i64().unwrap_or_default());
        let name = topic["topic"].as_str().unwrap_or_default();
        let kept = topic["retention_ms"].as_u64();
        let kept = kept.map_or("ever".to_owned(), |ms| format!("{} days", ms / 86_400_000));
        rows.push(vec![
            name.to_owned(),
            number("partitions"),
            number("records"),
            number("copies"),
            number("in_sync_min"),
            kept,
        ]);
        for finding in topic["findings"].as_array().into_iter().flatten() {
            findings.push(format!("{name}: {}", finding.as_str().unwrap_or_default()));
        }
    }
    let mut text = table(&rows);
    for finding in findings {
        text.push('\n');
        text.push_str(&finding);
    }
    text
}

pub(super) async fn schema(
    file: Option<&Path>,
    SchemaAction::Upgrade: SchemaAction,
    as_json: bool,
) -> Result<u8, Failure> {
    let (from, to) = cluster::upgrade(&read(file)?).await?;
    if as_json {
        print_json(&json!({ "from": from, "to": to }))?;
    } else if from == to {
        print(&format!("The tables have form {to} already."))?;
    } else if from == 0 {
        print(&format!("The tables were made, in form {to}."))?;
    } else {
        print(&format!("The tables were brought from form {from} to form {to}."))?;
    }
    Ok(0)
}
