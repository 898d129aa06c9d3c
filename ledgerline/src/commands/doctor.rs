//! `doctor`: whether everything is in order, and what to do where it isn't.

use serde_json::{Value, json};
use std::path::Path;

use super::audit;
use crate::cluster;
use crate::data_folder::{DataFolder, Held, must_exist};
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::session::Session;

pub(super) async fn run(data: &Path, rebuild: bool, as_json: bool) -> Result<u8, Failure> {
    must_exist(data)?;
    if rebuild {
        remove_derived(data).await?;
    }
    let mut checks = Vec::new();
    if let Some(config) = cluster::of(data)? {
        checks.push(match cluster::check_accord(&config).await {
            Ok(check) => check,
            Err(failure) => bad(&failure.to_string(), "run ledgerline config check"),
        });
    }
    let begun = check_server(data, &mut checks).await;
    if begun {
        match audit::audit(data, None).await {
            Ok(audit) if audit.balanced() => checks.push(good("the recount balances")),
            Ok(_) => checks.push(bad("the recount differs", "run ledgerline audit to see where")),
            Err(failure) => checks.push(bad(&failure.to_string(), WAY_OUT)),
        }
    }
    let well = checks.iter().all(|check| check["good"] == true);
    show(&checks, as_json)?;
    Ok(u8::from(!well))
}

/// Prints what was looked at.
pub(super) fn show(checks: &[Value], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let well = checks.iter().all(|check| check["good"] == true);
        return print_json(&json!({ "good": well, "checks": checks }));
    }
    for check in checks {
        let mark = if check["good"] == true { "ok " } else { "NO " };
        print(&format!("{mark} {}", check["what"].as_str().unwrap_or_default()))?;
        if let Some(todo) = check["todo"].as_str() {
            print(&format!("    {todo}"))?;
        }
    }
    Ok(())
}

const WAY_OUT: &str = "if it is in plays/ or index/: ledgerline doctor --rebuild; if it is in \
                       reports/ or state.db: restore that file from a backup";

const STANDBYS: &str = "counting goes on; where nodes have just come or gone, wait; else ledgerline nodes, on \
                        each of them, says which one catches up, and its log why it takes so long";
const OTHERS: &str =
    "counting goes on; ledgerline config check says whether the store of blobs answers";

async fn check_server(data: &Path, checks: &mut Vec<Value>) -> bool {
    let session = match Session::begin(data).await {
        Ok(session) => session,
        Err(failure) => {
            checks.push(bad(&failure.to_string(), WAY_OUT));
            return false;
        }
    };
    checks.push(good(match session {
        Session::Own { .. } => "no server runs on this folder; its files can be opened",
        Session::Server { .. } => "a server runs on this folder and answers",
    }));
    match session.get("/readyz").await {
        Ok(health) => {
            checks.push(good("everything that was accepted is being counted"));
            let notes = health["notes"].as_array().into_iter().flatten();
            checks.extend(notes.filter_map(Value::as_str).map(good));
        }
        Err(failure) => checks.push(bad(&failure.to_string(), "look at the server's log")),
    }
    match session.get("/api/v1/conservation").await {
        Ok(law) if law["holds"] == true => checks.push(good("the conservation law holds")),
        Ok(_) => checks.push(bad("the conservation law is broken", "run ledgerline audit")),
        Err(failure) => checks.push(bad(&failure.to_string(), "look at the server's log")),
    }
    // Nodes that encode nothing have no such path.
    if let Ok(jobs) = session.get("/control/v1/ingest/jobs?limit=1").await {
        checks.push(encoded(&jobs));
    }
    match session.get("/control/v1/ownership").await {
        // Where no server runs here, this command itself is about to own some.
        Ok(view) if view.is_null() || matches!(session, Session::Own { .. }) => {}
        Ok(view) => {
            checks.push(owned(&view));
            for (of, todo) in [("standby_warnings", STANDBYS), ("warnings", OTHERS)] {
                let warnings = view[of].as_array().into_iter().flatten();
                checks.extend(warnings.filter_map(Value::as_str).map(|warning| bad(warning, todo)));
            }
        }
        Err(failure) => checks.push(bad(&failure.to_string(), "look at the server's log")),
    }
    if let Err(failure) = session.end().await {
        checks.push(bad(&failure.to_string(), WAY_OUT));
        return false;
    }
    true
}

/// How files of music fare. One that is broken is its owner's business, and nothing that is out of order here.
fn encoded(jobs: &Value) -> Value {
    let count = |state: &str| jobs[state].as_u64().unwrap_or_default();
    let (waiting, failed) = (count("queued") + count("running"), count("failed"));
    let what = format!("{} files of music are encoded, {waiting} wait", count("done"));
    if failed == 0 {
        return good(&what);
    }
    json!({
        "good": true,
        "what": format!("{what}, {failed} were given up"),
        "todo": "ledgerline ingest status --state failed says why; ledgerline ingest retry tries them again",
    })
}

/// Whether every partition has an owner, as this node sees it.
fn owned(view: &Value) -> Value {
    let partitions = view["partitions"].as_array().map_or(&[][..], Vec::as_slice);
    let nodes = view["nodes"].as_array().map_or(0, Vec::len);
    let free = |of: &&Value| of["owner"].is_null();
    let free: Vec<&str> =
        partitions.iter().filter(free).filter_map(|of| of["partition"].as_str()).collect();
    if free.is_empty() {
        return good(&format!("{nodes} nodes are there, and all partitions are owned"));
    }
    let what = format!("nobody owns {}", free.join(", "));
    bad(&what, "start a node with the role count, or wait some seconds where one has just gone")
}

async fn remove_derived(data: &Path) -> Result<(), Failure> {
    match DataFolder::hold(data)? {
        Held::Ours(folder) => folder.remove_derived().await,
        Held::Other(_) => Err(Failure::failed("stop the server first: it has this data folder")),
    }
}

fn good(what: &str) -> Value {
    json!({ "good": true, "what": what })
}

fn bad(what: &str, todo: &str) -> Value {
    json!({ "good": false, "what": what, "todo": todo })
}
