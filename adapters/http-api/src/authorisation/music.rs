//! Rows of the table: the music library.

use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post, put};
use ledgerline_app::ports::Scope;
use std::sync::Arc;
use utoipa::Path as _;
use utoipa::openapi::path::Operation;

use super::{Endpoint, Needs, Tenancy};
use crate::router::Service;
use crate::routes::{curation, jobs, library};

/// Whoever gets in may look at what there is to hear.
const fn shown(
    path: &'static str,
    refusals: &'static [u16],
    route: fn() -> MethodRouter<Arc<Service>>,
    operation: fn() -> Operation,
) -> Endpoint {
    let (needs, tenancy) = (Needs::Somebody, Tenancy::Public);
    Endpoint { method: Method::GET, path, needs, tenancy, refusals, route, operation }
}

/// Whoever lets people in looks after what they hear.
const fn curated(
    method: Method,
    path: &'static str,
    refusals: &'static [u16],
    route: fn() -> MethodRouter<Arc<Service>>,
    operation: fn() -> Operation,
) -> Endpoint {
    let (needs, tenancy) = (Needs::Scope(Scope::AccessWrite), Tenancy::Whole);
    Endpoint { method, path, needs, tenancy, refusals, route, operation }
}

pub(super) const TRACK: Endpoint =
    shown("/api/v1/tracks/{id}", &[404], || get(library::track), library::__path_track::operation);
pub(super) const ARTISTS: Endpoint =
    shown("/api/v1/artists", &[], || get(library::artists), library::__path_artists::operation);
pub(super) const ARTIST: Endpoint = shown(
    "/api/v1/artists/{id}",
    &[404],
    || get(library::artist),
    library::__path_artist::operation,
);
pub(super) const ARTIST_ALBUMS: Endpoint = shown(
    "/api/v1/artists/{id}/albums",
    &[404],
    || get(library::artist_albums),
    library::__path_artist_albums::operation,
);
pub(super) const ALBUMS: Endpoint =
    shown("/api/v1/albums", &[], || get(library::albums), library::__path_albums::operation);
pub(super) const ALBUM: Endpoint =
    shown("/api/v1/albums/{id}", &[404], || get(library::album), library::__path_album::operation);
pub(super) const GENRES: Endpoint =
    shown("/api/v1/genres", &[], || get(library::genres), library::__path_genres::operation);
pub(super) const COVER: Endpoint = shown(
    "/api/v1/covers/{id}",
    &[404, 422],
    || get(library::cover),
    library::__path_cover::operation,
);

pub(super) const EDIT_ARTIST: Endpoint = curated(
    Method::POST,
    "/api/v1/artists/{id}",
    &[404, 408, 413, 415, 422],
    || post(curation::edit_artist),
    curation::__path_edit_artist::operation,
);
pub(super) const PUT_PICTURE: Endpoint = curated(
    Method::PUT,
    "/api/v1/artists/{id}/picture",
    &[404, 408, 413, 422],
    || put(curation::put_picture),
    curation::__path_put_picture::operation,
);
pub(super) const DELETE_PICTURE: Endpoint = curated(
    Method::DELETE,
    "/api/v1/artists/{id}/picture",
    &[404],
    || delete(curation::delete_picture),
    curation::__path_delete_picture::operation,
);
pub(super) const EDIT_TRACK: Endpoint = curated(
    Method::POST,
    "/api/v1/tracks/{id}",
    &[404, 408, 413, 415, 422],
    || post(curation::edit_track),
    curation::__path_edit_track::operation,
);
pub(super) const RELATE: Endpoint = curated(
    Method::PUT,
    "/api/v1/tracks/{id}/relations/{kind}/{other}",
    &[404],
    || put(curation::relate),
    curation::__path_relate::operation,
);
pub(super) const UNRELATE: Endpoint = curated(
    Method::DELETE,
    "/api/v1/tracks/{id}/relations/{kind}/{other}",
    &[404],
    || delete(curation::unrelate),
    curation::__path_unrelate::operation,
);
pub(super) const BEGIN_SCAN: Endpoint = curated(
    Method::POST,
    "/api/v1/catalog/scan",
    &[404, 409],
    || post(curation::begin_scan),
    curation::__path_begin_scan::operation,
);
pub(super) const READ_SCAN: Endpoint = curated(
    Method::GET,
    "/api/v1/catalog/scan",
    &[404],
    || get(curation::read_scan),
    curation::__path_read_scan::operation,
);
pub(super) const UNLICENSED: Endpoint = Endpoint {
    method: Method::GET,
    path: "/api/v1/catalog/unlicensed",
    needs: Needs::Scope(Scope::RoyaltyRead),
    tenancy: Tenancy::Whole,
    refusals: &[],
    route: || get(curation::unlicensed),
    operation: curation::__path_unlicensed::operation,
};

pub(super) const JOBS: Endpoint =
    curated(Method::GET, "/api/v1/jobs", &[404], || get(jobs::list), jobs::__path_list::operation);
pub(super) const JOB: Endpoint = curated(
    Method::GET,
    "/api/v1/jobs/{id}",
    &[404],
    || get(jobs::one),
    jobs::__path_one::operation,
);
pub(super) const BRING: Endpoint = curated(
    Method::POST,
    "/api/v1/ingest",
    &[404, 408, 413, 422],
    || post(jobs::bring),
    jobs::__path_bring::operation,
);
/// What is asked for changes nothing, and is a `POST` for its size.
pub(super) const IDENTIFY: Endpoint = Endpoint {
    method: Method::POST,
    path: "/api/v1/identify",
    needs: Needs::Somebody,
    tenancy: Tenancy::Public,
    refusals: &[404, 408, 413, 422],
    route: || post(jobs::identify),
    operation: jobs::__path_identify::operation,
};
