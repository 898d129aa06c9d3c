//! Rows of the table: what listeners keep and heard, and the charts.

use std::sync::Arc;

use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use utoipa::Path as _;
use utoipa::openapi::path::Operation;

use super::{Endpoint, Needs, Tenancy};
use crate::router::Service;
use crate::routes::{charts, collection, playlists, queue};

type Route = fn() -> MethodRouter<Arc<Service>>;
type Documented = fn() -> Operation;

/// Of whoever has an account: its own, or what its owner shows to others.
const fn own(method: Method, path: &'static str, route: Route, operation: Documented) -> Endpoint {
    let reads = matches!(method, Method::GET);
    let refusals: &[u16] = if reads { &[404] } else { &[404, 408, 409, 413, 415, 422] };
    let (needs, tenancy) = (Needs::Somebody, Tenancy::Own);
    Endpoint { method, path, needs, tenancy, refusals, route, operation }
}

pub(super) const SAVED: Endpoint = own(
    Method::GET,
    "/api/v1/me/saved/{kind}",
    || get(collection::saved),
    collection::__path_saved::operation,
);
pub(super) const SAVE: Endpoint = own(
    Method::PUT,
    "/api/v1/me/saved/{kind}/{id}",
    || put(collection::save),
    collection::__path_save::operation,
);
pub(super) const UNSAVE: Endpoint = own(
    Method::DELETE,
    "/api/v1/me/saved/{kind}/{id}",
    || delete(collection::unsave),
    collection::__path_unsave::operation,
);
pub(super) const LOOK_UP_SAVED: Endpoint = own(
    Method::POST,
    "/api/v1/me/saved/lookup",
    || post(collection::look_up),
    collection::__path_look_up::operation,
);
pub(super) const RECENTLY_PLAYED: Endpoint = own(
    Method::GET,
    "/api/v1/me/recently-played",
    || get(collection::recently_played),
    collection::__path_recently_played::operation,
);
pub(super) const QUEUE: Endpoint =
    own(Method::GET, "/api/v1/me/queue", || get(queue::show), queue::__path_show::operation);
pub(super) const SET_QUEUE: Endpoint =
    own(Method::PUT, "/api/v1/me/queue", || put(queue::set), queue::__path_set::operation);
pub(super) const STEP_QUEUE: Endpoint =
    own(Method::PATCH, "/api/v1/me/queue", || patch(queue::step), queue::__path_step::operation);
pub(super) const PLAYLISTS: Endpoint = own(
    Method::GET,
    "/api/v1/me/playlists",
    || get(playlists::list),
    playlists::__path_list::operation,
);
pub(super) const ADD_PLAYLIST: Endpoint = own(
    Method::POST,
    "/api/v1/playlists",
    || post(playlists::add),
    playlists::__path_add::operation,
);
pub(super) const PLAYLIST: Endpoint = own(
    Method::GET,
    "/api/v1/playlists/{id}",
    || get(playlists::show),
    playlists::__path_show::operation,
);
pub(super) const CHANGE_PLAYLIST: Endpoint = own(
    Method::PATCH,
    "/api/v1/playlists/{id}",
    || patch(playlists::change),
    playlists::__path_change::operation,
);
pub(super) const DELETE_PLAYLIST: Endpoint = own(
    Method::DELETE,
    "/api/v1/playlists/{id}",
    || delete(playlists::delete),
    playlists::__path_delete::operation,
);
pub(super) const PLAYLIST_ITEMS: Endpoint = own(
    Method::GET,
    "/api/v1/playlists/{id}/items",
    || get(playlists::items),
    playlists::__path_items::operation,
);
pub(super) const ADD_PLAYLIST_ITEMS: Endpoint = own(
    Method::POST,
    "/api/v1/playlists/{id}/items",
    || post(playlists::add_items),
    playlists::__path_add_items::operation,
);
pub(super) const REMOVE_PLAYLIST_ITEMS: Endpoint = own(
    Method::POST,
    "/api/v1/playlists/{id}/items/removal",
    || post(playlists::remove_items),
    playlists::__path_remove_items::operation,
);
pub(super) const MOVE_PLAYLIST_ITEMS: Endpoint = own(
    Method::POST,
    "/api/v1/playlists/{id}/items/move",
    || post(playlists::move_items),
    playlists::__path_move_items::operation,
);

/// Whoever gets in may see what others hear most.
pub(super) const CHART: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/charts/{kind}",
    needs: Needs::Somebody,
    tenancy: Tenancy::Public,
    refusals: &[404],
    route: || get(charts::chart),
    operation: charts::__path_chart::operation,
};
