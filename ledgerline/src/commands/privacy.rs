//! `privacy`: what is held on a person, and erasing a person.

use axum::http::Method;
use ledgerline_ids::{SourceName, UserId};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

use super::encoded;
use crate::backup::write_durably;
use crate::cli::privacy::PrivacyAction;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::session::Session;

pub(super) async fn run(data: &Path, action: PrivacyAction, as_json: bool) -> Result<u8, Failure> {
    check(&action)?;
    let session = Session::begin_reading(data).await?;
    let done = act(&session, action, as_json).await;
    session.end().await?;
    done
}

fn check(action: &PrivacyAction) -> Result<(), Failure> {
    let (user, source) = match action {
        PrivacyAction::Export { user, source, .. } | PrivacyAction::Erase { user, source } => {
            (user, source)
        }
        PrivacyAction::Erasures { .. } => return Ok(()),
    };
    UserId::new(user)
        .map_err(|error| Failure::usage(format!("the user is not valid: it {error}")))?;
    if let Some(source) = source {
        SourceName::new(source)
            .map_err(|error| Failure::usage(format!("the source is not valid: it {error}")))?;
    }
    Ok(())
}

async fn act(session: &Session, action: PrivacyAction, as_json: bool) -> Result<u8, Failure> {
    match action {
        PrivacyAction::Export { user, source, out } => {
            let path = path_of(&user, "export", source.as_deref());
            let body = session.call(Method::GET, &path, "", Vec::new()).await?;
            let held: Value =
                serde_json::from_slice(&body).map_err(|error| Failure::from_error(&error))?;
            let text = serde_json::to_string_pretty(&held).expect("a value is JSON");
            write_out(out.as_deref(), &text)?;
            if held["complete"] == false {
                eprintln!("that is not all: name one --source at a time");
                return Ok(1);
            }
            Ok(0)
        }
        PrivacyAction::Erase { user, source } => {
            let path = path_of(&user, "erase", source.as_deref());
            let erased = session.post(&path, &json!({})).await?;
            if as_json {
                print_json(&erased)?;
            } else {
                print(&told(&erased))?;
            }
            let remaining = erased["remaining"].as_array().is_some_and(|list| !list.is_empty());
            Ok(u8::from(remaining))
        }
        PrivacyAction::Erasures { out } => {
            let path = "/control/v1/privacy/erasures";
            let body = session.call(Method::GET, path, "", Vec::new()).await?;
            let text = String::from_utf8_lossy(&body);
            write_out(out.as_deref(), text.trim_end_matches('\n'))?;
            Ok(0)
        }
    }
}

fn path_of(user: &str, what: &str, source: Option<&str>) -> String {
    let source = source.map(|source| format!("?source={}", encoded(source))).unwrap_or_default();
    format!("/api/v1/privacy/{}/{what}{source}", encoded(user))
}

fn write_out(out: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(out) = out else { return print(text) };
    // What is held on a person is for its owner alone.
    let mut draft = out.as_os_str().to_owned();
    draft.push(".draft");
    let draft = Path::new(&draft);
    write_durably(draft, format!("{text}\n").as_bytes())
        .and_then(|()| fs::rename(draft, out))
        .map_err(|error| Failure::io(out, &error))
}

/// What an erasure did and could not do, for a person.
fn told(erased: &Value) -> String {
    let mut lines = Vec::new();
    let list = |of: &str| erased[of].as_array().cloned().unwrap_or_default();
    let sources: Vec<_> = list("erased");
    if sources.is_empty() {
        lines.push("nothing was tied to this user; nothing was erased now".to_owned());
    }
    for source in sources {
        let source = source.as_str().unwrap_or_default().to_owned();
        lines.push(format!(
            "erased in {source}: nothing says any more whose these plays were; they count as before"
        ));
    }
    if let Some(until) = erased["late_reports_refused_until"].as_str() {
        lines.push(format!(
            "late reports of these plays are refused until {until}; later plays are a new listener's"
        ));
    }
    for remaining in list("remaining") {
        lines.push(format!(
            "{}: {} plays remain under the name itself. This source is not pseudonymised, its \
             reports carry the user, and logs never change; give it a key of a new source with \
             --pseudonymise",
            remaining["source"].as_str().unwrap_or_default(),
            remaining["plays"],
        ));
    }
    lines.push(
        "backups that are older still have the tie; restoring one replays this erasure".to_owned(),
    );
    lines.join("\n")
}
