//! Appeals against plays that are kept back, and decisions on them.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::appeals::{Against, AppealRequest as Opening};
use ledgerline_ids::{Period, TrackId};

use crate::dto::{Appeal, AppealDecisionRequest, AppealPage, AppealRequest};
use crate::parameters::{Query, path_value, play_ref};
use crate::problem::{Kind, Problem};
use crate::request_body::read_json;
use crate::router::Service;

/// The most appeals of a page: each may hold a thousand plays.
const PAGE_APPEALS_MAX: u32 = 100;
const PAGE_APPEALS_DEFAULT: u32 = 20;

/// Lists appeals, by number.
#[utoipa::path(
    get,
    path = "/api/v1/appeals",
    operation_id = "listAppeals",
    tag = "appeals",
    params(
        ("limit" = Option<u16>, Query, description = "How many at most; 20 if absent", minimum = 1, maximum = 100, nullable = false),
        ("after" = Option<u64>, Query, description = "The `next` of the page before", minimum = 0, maximum = 9_223_372_036_854_775_807_u64, nullable = false),
        ("waiting" = Option<bool>, Query, description = "Only those that nobody has decided", nullable = false),
    ),
    responses((status = 200, description = "A page of appeals", body = AppealPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<AppealPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "after", "waiting"])?;
    let limit = match query.get("limit").map(str::parse) {
        None => PAGE_APPEALS_DEFAULT,
        Some(Ok(limit)) if (1..=PAGE_APPEALS_MAX).contains(&limit) => limit,
        Some(_) => return Err(Problem::parameter("limit", "must be 1 to 100")),
    };
    let after = query.get("after").map_or(Ok(0), number_of)?;
    let waiting = match query.get("waiting") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::parameter("waiting", "must be true or false")),
    };
    let items = service.deployment.appeals_of(&caller, after, limit, waiting).await?;
    let full = items.len() == limit as usize;
    let next = items.last().filter(|_| full).map(|appeal| appeal.number);
    Ok(Json(AppealPage { items: items.into_iter().map(Appeal::from).collect(), next }))
}

/// Opens an appeal.
///
/// The rules are run again on the evidence that was there when each play was kept back, and on all
/// that is known now; both findings are kept with the appeal. Where one against the same waits for a
/// decision, that one comes back with status 200.
#[utoipa::path(
    post,
    path = "/api/v1/appeals",
    operation_id = "openAppeal",
    tag = "appeals",
    request_body = AppealRequest,
    responses(
        (status = 201, description = "The appeal", body = Appeal),
        (status = 200, description = "One against the same waits already", body = Appeal),
    )
)]
pub(crate) async fn open(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<(StatusCode, Json<Appeal>), Problem> {
    let (head, body) = request.into_parts();
    let request: AppealRequest = read_json(&service, &head.headers, body).await?;
    let against = against(&request)?;
    let opening = Opening { against, appellant: request.appellant, grounds: request.grounds };
    let (appeal, made) = service.deployment.open_appeal_of(&caller, opening).await?;
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(appeal.into())))
}

/// Shows an appeal.
#[utoipa::path(
    get,
    path = "/api/v1/appeals/{number}",
    operation_id = "readAppeal",
    tag = "appeals",
    params(("number" = u64, Path, description = "The appeal's number", minimum = 0, maximum = 9_223_372_036_854_775_807_u64)),
    responses((status = 200, description = "The appeal", body = Appeal))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
) -> Result<Json<Appeal>, Problem> {
    let number = number_of(path_value(&path, "number")?)?;
    Ok(Json(service.deployment.appeal_of(&caller, number).await?.into()))
}

/// Decides an appeal, for good.
///
/// What is reinstated counts from now on, and its money moves with the next close. The same decision
/// again changes nothing; another one is refused.
#[utoipa::path(
    post,
    path = "/api/v1/appeals/{number}/decision",
    operation_id = "decideAppeal",
    tag = "appeals",
    params(("number" = u64, Path, description = "The appeal's number", minimum = 0, maximum = 9_223_372_036_854_775_807_u64)),
    request_body = AppealDecisionRequest,
    responses((status = 200, description = "The appeal, decided", body = Appeal))
)]
pub(crate) async fn decide(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Result<Json<Appeal>, Problem> {
    let number = number_of(path_value(&path, "number")?)?;
    let (head, body) = request.into_parts();
    let request: AppealDecisionRequest = read_json(&service, &head.headers, body).await?;
    let (outcome, reason) = (request.outcome.0, &request.reason);
    let decided = service.deployment.decide_appeal(number, outcome, reason, &caller.id).await?;
    Ok(Json(decided.into()))
}

fn number_of(text: &str) -> Result<u64, Problem> {
    let number = text.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| Problem::parameter("number", "must be a whole number from 0 on"))
}

fn against(request: &AppealRequest) -> Result<Against, Problem> {
    let AppealRequest { user_id, play_id, source, period, track_id, payee, .. } = request;
    match (user_id, play_id, period, track_id, payee) {
        (Some(user_id), Some(play_id), None, None, None) => {
            Ok(Against::Play(play_ref(source.as_deref(), user_id, play_id)?))
        }
        (None, None, Some(period), Some(track_id), Some(payee)) if source.is_none() => {
            let period =
                Period::parse(period).map_err(|error| Problem::parameter("period", error))?;
            TrackId::new(track_id).map_err(|error| Problem::parameter("track_id", error))?;
            if payee.is_empty() || payee.len() > 128 {
                return Err(Problem::parameter("payee", "must have 1 to 128 bytes"));
            }
            Ok(Against::Line { period, track_id: track_id.clone(), payee: payee.clone() })
        }
        _ => Err(Problem::new(
            Kind::InvalidRequest,
            "name a play by user_id and play_id, or a statement's line by period, track_id and payee",
        )),
    }
}
