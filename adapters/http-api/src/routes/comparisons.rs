//! A month by several models, side by side.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use ledgerline_ids::Period;
use ledgerline_royalty::compare::Compared;

use crate::dto::Comparison;
use crate::parameters::Query;
use crate::problem::Problem;
use crate::router::Service;

/// Compares what a month comes to by several models, on the same plays and contracts.
///
/// Terms that share revenue are read with each of the models; prices for each play stay as they are.
/// Nothing is stored, and nothing of it is ever paid.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/comparisons",
    operation_id = "readComparison",
    tag = "royalty",
    params(
        ("period" = String, Query, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("models" = Option<String>, Query, description = "Of as-agreed, pro-rata, user-centric and artist-centric, with commas; the last three if absent", nullable = false, pattern = "^[a-z,-]+$"),
    ),
    responses((status = 200, description = "The comparison", body = Comparison))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Comparison>, Problem> {
    let query = Query::parse(query.as_deref(), &["period", "models"])?;
    let period = Period::parse(query.get("period").unwrap_or_default());
    let period = period.map_err(|error| Problem::parameter("period", error))?;
    let named = query.get("models").unwrap_or("pro-rata,user-centric,artist-centric");
    let model = |word: &str| {
        let known = Compared::ALL.map(Compared::word).join(", ");
        let model = Compared::from_word(word);
        model.ok_or_else(|| Problem::parameter("models", format!("must be some of {known}")))
    };
    let mut models = named.split(',').map(model).collect::<Result<Vec<_>, _>>()?;
    let mut seen = std::collections::BTreeSet::new();
    models.retain(|model| seen.insert(*model));
    Ok(Json(service.deployment.compare(period, models).await?.into()))
}
