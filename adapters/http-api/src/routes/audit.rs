//! The audit log, read.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};

use crate::dto::{AuditEntry, AuditPage};
use crate::parameters::Query;
use crate::problem::Problem;
use crate::router::Service;

const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 1_000;

/// Lists who did what, the newest first: every request that changes something, done or refused, and
/// every sign-in.
///
/// It holds no secret and nothing of what was sent, and names no listener. Reports are not in it:
/// they are the report log.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    operation_id = "readAuditLog",
    tag = "operations",
    params(
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("from" = Option<u64>, Query, description = "The `next` of the page before", minimum = 1, maximum = 9_223_372_036_854_775_807_u64, nullable = false),
    ),
    responses((status = 200, description = "A page of the log", body = AuditPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<AuditPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "from"])?;
    let (limit, from) = query.newest_first(PAGE_DEFAULT, PAGE_MAX)?;
    let mut found = service.deployment.deeds(from, limit + 1).await?;
    let next = found.get(limit as usize).map(|one| one.number);
    found.truncate(limit as usize);
    Ok(Json(AuditPage { items: found.into_iter().map(AuditEntry::from).collect(), next }))
}
