//! Connections: their limits, and how they end.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use ledgerline_http_api::serve::{ServeOptions, serve_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// Far longer than anything here takes; only to end a test that would hang.
const PATIENCE: Duration = Duration::from_secs(20);

const ENOUGH: ServeOptions = ServeOptions {
    connections_max: 8,
    head_timeout: PATIENCE,
    stall_timeout: PATIENCE,
    grace: PATIENCE,
};

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

async fn start(router: Router, options: ServeOptions) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { drop(stopped.await) };
    let served = tokio::spawn(serve_with(listener, router, shutdown, options));
    Server { address, stop, served }
}

impl Server {
    async fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        stream.write_all(bytes.as_bytes()).await.expect("it reads");
        stream
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        let served = tokio::time::timeout(PATIENCE, self.served).await;
        served.expect("it ends").expect("it doesn't panic");
    }
}

/// Everything that comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("the server closes");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer with a body of two bytes, `ok`.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\nok") {
        let mut bytes = [0; 1024];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await;
        let count = read.expect("it answers").expect("it answers");
        assert!(count > 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&bytes[..count]).expect("ASCII"));
    }
    text
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn requests_under_way_are_answered_and_idle_connections_closed() {
    let (began, go_on) = (std::sync::Arc::new(Notify::new()), std::sync::Arc::new(Notify::new()));
    let slow = {
        let (began, go_on) = (began.clone(), go_on.clone());
        move || async move {
            began.notify_one();
            go_on.notified().await;
            "ok"
        }
    };
    let router = Router::new().route("/", get(|| async { "ok" })).route("/slow", get(slow));
    let server = start(router, ENOUGH).await;
    let mut idle = server.send(GET).await;
    answer(&mut idle).await;
    let mut busy = server.send(&GET.replace("/ ", "/slow ")).await;
    began.notified().await;
    let address = server.address;
    let stopping = tokio::spawn(server.stop());
    assert_eq!(rest(&mut idle).await, "", "an idle connection is closed at once");
    assert!(TcpStream::connect(address).await.is_err(), "nothing more is accepted");
    go_on.notify_one();
    let answered = rest(&mut busy).await;
    assert!(answered.ends_with("ok") && answered.contains("200 OK"), "{answered}");
    stopping.await.expect("it stops");
}

#[tokio::test]
async fn requests_that_outlast_their_grace_are_ended() {
    let began = std::sync::Arc::new(Notify::new());
    let endless = {
        let began = began.clone();
        move || async move {
            began.notify_one();
            std::future::pending::<&'static str>().await
        }
    };
    let options = ServeOptions { grace: Duration::from_millis(50), ..ENOUGH };
    let server = start(Router::new().route("/", get(endless)), options).await;
    let mut stuck = server.send(GET).await;
    began.notified().await;
    server.stop().await;
    assert_eq!(rest(&mut stuck).await, "");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_given_up() {
    let options = ServeOptions { head_timeout: Duration::from_millis(50), ..ENOUGH };
    let server = start(Router::new().route("/", get(|| async { "ok" })), options).await;
    let mut slow = server.send("GET / HTTP/1.1\r\nhost: x\r\n").await;
    assert_eq!(rest(&mut slow).await, "");
    let mut silent = server.send("").await;
    assert_eq!(rest(&mut silent).await, "");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_given_up() {
    let options = ServeOptions { stall_timeout: Duration::from_millis(100), ..ENOUGH };
    let large = || async { Body::from(vec![b'x'; 64 << 20]) };
    let router = Router::new().route("/large", get(large)).route("/", get(|| async { "ok" }));
    let server = start(router, ServeOptions { connections_max: 1, ..options }).await;
    let mut stalled = server.send(&GET.replace("/ ", "/large ")).await;
    // The only place is free again once the first client is given up.
    let mut next = server.send(GET).await;
    answer(&mut next).await;
    assert!(rest(&mut stalled).await.len() < 64 << 20);
    drop(next);
    server.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let options = ServeOptions { connections_max: 1, ..ENOUGH };
    let server = start(Router::new().route("/", get(|| async { "ok" })), options).await;
    let mut first = server.send(GET).await;
    answer(&mut first).await;
    let mut second = server.send(GET).await;
    let early = tokio::time::timeout(Duration::from_millis(100), second.read_u8()).await;
    assert!(early.is_err(), "it is not served beside the first");
    drop(first);
    answer(&mut second).await;
    drop(second);
    server.stop().await;
}
