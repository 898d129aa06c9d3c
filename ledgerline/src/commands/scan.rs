//! `catalog scan` and `catalog unlicensed`: the music folder, and what money doesn't know of it.

use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

use super::serve::Signals;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress;
use crate::session::Session;

/// How often is asked how far a scan is.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// How often a folder that is watched is looked through.
const WATCH_EVERY: Duration = Duration::from_secs(10);
/// So many skipped files are printed.
const SKIPPED_PRINTED_MAX: usize = 50;
const SCAN: &str = "/api/v1/catalog/scan";

pub(super) async fn run(
    data: &Path,
    folder: &Path,
    watch: bool,
    as_json: bool,
) -> Result<u8, Failure> {
    // The server that has the data folder may stand in another one.
    let folder = std::fs::canonicalize(folder).map_err(|error| Failure::io(folder, &error))?;
    let session = Session::begin(data).await?;
    let scanned = if watch {
        scan_until_interrupted(&session, &folder, as_json).await
    } else {
        scan(&session, &folder, as_json).await
    };
    session.end().await?;
    scanned
}

async fn scan_until_interrupted(
    session: &Session,
    folder: &Path,
    as_json: bool,
) -> Result<u8, Failure> {
    let mut signals = Signals::listen()?;
    loop {
        let code = scan(session, folder, as_json).await?;
        tokio::select! {
            () = signals.wait() => return Ok(code),
            () = tokio::time::sleep(WATCH_EVERY) => {}
        }
    }
}

async fn scan(session: &Session, folder: &Path, as_json: bool) -> Result<u8, Failure> {
    let begun = session.post("/control/v1/music/scan", &json!({ "folder": folder })).await?;
    let bar = progress::count("files");
    let done = loop {
        let seen = session.get(SCAN).await?;
        if seen["number"] != begun["number"] || seen["state"] != "running" {
            break seen;
        }
        bar.set_length(seen["walked"].as_u64().unwrap_or_default());
        let dealt_with = ["files", "skipped"].map(|field| seen[field].as_u64().unwrap_or_default());
        bar.set_position(dealt_with.iter().sum());
        tokio::time::sleep(ASK_EVERY).await;
    };
    bar.finish_and_clear();
    if as_json {
        print_json(&done)?;
    } else {
        tell(&done)?;
    }
    Ok(u8::from(done["state"] == "failed"))
}

fn tell(done: &Value) -> Result<(), Failure> {
    if let Some(why) = done["failed"].as_str() {
        return print(why);
    }
    let of = |field: &str| done[field].as_u64().unwrap_or_default();
    print(&format!(
        "{} files: {} added, {} changed, {} moved, {} back again, {} as they were; {} are missing, {} were skipped",
        of("files"),
        of("added"),
        of("changed"),
        of("moved"),
        of("returned"),
        of("unchanged"),
        of("missing"),
        of("skipped"),
    ))?;
    let skipped = done["skipped_files"].as_array().map_or(&[][..], Vec::as_slice);
    for file in skipped.iter().take(SKIPPED_PRINTED_MAX) {
        let text = |field: &str| file[field].as_str().unwrap_or_default();
        print(&format!("  {}: {}", text("path"), text("reason")))?;
    }
    if of("skipped") > SKIPPED_PRINTED_MAX as u64 {
        print("  … --json names up to a thousand")?;
    }
    Ok(())
}

pub(super) async fn unlicensed(data: &Path, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let listed = list_unlicensed(&session, as_json).await;
    session.end().await?;
    listed.map(|()| 0)
}

async fn list_unlicensed(session: &Session, as_json: bool) -> Result<(), Failure> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/catalog/unlicensed?limit=200&after={after}");
        let mut page = session.get(&path).await?;
        let Value::Array(mut items) = page["items"].take() else { break };
        if as_json {
            found.append(&mut items);
        } else {
            for track in items {
                let text = |field: &str| track[field].as_str().unwrap_or("-").to_owned();
                let artists = track["artists"].as_array().map_or(&[][..], Vec::as_slice);
                let names: Vec<&str> =
                    artists.iter().filter_map(|artist| artist["name"].as_str()).collect();
                print(&format!(
                    "{}  {}  {} – {}  ({})",
                    text("id"),
                    text("isrc"),
                    names.join(", "),
                    text("title"),
                    text("label"),
                ))?;
            }
        }
        match page["next"].as_str() {
            Some(next) => {
                after = percent(next);
            }
            None => break,
        }
    }
    if as_json { print_json(&json!({ "items": found })) } else { Ok(()) }
}

/// An id as it stands in a query.
fn percent(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    id.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
