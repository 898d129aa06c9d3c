//! Connections: limited in number, in the time of their heads and of their silence, and ended
//! in order.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

mod stall;
use stall::Stalling;

/// What of connections can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeOptions {
    /// The most connections at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// How long a request's head may take, and how long a connection may be idle.
    pub head_timeout: Duration,
    /// How long a client may take none of its answer.
    pub stall_timeout: Duration,
    /// How long requests under way may take to end once the server is told to stop.
    pub grace: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            head_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// The most bytes of a head, and the most that is read of a connection at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves `router` on a TCP or Unix socket until `shutdown` ends. Then nothing more is accepted,
/// idle connections are closed, and requests under way have their grace to end.
pub async fn serve<L: Listener>(
    listener: L,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) {
    serve_with(listener, router, shutdown, ServeOptions::default()).await;
}

/// [`serve`], with other options.
pub async fn serve_with<L: Listener>(
    mut listener: L,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
    options: ServeOptions,
) {
    let places = Arc::new(Semaphore::new(options.connections_max));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept(&mut listener, &places) => accepted,
        };
        let Some((io, place)) = accepted else { break };
        let connection = connection(io, &router, options);
        let watched = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(options.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when their grace ended");
    }
    connections.shutdown().await;
}

async fn accept<L: Listener>(
    listener: &mut L,
    places: &Arc<Semaphore>,
) -> Option<(L::Io, OwnedSemaphorePermit)> {
    // A place first: who can't be served is left in the system's queue.
    let place = places.clone().acquire_owned().await.ok()?;
    let (io, _) = listener.accept().await;
    Some((io, place))
}

type Connection<I> = http1::Connection<TokioIo<Pin<Box<Stalling<I>>>>, TowerToHyperService<Router>>;

fn connection<I>(io: I, router: &Router, options: ServeOptions) -> Connection<I>
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(Box::pin(Stalling::new(io, options.stall_timeout)));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(io, TowerToHyperService::new(router.clone()))
}
