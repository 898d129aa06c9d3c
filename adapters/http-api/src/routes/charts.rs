//! What was heard most in a day or a week.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, State};
use ledgerline_app::charts::{ChartError, ChartPeriod, ChartQuery};
use ledgerline_app::ports::collection::SavedKind;
use ledgerline_ids::{DayNo, Territory};

use crate::dto::Chart;
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::router::Service;

/// Shows a chart: the 100 tracks, albums or artists with the most counted plays in a day or a week.
///
/// Plays are counted by their starts in UTC, an album's and an artist's by the tracks that the library has of
/// it; an artist's are those of which it is a main artist. Plays that are held or excluded don't rank. A chart is
/// of the plays that count when it is asked for: late reports change it for 35 days, decisions on held plays
/// and appeals at any time. Of as many plays, the name that comes first ranks first.
#[utoipa::path(
    get,
    path = "/api/v1/charts/{kind}",
    operation_id = "readChart",
    tag = "collection",
    params(
        ("kind" = String, Path, description = "`tracks`, `albums` or `artists`", pattern = "^(tracks|albums|artists)$"),
        ("period" = Option<String>, Query, description = "`day` or `week` (if absent)", pattern = "^(day|week)$", nullable = false),
        ("at" = Option<String>, Query, description = "A day in it; if absent, the last period that is over", format = "date", nullable = false),
        ("territory" = Option<String>, Query, description = "A country, ISO 3166-1 alpha-2; everywhere if absent", nullable = false),
    ),
    responses((status = 200, description = "The chart", body = Chart))
)]
pub(crate) async fn chart(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<Chart>, Problem> {
    let query = Query::parse(query.as_deref(), &["period", "at", "territory"])?;
    let kind = SavedKind::from_word(path_value(&path, "kind")?);
    let kind =
        kind.ok_or_else(|| Problem::parameter("kind", "must be tracks, albums or artists"))?;
    let period = match query.get("period") {
        None => ChartPeriod::Week,
        Some(word) => ChartPeriod::from_word(word)
            .ok_or_else(|| Problem::parameter("period", "must be day or week"))?,
    };
    let at = query.get("at").map(DayNo::parse).transpose();
    let at = at.map_err(|error| Problem::parameter("at", error))?;
    let territory = query.get("territory").map(|text| {
        let territory = Territory::new(text).map(|territory| territory.as_str().to_owned());
        territory.map_err(|error| Problem::parameter("territory", error))
    });
    let wanted = ChartQuery { kind, period, at, territory: territory.transpose()? };
    let chart = service.deployment.chart(wanted).await?;
    Ok(Json(Chart::from(&chart)))
}

impl From<ChartError> for Problem {
    fn from(error: ChartError) -> Self {
        let detail = error.to_string();
        match error {
            ChartError::Unknown(_) | ChartError::Future => Self::new(Kind::NoChart, detail),
            ChartError::Counting => Self::passing(Kind::NotReady, detail, 2),
            ChartError::Read(error) => error.into(),
        }
    }
}
