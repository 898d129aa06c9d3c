//! How many plays count.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use ledgerline_app::counts::{By, CountsQuery};
use ledgerline_ids::DayNo;

use crate::dto::{ByWord, Counts};
use crate::limits::off_the_worker;
use crate::parameters::Query;
use crate::problem::Problem;
use crate::router::Service;

/// From this many rows on, they are written where they keep no other request waiting.
const LARGE_ROWS: usize = 5_000;

/// Counts plays.
///
/// First everything that is durable is judged, so that each acknowledged report is in the counts.
/// The window is half-open, in UTC days of the plays' starts. All rows, in the order of their
/// values.
#[utoipa::path(
    get,
    path = "/api/v1/counts",
    operation_id = "readCounts",
    tag = "counts",
    params(
        ("by" = ByWord, Query, description = "By what"),
        ("from" = Option<String>, Query, description = "The first day, UTC, from 1970-01-01 on", format = Date, pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-[0-9]{2}-[0-9]{2}$", nullable = false),
        ("to" = Option<String>, Query, description = "The day after the last one, to 2109-05-15; not before `from`", format = Date, pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-[0-9]{2}-[0-9]{2}$", nullable = false),
    ),
    responses((status = 200, description = "The counts", body = Counts))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["by", "from", "to"])?;
    let by = query.get("by").and_then(By::from_name).ok_or_else(|| {
        let names: Vec<_> = By::ALL.iter().map(|by| by.as_str()).collect();
        Problem::parameter("by", format!("must be one of {}", names.join(", ")))
    })?;
    let (from, to) = (day(&query, "from")?, day(&query, "to")?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::parameter("to", "must not lie before from"));
    }
    let counts = service.deployment.counts(CountsQuery { by, from, to }).await?;
    let large = counts.rows.len() > LARGE_ROWS;
    Ok(off_the_worker(large, || Json(Counts::from(counts)).into_response()))
}

fn day(query: &Query, name: &str) -> Result<Option<DayNo>, Problem> {
    query
        .get(name)
        .map(|text| DayNo::parse(text).map_err(|error| Problem::parameter(name, error)))
        .transpose()
}
