//! What a listening history would have paid: for everybody, and nothing is stored.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use ledgerline_app::money::trial::{Deal, LISTENERS_MAX, OwnHistories, TryError};
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

/// Says what listening histories would have paid to whom, pro-rata and user-centric.
///
/// The body is the file as the service exports it: a zip, or one of the JSON files in it. For several
/// listeners it is their files one behind the other, and `files` says which they are. It has at most
/// 64 MiB, and is read and forgotten. Everyone may ask, a few at a time.
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
        ("files" = Option<String>, Query, description = "For several listeners, instead of `name`: the name of each one's file and how many bytes of the body it is, in their order, as `anna.zip:120034,ben.json:3321`; at most 20", min_length = 3, max_length = 4096, nullable = false),
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
    let query = Query::parse(head.uri.query(), &["fee", "pool", "currency", "name", "files"])?;
    let deal = deal(&query)?;
    let files = query.get("files").map(files_of).transpose()?;
    if files.is_some() && query.get("name").is_some() {
        return Err(Problem::parameter("name", "is told by `files` where there are several"));
    }
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
    let histories = match files {
        Some(files) => parts(files, held.bytes)?,
        None => {
            let name = match query.get("name") {
                Some(name) => file_name("name", name)?,
                None if held.bytes.starts_with(b"PK") => "history.zip".to_owned(),
                None => "StreamingHistory0.json".to_owned(),
            };
            OwnHistories { files: vec![(name, held.bytes.len())], bytes: held.bytes }
        }
    };
    let tried = service.deployment.try_histories(reader, deal, histories).await;
    let (tried, left_out) = tried.map_err(refused)?;
    Ok(Json(TrialResult::of(&tried, left_out)))
}

/// The names and lengths of several files.
fn files_of(text: &str) -> Result<Vec<(String, usize)>, Problem> {
    let wrong = || {
        let detail = "must be names and bytes, such as anna.zip:120034,ben.json:3321";
        Problem::parameter("files", detail)
    };
    let mut files = Vec::new();
    for one in text.split(',') {
        let (name, bytes) = one.rsplit_once(':').ok_or_else(wrong)?;
        let bytes = bytes.parse().ok().filter(|bytes| *bytes > 0).ok_or_else(wrong)?;
        files.push((file_name("files", name)?, bytes));
    }
    if files.len() > LISTENERS_MAX {
        let detail = format!("names {} files; {LISTENERS_MAX} are tried at once", files.len());
        return Err(Problem::parameter("files", detail));
    }
    Ok(files)
}

/// The files of a body, which is just as long as they say.
fn parts(files: Vec<(String, usize)>, bytes: Vec<u8>) -> Result<OwnHistories, Problem> {
    let told = files.iter().fold(0_usize, |sum, (_, bytes)| sum.saturating_add(*bytes));
    if told != bytes.len() {
        let detail = format!("says {told} bytes in all, and the body has {}", bytes.len());
        return Err(Problem::parameter("files", detail));
    }
    Ok(OwnHistories { files, bytes })
}

/// The last part alone: whoever names a path means the file.
fn file_name(parameter: &str, name: &str) -> Result<String, Problem> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let sound = (1..=128).contains(&last.len())
        && !last.starts_with('.')
        && !last.chars().any(char::is_control);
    let wrong = || Problem::parameter(parameter, "must be the name of a file, up to 128 bytes");
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
