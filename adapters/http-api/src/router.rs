//! The router, made from the table of endpoints.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use ledgerline_app::Deployment;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::authorisation::{ENDPOINTS, Part};
use crate::guard::{self, Door, Guarded};
use crate::limits::Limits;
use crate::metrics::HttpMetrics;
use crate::outside::Outside;

/// What of the HTTP side can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpOptions {
    /// The most requests under way at once; beyond it they are answered 503. Probes don't count.
    pub requests_max: usize,
    /// The most memory that bodies may take at once, as sent and unpacked, in bytes.
    pub body_memory_bytes_max: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How many large bodies are decoded at once.
    pub decoding_max: usize,
    /// Whether every request comes through a proxy that says for whom, as `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Whether what is served is the demonstration.
    pub demo: bool,
    /// Whether reports are taken in here; other nodes do where not.
    pub takes_reports: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            requests_max: 1024,
            body_memory_bytes_max: 128 << 20,
            body_timeout: Duration::from_secs(30),
            decoding_max: cores,
            behind_proxy: false,
            demo: false,
            takes_reports: true,
        }
    }
}

/// What the endpoints share.
pub(crate) struct Service {
    pub deployment: Arc<Deployment>,
    pub options: HttpOptions,
    pub limits: Limits,
    pub metrics: HttpMetrics,
    pub door: Door,
    pub outside: Outside,
    /// Histories that are tried at once.
    pub trials: Semaphore,
    /// Sales reports that are written at once.
    pub reporting: Semaphore,
    /// The demonstration is sent again once at a time.
    pub resending: Semaphore,
    /// The ledger is verified once at a time.
    pub verifying: Semaphore,
    /// Audio that is sent at once.
    pub streams: Arc<Semaphore>,
    /// Files of music that are brought at once.
    pub bringing: Semaphore,
    /// Clips that are listened to at once.
    pub recognising: Semaphore,
}

/// The API, for callers with keys.
pub fn router(deployment: Arc<Deployment>, options: HttpOptions, outside: Outside) -> Router {
    of_table(deployment, options, Door::Keys, outside)
}

/// The API for whoever may open the control socket: no key is needed, everything is allowed.
/// Reports sent this way have the source `control`.
pub fn control_router(deployment: Arc<Deployment>) -> Router {
    of_table(deployment, HttpOptions::default(), Door::operator(), Outside::default())
}

/// So many sales reports are written at once; each takes a core, and a statement's lines in memory.
const REPORTING_MAX: usize = 2;
/// So many listeners are sent audio at once, each with half a megabyte on its way at most.
const STREAMS_MAX: usize = 2_048;
/// So many files of music are brought at once, each with a piece of 8 MiB in memory, twice.
const BRINGING_MAX: usize = 4;
/// So many clips are listened to at once; each takes a core.
const RECOGNISING_MAX: usize = 2;
/// So many histories are tried at once; each takes a core and its own size in memory.
const TRIALS_MAX: usize = 2;

fn of_table(
    deployment: Arc<Deployment>,
    options: HttpOptions,
    door: Door,
    outside: Outside,
) -> Router {
    let HttpOptions { requests_max, body_memory_bytes_max, decoding_max, .. } = options;
    let service = Arc::new(Service {
        deployment,
        options,
        limits: Limits::new(requests_max, body_memory_bytes_max, decoding_max),
        metrics: HttpMetrics::new(),
        door,
        outside,
        trials: Semaphore::new(TRIALS_MAX),
        reporting: Semaphore::new(REPORTING_MAX),
        resending: Semaphore::new(1),
        verifying: Semaphore::new(1),
        streams: Arc::new(Semaphore::new(STREAMS_MAX)),
        bringing: Semaphore::new(BRINGING_MAX),
        recognising: Semaphore::new(RECOGNISING_MAX),
    });
    let mut router = Router::new();
    let answers = service.deployment.follows_all();
    for (endpoint, row) in ENDPOINTS.iter().enumerate() {
        let served = match row.part() {
            Part::Everywhere => true,
            Part::Reports => options.takes_reports,
            Part::Answers => answers,
        };
        if !served {
            continue;
        }
        let guarded = Guarded { service: service.clone(), endpoint };
        let route = (row.route)()
            .route_layer(CatchPanicLayer::custom(guard::panicked))
            .route_layer(from_fn_with_state(guarded, guard::guard));
        router = router.route(row.path, route);
    }
    router
        .method_not_allowed_fallback(guard::method_not_allowed)
        .fallback(guard::no_such_path)
        .with_state(service)
        .layer(from_fn(guard::outermost))
        .layer(CatchPanicLayer::custom(guard::panicked))
}
