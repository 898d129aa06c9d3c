//! Rows of the table: plays, and the bytes of audio.

use axum::http::Method;
use axum::routing::{get, post};
use utoipa::Path as _;

use super::{Endpoint, Needs, Tenancy};
use crate::routes::{audio, playing};

/// Whoever isn't signed in gets a preview: it is looked at in the handler.
pub(super) const PLAY: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/tracks/{id}/play",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[401, 403, 404, 503],
    route: || post(playing::play),
    operation: playing::__path_play::operation,
};

/// The grant says who may.
pub(super) const RENEW: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/playback/renew",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[401, 403, 404, 408, 409, 413, 415, 422, 503],
    route: || post(playing::renew),
    operation: playing::__path_renew::operation,
};

/// The address is the permission.
pub(super) const AUDIO: Endpoint = Endpoint {
    method: Method::GET,
    path: "/audio/{track_id}/{rung}",
    needs: Needs::Nothing,
    tenancy: Tenancy::Public,
    refusals: &[403, 404, 416, 503],
    route: || get(audio::audio),
    operation: audio::__path_audio::operation,
};
