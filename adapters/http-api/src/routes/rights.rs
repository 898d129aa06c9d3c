//! Parties, recordings, works, releases, and who holds which right.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_catalog::TerritoryCode;
use ledgerline_ids::DayNo;

use crate::dto::RightsEntry;
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::router::Service;

/// What is known of a party, recording, work or release.
///
/// A recording's holders are those of its master right and of the rights of its works.
#[utoipa::path(
    get,
    path = "/api/v1/catalog/rights",
    operation_id = "readRights",
    tag = "rights",
    params(
        ("id" = String, Query, description = "The id of a party, recording, work or release", min_length = 1, max_length = 256),
        ("on" = Option<String>, Query, description = "Who holds rights on this day, UTC; today if absent", format = Date, pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-[0-9]{2}-[0-9]{2}$", nullable = false),
        ("territory" = Option<String>, Query, description = "Who holds rights in this country, ISO 3166-1 alpha-2", pattern = "^[A-Z]{2}$", nullable = false),
        ("revision" = Option<u64>, Query, description = "As known at this revision; the newest if absent", minimum = 0, nullable = false),
    ),
    responses((status = 200, description = "What is known", body = RightsEntry))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<RightsEntry>, Problem> {
    let query = Query::parse(query.as_deref(), &["id", "on", "territory", "revision"])?;
    let id = query.get("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Problem::parameter("id", "must name something"))?;
    let on = query.get("on").map(DayNo::parse).transpose();
    let on = on.map_err(|error| Problem::parameter("on", error))?;
    let territory = query.get("territory").map(TerritoryCode::parse).transpose();
    let territory = territory.map_err(|error| Problem::parameter("territory", error))?;
    let revision = query.get("revision").map(str::parse::<u64>).transpose();
    let revision =
        revision.map_err(|_| Problem::parameter("revision", "must be a whole number"))?;

    let rights = service.deployment.money().rights();
    let catalogue = match revision {
        Some(revision) => rights.at(revision).await?,
        None => rights.now().await?,
    };
    let on = on.unwrap_or_else(|| service.deployment.now().day());
    let found = RightsEntry::find(&catalogue, id, on, territory);
    let found = found.map_err(|error| Problem::internal(&error))?;
    let own = service.deployment.own(&caller).await?;
    let seen = found.and_then(|found| found.seen_by(&own, id));
    seen.map(Json).ok_or_else(|| {
        let detail = format!("the catalogue of rights knows no {id:?}");
        Problem::new(Kind::NotInCatalogue, detail)
    })
}
