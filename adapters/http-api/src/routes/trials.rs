//! What a listening history would have paid: for everybody, and nothing is stored.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use ledgerline_app::money::trial::{Deal, TryError};
use ledgerline_app::ports::HistoryError;
use ledgerline_money::{Currency, Fraction, Micros};

use crate::dto::TrialResult;
use crate::guard;
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::request_body::{one_value, read};
use crate::router::Service;

/// The most bytes of a history.
const BYTES_MAX: usize = 64 << 20;
/// When to come again, where others are being served.
const RETRY_AFTER_S: u64 = 3;
/// What a history may be sent as: browsers say what they think a file is.
const TYPES: [&str; 6] = [
    "application/octet-stream",
    "application/zip",
    "application/x-zip-compressed",
    "application/json",
    "application/x-ndjson",
    "text/plain",
];

/// Says what a listening history would have paid to whom, pro-rata and user-centric.
///
/// The body is the file as the service exports it: a zip, or one of the JSON files in it, of at most
/// 64 MiB. It is read and forgotten. Everyone may ask, a few at a time.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/trials",
    operation_id = "tryHistory",
    tag = "royalty",
    params(
        ("fee" = Option<String>, Query, description = "What the listener pays; 9.99 if absent", pattern = r"^[0-9]{1,6}(\.[0-9]{1,2})?$", nullable = false),
        ("pool" = Option<String>, Query, description = "Which part of it goes to artists, as `70%`, `70` or `2/3`; 70% if absent", max_length = 32, nullable = false),
        ("currency" = Option<String>, Query, description = "EUR if absent", pattern = "^[A-Z]{3}$", nullable = false),
        ("name" = Option<String>, Query, description = "What the file is called; the format is known by it", min_length = 1, max_length = 128, nullable = false),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file"),
    responses((status = 200, description = "What it would have paid", body = TrialResult))
)]
pub(crate) async fn run(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<TrialResult>, Problem> {
    let Some(reader) = service.outside.histories.clone() else { return Err(guard::nothing_here()) };
    let (head, body) = request.into_parts();
    let query = Query::parse(head.uri.query(), &["fee", "pool", "currency", "name"])?;
    let deal = deal(&query)?;
    let content_type = one_value(&head.headers, &header::CONTENT_TYPE).unwrap_or(TYPES[0]);
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !TYPES.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        let detail = "send the file as application/octet-stream";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail)
            .with_header(header::ACCEPT, HeaderValue::from_static("application/octet-stream")));
    }
    let _turn = service.trials.try_acquire().map_err(|_| {
        let detail = "others are trying their histories; try again shortly";
        Problem::passing(Kind::Overloaded, detail, RETRY_AFTER_S)
    })?;
    let held = read(&service, &head.headers, body, BYTES_MAX).await?;
    let name = match query.get("name") {
        Some(name) => file_name(name)?,
        None if held.bytes.starts_with(b"PK") => "history.zip".to_owned(),
        None => "StreamingHistory0.json".to_owned(),
    };
    let tried = service.deployment.try_history(reader, deal, (name, held.bytes)).await;
    let (tried, left_out) = tried.map_err(refused)?;
    Ok(Json(TrialResult::of(&tried, left_out)))
}

/// The last part alone: whoever names a path means the file.
fn file_name(name: &str) -> Result<String, Problem> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let sound = (1..=128).contains(&last.len())
        && !last.starts_with('.')
        && !last.chars().any(char::is_control);
    let wrong = || Problem::parameter("name", "must be the name of a file, up to 128 bytes");
    if sound { Ok(last.to_owned()) } else { Err(wrong()) }
}

fn deal(query: &Query) -> Result<Deal, Problem> {
    let fee = Micros::parse(query.get("fee").unwrap_or("9.99"));
    let fee = fee.map_err(|error| Problem::parameter("fee", error))?;
    if fee <= Micros::ZERO {
        return Err(Problem::parameter("fee", "must be more than 0"));
    }
    let text = query.get("pool").unwrap_or("70%");
    let pool = Fraction::parse(text).map_err(|error| Problem::parameter("pool", error))?;
    // `70` can only mean a percentage.
    let percent = !text.contains(['%', '/']) && pool > Fraction::ONE;
    let pool = if percent { pool.over(Fraction::whole(100)) } else { Ok(pool) };
    let pool = pool.map_err(|error| Problem::parameter("pool", error))?;
    if !pool.is_share() || pool <= Fraction::ZERO {
        return Err(Problem::parameter("pool", "must be more than 0 and at most 100%"));
    }
    let currency = Currency::parse(query.get("currency").unwrap_or("EUR"));
    let currency = currency.map_err(|error| Problem::parameter("currency", error))?;
    Ok(Deal { fee, pool, currency })
}

fn refused(error: TryError) -> Problem {
    match error {
        TryError::History(HistoryError::Failed(_)) | TryError::BrokenOff => {
            Problem::internal(&error)
        }
        error => Problem::new(Kind::InvalidRequest, error.to_string()),
    }
}
