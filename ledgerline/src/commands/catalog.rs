//! `catalog`: tracks and lists of bot devices.

use ledgerline_ids::{DeviceId, TrackId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use crate::cli::{CatalogAction, DevicesAction};
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress;
use crate::session::Session;

/// How many tracks are sent at once.
const TRACKS_PER_CALL: usize = 50_000;
/// A recording lasts at most a week.
const DURATION_MS_MAX: u64 = 7 * 86_400_000;

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

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        return read.map(|_| bytes).map_err(|error| Failure::from_error(&error));
    }
    std::fs::read(file).map_err(|error| Failure::io(file, &error))
}

/// Reads the tracks; every row that isn't one is named.
fn read_tracks(file: &Path) -> Result<Vec<Value>, Failure> {
    let bytes = read(file)?;
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(&bytes[..]);
    let headers = reader.headers().map_err(|error| Failure::from_error(&error))?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let Some(track_id) = column("track_id") else {
        return Err(Failure::failed(format!(
            "{}: the first line must name the columns, track_id among them (also duration_ms, title, artists, isrc)",
            file.display()
        )));
    };
    let [duration, title, artists, isrc] = ["duration_ms", "title", "artists", "isrc"].map(column);
    let mut tracks = Vec::new();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for record in reader.records() {
        let record = record.map_err(|error| Failure::from_error(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: Option<usize>| column.and_then(|at| record.get(at)).unwrap_or("");
        match track(cell(Some(track_id)), cell(duration), cell(title), cell(artists), cell(isrc)) {
            Ok(_) if !seen.insert(cell(Some(track_id)).to_owned()) => {
                wrong.push(format!("line {line}: the track stands in the file twice"));
            }
            Ok(track) => tracks.push(track),
            Err(why) => wrong.push(format!("line {line}: {why}")),
        }
    }
    if wrong.is_empty() {
        return Ok(tracks);
    }
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n  ");
    Err(Failure::failed(format!(
        "{}: {} of {} rows are not valid; nothing was imported\n  {shown}",
        file.display(),
        wrong.len(),
        wrong.len() + tracks.len(),
    )))
}

fn track(
    track_id: &str,
    duration: &str,
    title: &str,
    artists: &str,
    isrc: &str,
) -> Result<Value, String> {
    TrackId::new(track_id).map_err(|error| format!("track_id {error}"))?;
    let duration_ms = match duration {
        "" => None,
        digits => match digits.parse::<u64>() {
            Ok(millis) if (1..=DURATION_MS_MAX).contains(&millis) => Some(millis),
            _ => return Err(format!("duration_ms must be 1 to {DURATION_MS_MAX}, or empty")),
        },
    };
    let isrc = match isrc {
        "" => None,
        code => Some(isrc_of(code).ok_or_else(|| {
            format!("{code:?} is no ISRC: two letters, three letters or digits, seven digits")
        })?),
    };
    let artists: Vec<&str> =
        artists.split(';').map(str::trim).filter(|artist| !artist.is_empty()).collect();
    Ok(json!({
        "track_id": track_id,
        "duration_ms": duration_ms,
        "title": title,
        "artists": artists,
        "isrc": isrc,
    }))
}

/// An ISRC without hyphens and in upper case (ISO 3901).
fn isrc_of(code: &str) -> Option<String> {
    let plain: String = code.chars().filter(|c| *c != '-').collect::<String>().to_uppercase();
    let bytes = plain.as_bytes();
    let valid = bytes.len() == 12
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..5].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && bytes[5..].iter().all(u8::is_ascii_digit);
    valid.then_some(plain)
}

fn read_devices(file: &Path) -> Result<Vec<String>, Failure> {
    let bytes = read(file)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
    let mut devices = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let device = line.trim();
        if device.is_empty() || device.starts_with('#') {
            continue;
        }
        DeviceId::new(device).map_err(|error| {
            Failure::failed(format!("{}: line {}: a device id {error}", file.display(), number + 1))
        })?;
        devices.push(device.to_owned());
    }
    Ok(devices)
}
