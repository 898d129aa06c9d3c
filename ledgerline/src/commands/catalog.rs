//! `catalog`: tracks and lists of bot devices.

use ledgerline_app::ports::CatalogueTrack;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;

use crate::cli::{CatalogAction, DevicesAction};
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress;
use crate::session::Session;

/// How many tracks are sent at once.
const TRACKS_PER_CALL: usize = 50_000;

pub(super) async fn run(data: &Path, action: CatalogAction, as_json: bool) -> Result<u8, Failure> {
    // Everything is read and checked before anything is changed.
    match action {
        CatalogAction::Import { file } => {
            let tracks = read_tracks(&file)?;
            let session = Session::begin(data).await?;
            let done = send_tracks(&session, &tracks, as_json).await;
            session.end().await?;
            done?;
        }
        CatalogAction::Scan { folder, watch } => {
            return super::scan::run(data, &folder, watch, as_json).await;
        }
        CatalogAction::Unlicensed => return super::scan::unlicensed(data, as_json).await,
        CatalogAction::Rights { action } => return super::rights::run(data, action, as_json).await,
        CatalogAction::Devices { action } => {
            let (file, listed) = match action {
                DevicesAction::Add { file } => (file, true),
                DevicesAction::Remove { file } => (file, false),
            };
            let devices = read_devices(&file)?;
            let session = Session::begin(data).await?;
            let body = json!({ "devices": devices, "listed": listed });
            let done = session.post("/control/v1/catalogue/devices", &body).await;
            session.end().await?;
            let done = done?;
            if as_json {
                print_json(&done)?;
            } else {
                let word = if listed { "put on" } else { "taken off" };
                print(&format!(
                    "{} devices {word} the list, of {} in the file",
                    done["changed"],
                    devices.len()
                ))?;
            }
        }
    }
    Ok(0)
}

async fn send_tracks(session: &Session, tracks: &[Value], as_json: bool) -> Result<(), Failure> {
    let bar = progress::count("tracks");
    let mut sums = [0u64; 3];
    let mut revision = Value::Null;
    for chunk in tracks.chunks(TRACKS_PER_CALL) {
        let done = session.post("/control/v1/catalogue/tracks", &json!(chunk)).await?;
        for (sum, field) in sums.iter_mut().zip(["added", "changed", "unchanged"]) {
            *sum += done[field].as_u64().unwrap_or_default();
        }
        revision = done["revision"].clone();
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    let [added, changed, unchanged] = sums;
    if as_json {
        return print_json(&json!({
            "revision": revision, "added": added, "changed": changed, "unchanged": unchanged,
        }));
    }
    print(&format!("{added} tracks added, {changed} changed, {unchanged} as they were"))
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        return read.map(|_| bytes).map_err(|error| Failure::from_error(&error));
    }
    std::fs::read(file).map_err(|error| Failure::io(file, &error))
}

fn read_tracks(file: &Path) -> Result<Vec<Value>, Failure> {
    let tracks = ledgerline_csv_sheets::read_tracks(&read(file)?)
        .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
    Ok(tracks.iter().map(track).collect())
}

fn track(track: &CatalogueTrack) -> Value {
    json!({
        "track_id": track.track_id,
        "duration_ms": track.duration_ms,
        "title": track.title,
        "artists": track.artists,
        "isrc": track.isrc,
    })
}

fn read_devices(file: &Path) -> Result<Vec<String>, Failure> {
    ledgerline_csv_sheets::read_devices(&read(file)?)
        .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))
}
