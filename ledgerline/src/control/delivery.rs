//! What only the operator does with delivery: keys that sign, access logs, and what is fetched ahead.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ledgerline_app::Deployment;
use ledgerline_app::delivery::checking::{CheckError, DAYS_MAX, TooFew};
use ledgerline_app::delivery::keys::{KeyState, RotateError};
use ledgerline_app::delivery::warming::WarmedPlace;
use ledgerline_app::ports::delivery::{ReadLog, SentBytes};
use ledgerline_ids::{DayNo, UnixMs};
use ledgerline_local_disk::SystemRandom;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use super::refused;

/// The most bytes of what one access log comes to.
const LOG_BYTES_MAX: usize = 64 << 20;

pub(super) fn routes() -> Router<Arc<Deployment>> {
    Router::new()
        .route("/control/v1/signing-keys", get(list).post(rotate))
        .route("/control/v1/signing-keys/urls", get(export))
        .route("/control/v1/deliveries/warm", post(warm))
        .route("/control/v1/deliveries/check", post(check))
        .route("/control/v1/deliveries", post(add_log).layer(DefaultBodyLimit::max(LOG_BYTES_MAX)))
}

fn shown(key: &KeyState) -> Value {
    json!({
        "id": key.id.to_string(),
        "made_at": key.made_at.to_string(),
        "signs_from": key.signs_from.to_string(),
        "signs": key.signs,
    })
}

async fn list(State(deployment): State<Arc<Deployment>>) -> Response {
    let keys: Vec<Value> = deployment.delivery().keys().states().iter().map(shown).collect();
    Json(json!({ "keys": keys })).into_response()
}

async fn rotate(State(deployment): State<Arc<Deployment>>) -> Response {
    match deployment.delivery().keys().rotate(&SystemRandom).await {
        Ok(key) => Json(shown(&key)).into_response(),
        Err(error @ RotateError::TooMany) => refused(StatusCode::CONFLICT, &error),
        Err(error @ RotateError::Store(_)) => refused(StatusCode::SERVICE_UNAVAILABLE, &error),
    }
}

/// What nodes at the edge check addresses by. It leads to no grant.
async fn export(State(deployment): State<Arc<Deployment>>) -> Response {
    let ring = deployment.delivery().keys().ring();
    let keys: Vec<Value> = (ring.keys().iter())
        .map(|key| {
            let hex: String = key.url_key().iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "id": key.id().to_string(), "url_key": hex })
        })
        .collect();
    Json(json!({ "keys": keys })).into_response()
}

#[derive(Deserialize)]
struct LogBody {
    /// SHA-256 of the log, 64 hex digits.
    checksum: String,
    name: String,
    from_ms: u64,
    to_ms: u64,
    /// Play, recording, rung, bytes.
    sent: Vec<(String, String, String, u64)>,
}

async fn add_log(State(deployment): State<Arc<Deployment>>, Json(body): Json<LogBody>) -> Response {
    let log = match read_log(&deployment, &body) {
        Ok(log) => log,
        Err(detail) => return refused(StatusCode::BAD_REQUEST, &detail),
    };
    let row = |(play_id, track_id, rung, bytes)| SentBytes { play_id, track_id, rung, bytes };
    let sent: Vec<SentBytes> = body.sent.into_iter().map(row).collect();
    match deployment.delivery().add_sent_bytes(&log, &sent).await {
        Ok(added) => Json(json!({ "added": added, "plays": sent.len() })).into_response(),
        Err(error) => refused(StatusCode::SERVICE_UNAVAILABLE, &error),
    }
}

#[derive(Deserialize)]
struct CheckBody {
    from: Option<String>,
    until: Option<String>,
}

/// Plays that count, held against what was sent for them.
async fn check(State(deployment): State<Arc<Deployment>>, Json(body): Json<CheckBody>) -> Response {
    let tomorrow = DayNo(deployment.now().day().0 + 1);
    let day = |text: Option<String>, or: DayNo| text.map_or(Ok(or), |text| DayNo::parse(&text));
    let days = day(body.until, tomorrow).and_then(|until| {
        let from = DayNo(until.0.saturating_sub(DAYS_MAX));
        Ok((day(body.from, from)?, until))
    });
    let (from, until) = match days {
        Ok(days) => days,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error),
    };
    let checked = match deployment.check_deliveries(from, until).await {
        Ok(checked) => checked,
        Err(error @ (CheckError::TooManyDays { .. } | CheckError::TooManyPlays)) => {
            return refused(StatusCode::BAD_REQUEST, &error);
        }
        Err(error @ CheckError::Read(_)) => {
            return refused(StatusCode::SERVICE_UNAVAILABLE, &error);
        }
    };
    let play = |TooFew { play, sent }: &TooFew| {
        json!({
            "user_id": play.user_id, "play_id": play.play_id, "track_id": play.track_id,
            "started_at": play.started_at.to_string(), "listened_ms": play.listened_ms,
            "threshold_ms": play.threshold_ms, "sent_bytes": sent.bytes, "playable_ms": sent.playable_ms,
        })
    };
    let plays: Vec<Value> = checked.plays.iter().map(play).collect();
    Json(json!({
        "from": from.to_string(), "until": until.to_string(), "counted": checked.counted,
        "covered": checked.covered, "too_few": checked.too_few, "plays": plays,
    }))
    .into_response()
}

/// A round of fetching ahead what is played most.
async fn warm(State(deployment): State<Arc<Deployment>>) -> Response {
    let round = match deployment.warm().await {
        Ok(round) => round,
        Err(error) => return refused(StatusCode::SERVICE_UNAVAILABLE, &error),
    };
    let place = |place: &WarmedPlace| {
        json!({
            "base": place.base, "fetched": place.fetched, "bytes": place.bytes,
            "warm": place.warm, "failed": place.failed, "why": place.why,
        })
    };
    let places: Vec<Value> = round.places.iter().map(place).collect();
    Json(json!({ "tracks": round.tracks, "places": places })).into_response()
}

fn read_log(deployment: &Deployment, body: &LogBody) -> Result<ReadLog, String> {
    let mut checksum = [0; 32];
    if body.checksum.len() != 64 {
        return Err("a checksum has 64 hex digits".to_owned());
    }
    for (at, byte) in checksum.iter_mut().enumerate() {
        let digits = body.checksum.get(2 * at..2 * at + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).map_err(|error| error.to_string())?;
    }
    let instant = |ms| UnixMs::new(ms).map_err(|error| error.to_string());
    Ok(ReadLog {
        checksum,
        name: body.name.clone(),
        from: instant(body.from_ms)?,
        to: instant(body.to_ms)?,
        read_at: deployment.now(),
    })
}
