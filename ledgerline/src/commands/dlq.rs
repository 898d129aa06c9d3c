//! `dlq`: records that nobody could read.

use serde_json::{Value, json};
use std::path::Path;

use crate::cli::dlq::DlqAction;
use crate::cluster;
use crate::failure::Failure;
use crate::output::{print, print_json, table};

pub(super) async fn run(
    file: Option<&Path>,
    action: DlqAction,
    as_json: bool,
) -> Result<u8, Failure> {
    let config = super::nodes::read(file)?;
    match action {
        DlqAction::List { partition, limit } => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let (letters, more) = cluster::list_letters(&config, partition, limit).await?;
            if as_json {
                print_json(&json!({ "letters": letters, "more": more }))?;
            } else {
                print(&listed(&letters, more))?;
            }
            Ok(0)
        }
        DlqAction::Show { place } => {
            let letter = cluster::show_letter(&config, &place).await?;
            if as_json {
                print_json(&letter)?
            } else {
                print(&shown(&letter))?
            }
            Ok(0)
        }
        DlqAction::Redrive { places, all: _ } => {
            let done = cluster::redrive_letters(&config, &places).await?;
            if as_json {
                print_json(&json!({ "letters": done }))?;
            } else if done.is_empty() {
                print("There is no dead letter that wasn't sent back.")?;
            } else {
                print(&done.iter().map(outcome).collect::<Vec<_>>().join("\n"))?;
            }
            Ok(u8::from(done.iter().any(|letter| letter["sent"] != true)))
        }
    }
}

fn text(letter: &Value, name: &str) -> String {
    letter[name].as_str().unwrap_or_default().to_owned()
}

fn state(letter: &Value) -> &'static str {
    match (letter["redriven"] == true, letter["readable"] == true) {
        (true, _) => "sent back",
        (false, true) => "can be read by now",
        (false, false) => "can't be read",
    }
}

fn listed(letters: &[Value], more: bool) -> String {
    if letters.is_empty() {
        return "There are no dead letters.".to_owned();
    }
    let head = ["stood at", "received", "bytes", "state", "why"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for letter in letters {
        rows.push(vec![
            text(letter, "place"),
            text(letter, "received_at"),
            letter["bytes"].to_string(),
            state(letter).to_owned(),
            text(letter, "why"),
        ]);
    }
    let more = if more { "\nThere are more: --limit, --partition." } else { "" };
    format!("{}{more}", table(&rows))
}

fn shown(letter: &Value) -> String {
    let reads = letter["reads"].as_str().unwrap_or("nothing that this program can read");
    format!(
        "stood at  {}\nreceived  {}\nstate     {}\nwhy       {}\nreads     {reads}\nbytes     {}",
        text(letter, "place"),
        text(letter, "received_at"),
        state(letter),
        text(letter, "why"),
        text(letter, "hex"),
    )
}

fn outcome(letter: &Value) -> String {
    let place = text(letter, "place");
    match letter["why"].as_str() {
        None => format!("{place}: sent back"),
        Some(why) => format!("{place}: not sent back: {why}"),
    }
}
