//! `ingest` and `identify`: files of music become renditions, and clips are recognised.

use axum::http::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

use super::encoded;
use crate::cli::ingest::IngestAction;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress;
use crate::session::Session;

pub(super) async fn run(data: &Path, action: IngestAction, as_json: bool) -> Result<u8, Failure> {
    // Everything is looked at before anything is changed.
    if let IngestAction::Add { files, track } = &action {
        if track.is_some() && files.len() > 1 {
            return Err(Failure::usage("--track names the track of one file"));
        }
        for file in files {
            std::fs::metadata(file).map_err(|error| Failure::io(file, &error))?;
        }
    }
    let session = match action {
        IngestAction::Add { .. } => Session::begin(data).await?,
        _ => Session::begin_reading(data).await?,
    };
    let done = match action {
        IngestAction::Add { files, track } => {
            add(&session, &files, track.as_deref(), as_json).await
        }
        IngestAction::Run => work(&session, as_json).await,
        IngestAction::Status { state, limit } => {
            status(&session, state.as_deref(), limit, as_json).await
        }
        IngestAction::Retry { jobs } => retry(&session, jobs, as_json).await,
        IngestAction::Verify { repair } => verify(&session, repair, as_json).await,
    };
    session.end().await?;
    done
}

fn extension(file: &Path) -> String {
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    extension.chars().filter(char::is_ascii_alphanumeric).take(8).collect()
}

async fn add(
    session: &Session,
    files: &[PathBuf],
    track: Option<&str>,
    as_json: bool,
) -> Result<u8, Failure> {
    let mut jobs = Vec::new();
    for file in files {
        let bytes = std::fs::read(file).map_err(|error| Failure::io(file, &error))?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let track_id = track.unwrap_or(&stem);
        let path = format!(
            "/control/v1/ingest/files?track_id={}&extension={}",
            encoded(track_id),
            encoded(&extension(file))
        );
        let answer = session.call(Method::POST, &path, "application/octet-stream", bytes).await?;
        let job: Value =
            serde_json::from_slice(&answer).map_err(|error| Failure::from_error(&error))?;
        if !as_json {
            print(&format!("{}: job {} for the track {track_id}", file.display(), job["job"]))?;
        }
        jobs.push(job);
    }
    if as_json {
        print_json(&json!({ "jobs": jobs }))?;
    }
    Ok(0)
}

/// One job at a time, however it ends: what fails is listed, and the rest goes on.
async fn work(session: &Session, as_json: bool) -> Result<u8, Failure> {
    let bar = progress::count("files");
    let mut outcomes = Vec::new();
    loop {
        let outcome = session.post("/control/v1/ingest/work", &json!({})).await?;
        if outcome["outcome"] == "nothing" {
            break;
        }
        bar.inc(1);
        outcomes.push(outcome);
    }
    bar.finish_and_clear();
    let count = |word: &str| outcomes.iter().filter(|it| it["outcome"] == word).count();
    let (done, later, failed) = (count("done"), count("later"), count("failed"));
    if as_json {
        print_json(
            &json!({ "done": done, "later": later, "failed": failed, "outcomes": outcomes }),
        )?;
    } else {
        for outcome in outcomes.iter().filter(|it| it["detail"].is_string()) {
            let detail = outcome["detail"].as_str().unwrap_or_default();
            let said = match outcome["outcome"].as_str() {
                Some("done") => format!("the same recording as {detail}"),
                _ => detail.to_owned(),
            };
            print(&format!("job {}: {said}", outcome["job"]))?;
        }
        print(&format!("{done} files encoded, {failed} given up, {later} to be tried again"))?;
    }
    Ok(u8::from(failed + later > 0))
}

async fn status(
    session: &Session,
    state: Option<&str>,
    limit: u32,
    as_json: bool,
) -> Result<u8, Failure> {
    let state = state.map(|state| format!("&state={}", encoded(state))).unwrap_or_default();
    let found = session.get(&format!("/control/v1/ingest/jobs?limit={limit}{state}")).await?;
    if as_json {
        print_json(&found)?;
        return Ok(0);
    }
    print(&format!(
        "{} queued, {} running, {} done, {} failed",
        found["queued"], found["running"], found["done"], found["failed"]
    ))?;
    for job in found["jobs"].as_array().into_iter().flatten() {
        let reason = job["reason"].as_str().map(|it| format!(": {it}")).unwrap_or_default();
        print(&format!(
            "job {} of {}: {}{reason}",
            job["job"],
            job["track_id"].as_str().unwrap_or_default(),
            job["state"].as_str().unwrap_or_default()
        ))?;
    }
    Ok(0)
}

async fn retry(session: &Session, jobs: Vec<u64>, as_json: bool) -> Result<u8, Failure> {
    let jobs = if jobs.is_empty() {
        let found = session.get("/control/v1/ingest/jobs?state=failed&limit=1000").await?;
        let listed = found["jobs"].as_array().cloned().unwrap_or_default();
        listed.iter().filter_map(|job| job["job"].as_u64()).collect()
    } else {
        jobs
    };
    for job in &jobs {
        session.post(&format!("/control/v1/ingest/jobs/{job}/retry"), &json!({})).await?;
    }
    if as_json {
        print_json(&json!({ "queued": jobs }))?;
    } else {
        print(&format!("{} jobs queued again", jobs.len()))?;
    }
    Ok(0)
}

async fn verify(session: &Session, repair: bool, as_json: bool) -> Result<u8, Failure> {
    let path = format!("/control/v1/ingest/verify?repair={repair}");
    let found = session.post(&path, &json!({})).await?;
    let sound = found["sound"].as_bool().unwrap_or_default();
    if as_json {
        print_json(&found)?;
        return Ok(u8::from(!sound));
    }
    for damage in found["damages"].as_array().into_iter().flatten() {
        let word = if damage["repaired"] == true { ", and was made again" } else { "" };
        print(&format!(
            "{} of {}: {} is {}{word}",
            damage["rung"].as_str().unwrap_or_default(),
            damage["track_id"].as_str().unwrap_or_default(),
            damage["blob"].as_str().unwrap_or_default(),
            damage["what"].as_str().unwrap_or_default()
        ))?;
    }
    let word = if sound { "sound" } else { "damaged: --repair makes renditions again" };
    print(&format!("{} tracks in {} pieces, {word}", found["tracks"], found["pieces"]))?;
    Ok(u8::from(!sound))
}

pub(super) async fn identify(data: &Path, file: &Path, as_json: bool) -> Result<u8, Failure> {
    let clip = std::fs::read(file).map_err(|error| Failure::io(file, &error))?;
    let session = Session::begin_reading(data).await?;
    let path = format!("/control/v1/identify?extension={}", encoded(&extension(file)));
    let answer = session.call(Method::POST, &path, "application/octet-stream", clip).await;
    session.end().await?;
    let found: Value =
        serde_json::from_slice(&answer?).map_err(|error| Failure::from_error(&error))?;
    let known = found["track_id"].as_str();
    if as_json {
        print_json(&found)?;
    } else if let Some(track_id) = known {
        let at_s = found["at_ms"].as_i64().unwrap_or_default() / 1_000;
        print(&format!("{track_id}, from {at_s} s on ({} landmarks agree)", found["votes"]))?;
    } else {
        print("no track that is known here")?;
    }
    Ok(u8::from(known.is_none()))
}
