//! `explain terms`: which term decides about a recording, why the others don't, who is paid.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

use super::encoded;
use crate::cli::terms::ExplainTermsArgs;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::session::Session;

pub(super) async fn run(data: &Path, args: ExplainTermsArgs, as_json: bool) -> Result<u8, Failure> {
    let mut path = format!(
        "/api/v1/royalty/terms/explain?track={}&use={}&right={}",
        encoded(&args.track),
        encoded(&args.usage_use),
        encoded(&args.right)
    );
    let named = [
        ("territory", args.territory),
        ("tier", args.tier),
        ("date", args.date.map(|day| day.to_string())),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            write!(path, "&{name}={}", encoded(&value)).expect("a text takes everything");
        }
    }
    let session = Session::begin_reading(data).await?;
    let answer = session.get(&path).await;
    session.end().await?;
    let answer = answer?;
    if as_json {
        print_json(&answer)?
    } else {
        print(&explanation(&answer))?
    }
    let parts = answer["parts"].as_array();
    let gap = parts.is_none_or(|parts| parts.iter().any(|part| part["won"].is_null()));
    Ok(u8::from(gap))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn term(term: &Value) -> String {
    let names = match text(&term["names"]) {
        names if names.is_empty() => "nothing in particular".to_owned(),
        names => names,
    };
    let (name, signed, from) = (text(&term["term"]), text(&term["signed_on"]), text(&term["from"]));
    format!("{name} (signed {signed}, from {from}, names {names})")
}

fn explanation(answer: &Value) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!(
        "The {} right of {} on {}, heard in {} with {} ({})",
        text(&answer["right"]),
        text(&answer["track"]),
        text(&answer["date"]),
        answer["territory"].as_str().unwrap_or("an unknown country"),
        answer["tier"].as_str().unwrap_or("an unknown plan"),
        text(&answer["use"])
    ));
    for part in answer["parts"].as_array().into_iter().flatten() {
        line(String::new());
        line(format!("{} holds {}", text(&part["holder"]), text(&part["share"])));
        match &part["won"] {
            Value::Null => {
                line("  no licence is about this: a close refuses such plays".to_owned())
            }
            won => line(format!("  decided by {}", term(won))),
        }
        for lost in part["lost"].as_array().into_iter().flatten() {
            line(format!("  not by {}: it {}", term(lost), text(&lost["why"])));
        }
        let shown = part["lost"].as_array().map_or(0, Vec::len) as u64;
        let more = part["lost_total"].as_u64().unwrap_or_default() - shown;
        if more > 0 {
            line(format!("  nor by {more} more"));
        }
        if let Some(error) = part["error"].as_str() {
            line(format!("  {error}"));
        }
        for leaf in part["leaves"].as_array().into_iter().flatten() {
            let way = match text(&leaf["passed"]) {
                way if way.is_empty() => "kept".to_owned(),
                way => format!("by {way}"),
            };
            line(format!("  {} of it to {}, {way}", text(&leaf["share"]), text(&leaf["payee"])));
        }
    }
    out.trim_end().to_owned()
}
