//! Connections: limited in number, in the time of their heads and of their silence, and ended
//! in order.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

mod sending;
mod stall;
mod system;
use sending::Sending;
pub(crate) use sending::{FileSender, SPAN_BYTES_MAX, Taker};
use stall::Stalling;
pub(crate) use system::in_memory;

/// The address at the other end of a request's connection, where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub Option<IpAddr>);

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self(Some(address.ip()))
    }
}

impl From<tokio::net::unix::SocketAddr> for Peer {
    fn from(_: tokio::net::unix::SocketAddr) -> Self {
        Self(None)
    }
}

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
pub async fn serve<L: Listener<Addr: Into<Peer>>>(
    listener: L,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) {
    serve_with(listener, router, shutdown, ServeOptions::default()).await;
}

/// [`serve`], with other options.
pub async fn serve_with<L: Listener<Addr: Into<Peer>>>(
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
        let Some((io, peer, place)) = accepted else { break };
        let connection = connection(io, peer, &router, options);
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

async fn accept<L: Listener<Addr: Into<Peer>>>(
    listener: &mut L,
    places: &Arc<Semaphore>,
) -> Option<(L::Io, Peer, OwnedSemaphorePermit)> {
    // A place first: who can't be served is left in the system's queue.
    let place = places.clone().acquire_owned().await.ok()?;
    let (io, address) = listener.accept().await;
    Some((io, address.into(), place))
}

/// The router, told of each request who is at the other end of its connection, and what sends files there.
struct Told {
    router: TowerToHyperService<Router>,
    peer: Peer,
    sender: Option<FileSender>,
}

impl Service<Request<Incoming>> for Told {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        if let Some(sender) = &self.sender {
            request.extensions_mut().insert(sender.clone());
        }
        self.router.call(request)
    }
}

type Connection<I> = http1::Connection<TokioIo<Pin<Box<Stalling<Sending<I>>>>>, Told>;

fn connection<I>(io: I, peer: Peer, router: &Router, options: ServeOptions) -> Connection<I>
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let io = Sending::new(io);
    io.send_at_once();
    let sender = io.sender();
    let io = TokioIo::new(Box::pin(Stalling::new(io, options.stall_timeout)));
    let told = Told { router: TowerToHyperService::new(router.clone()), peer, sender };
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_buf_size(BUFFER_BYTES);
    if told.sender.is_some() {
        // What a body yields is written as it is: in one buffer with others it would have been copied.
        builder.writev(true);
    }
    builder.serve_connection(io, told)
}
