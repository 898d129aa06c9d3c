//! Plays begin, and go on when their addresses have expired.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::http::header::HeaderName;
use ledgerline_app::access::Caller;
use ledgerline_app::delivery::playing::{DEVICE_BYTES_MAX, PlayRefusal, Who};
use ledgerline_delivery::rungs::NetworkQuality;
use ledgerline_ids::DeviceId;

use crate::dto::{PlayOffer, RenewRequest};
use crate::guard::whoever;
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::{one_value, read_json};
use crate::router::Service;

const NETWORK_QUALITY: HeaderName = HeaderName::from_static("x-network-quality");
const DEVICE: HeaderName = HeaderName::from_static("x-device-id");

/// Begins a play: a grant, by which it may count, and an address for each rung.
///
/// `X-Network-Quality` is `high`, `medium` or `low`, and says which rung to begin with. `X-Device-Id` is
/// the device's own name for itself; on a plan with one place at a time, whoever begins at another device
/// ends what plays at the first. What a player asks for ahead says `follows=true`, takes no other device's
/// place, and is refused once somebody plays there. Who isn't signed in gets the preview. Reports of the play carry its
/// `play_id` and its `grant`.
#[utoipa::path(
    post,
    path = "/api/v1/tracks/{id}/play",
    operation_id = "play",
    tag = "playing",
    params(
        ("id" = String, Path, description = "The recording"),
        ("follows" = Option<bool>, Query, description = "Whether it is asked for ahead of time, behind a play at this device"),
        ("X-Network-Quality" = Option<String>, Header, description = "`high`, `medium` or `low`"),
        ("X-Device-Id" = Option<String>, Header, description = "The device, at most 128 bytes"),
    ),
    responses((status = 200, description = "What to play, and how it may count", body = PlayOffer))
)]
pub(crate) async fn play(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<PlayOffer>, Problem> {
    let query = Query::parse(query.as_deref(), &["follows"])?;
    let follows = query.flag("follows")?;
    let headers = request.headers();
    let track_id = path_value(&path, "id")?;
    let caller = whoever(&service, request.method(), headers).await?;
    let quality = match one_value(headers, &NETWORK_QUALITY) {
        None => NetworkQuality::default(),
        Some(word) => NetworkQuality::from_word(word).ok_or_else(|| {
            Problem::parameter("X-Network-Quality", "must be high, medium or low")
        })?,
    };
    let who = Who { follows, ..who(caller.as_deref(), headers)? };
    let offer = service.deployment.delivery().play(track_id, who, quality).await?;
    Ok(Json(PlayOffer::of(track_id, offer)))
}

/// Gives new addresses for a play that goes on, before or after those that it has expire. Its `play_id`
/// and its `grant` stay.
#[utoipa::path(
    post,
    path = "/api/v1/playback/renew",
    operation_id = "renewPlay",
    tag = "playing",
    request_body = RenewRequest,
    responses((status = 200, description = "The same play, with new addresses", body = PlayOffer))
)]
pub(crate) async fn renew(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<PlayOffer>, Problem> {
    let caller = whoever(&service, request.method(), request.headers()).await?;
    let (head, body) = request.into_parts();
    let RenewRequest { grant } = read_json(&service, &head.headers, body).await?;
    let who = who(caller.as_deref(), &head.headers)?;
    let offer = service.deployment.delivery().renew(&grant, who).await?;
    let track_id = offer.track_id.clone();
    Ok(Json(PlayOffer::of(&track_id, offer)))
}

/// Who listens, and where.
fn who<'a>(caller: Option<&'a Caller>, headers: &'a HeaderMap) -> Result<Who<'a>, Problem> {
    let Some(caller) = caller else { return Ok(Who::default()) };
    let Some(listener) = caller.listener() else { return Ok(Who::default()) };
    let device = one_value(headers, &DEVICE);
    if let Some(device) = device
        && (device.len() > DEVICE_BYTES_MAX || DeviceId::new(device).is_err())
    {
        let detail = "must have 1 to 128 bytes and no control characters";
        return Err(Problem::parameter("X-Device-Id", detail));
    }
    Ok(Who {
        listener: Some(&listener.listener_id),
        tier: Some(listener.plan.as_str()),
        territory: listener.territory.as_deref(),
        device: device.unwrap_or(&caller.id),
        follows: false,
    })
}

impl From<PlayRefusal> for Problem {
    fn from(refusal: PlayRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            PlayRefusal::NoAudio => Self::new(Kind::NoAudio, detail),
            PlayRefusal::NoPreview => Self::new(Kind::NoPreview, detail),
            PlayRefusal::Grant(_) => Self::new(Kind::GrantRefused, detail),
            PlayRefusal::TooOld => Self::new(Kind::PlayEnded, detail),
            PlayRefusal::Elsewhere => Self::new(Kind::PlaysElsewhere, detail),
            PlayRefusal::Id(_) => Self::internal(&detail),
            PlayRefusal::Store(error) => error.into(),
        }
    }
}
