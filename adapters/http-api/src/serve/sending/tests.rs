//! Bytes of files over real sockets, held against the files.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use ledgerline_app::delivery::origin::FileSpan;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{FileSender, Taker, is_placeholder};

/// Only to end a test that would hang.
const PATIENCE: Duration = Duration::from_secs(60);
const FILE_BYTES: usize = 5 << 20;

/// A file without any zero.
fn contents() -> Vec<u8> {
    (0..FILE_BYTES).map(|at| (at % 251 + at / 65_536 % 4 + 1).to_le_bytes()[0]).collect()
}

fn file(bytes: &[u8]) -> Arc<File> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("writes");
    Arc::new(file)
}

/// How a request wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// With a length.
    Sized,
    /// In chunks, which have no length in the head.
    Chunked,
    /// Not at all, but for the head.
    Head,
    /// From memory, with zeros.
    Memory,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    kind: Kind,
    from: usize,
    bytes: usize,
    /// How much is owed at once.
    span: usize,
}

struct Served {
    file: Arc<File>,
    /// What sockets took, each time somebody stopped sending.
    ended: UnboundedSender<u64>,
}

struct Count {
    taken: AtomicU64,
    ended: UnboundedSender<u64>,
}

impl Taker for Count {
    fn taken(&self, bytes: u64) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        let _ = self.ended.send(*self.taken.get_mut());
    }
}

/// A body in spans of one length.
struct Spans {
    sender: FileSender,
    file: Arc<File>,
    at: u64,
    left: u64,
    span: u64,
    sized: bool,
    count: Arc<Count>,
}

impl HttpBody for Spans {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let bytes = self.span.min(self.left);
        if bytes == 0 {
            return Poll::Ready(None);
        }
        let span = FileSpan { file: self.file.clone(), at: self.at, bytes };
        (self.at, self.left) = (self.at + bytes, self.left - bytes);
        let owed = self.sender.owe(span, self.count.clone());
        Poll::Ready(Some(owed.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        if self.sized { SizeHint::with_exact(self.left) } else { SizeHint::default() }
    }
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response {
    let words: Vec<&str> = request.uri().path().split('/').skip(1).collect();
    let number = |place: usize| words[place].parse::<u64>().expect("a number");
    let (from, bytes, span) = (number(1), number(2), number(3));
    if words[0] == "memory" {
        return vec![0_u8; usize::try_from(bytes).expect("small")].into_response();
    }
    let sender: &FileSender = request.extensions().get().expect("the connection sends files");
    let count = Count { taken: AtomicU64::new(0), ended: served.ended.clone() };
    let sized = words[0] == "sized";
    let body = Spans {
        sender: sender.clone(),
        file: served.file.clone(),
        at: from,
        left: bytes,
        span,
        sized,
        count: Arc::new(count),
    };
    let mut response = Body::new(body).into_response();
    if sized {
        response.headers_mut().insert(header::CONTENT_LENGTH, bytes.into());
    }
    response
}

async fn start(file: Arc<File>) -> (SocketAddr, UnboundedReceiver<u64>) {
    let (ended, counts) = unbounded_channel();
    let router = Router::new().fallback(answer).with_state(Arc::new(Served { file, ended }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(crate::serve(listener, router, std::future::pending()));
    (address, counts)
}

/// A client that reads so many bytes at once, into little memory of the system's.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
    step: usize,
}

impl Client {
    async fn connect(address: SocketAddr, step: usize) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(32 << 10).expect("it is as small as that");
        let stream = socket.connect(address).await.expect("it listens");
        Self { stream, read: Vec::new(), step }
    }

    async fn ask(&mut self, asked: &Asked, version: &str) {
        let Asked { kind, from, bytes, span } = *asked;
        let (method, kind) = match kind {
            Kind::Sized => ("GET", "sized"),
            Kind::Chunked => ("GET", "chunked"),
            Kind::Head => ("HEAD", "sized"),
            Kind::Memory => ("GET", "memory"),
        };
        let head =
            format!("{method} /{kind}/{from}/{bytes}/{span} HTTP/{version}\r\nhost: x\r\n\r\n");
        self.stream.write_all(head.as_bytes()).await.expect("it reads");
    }

    /// False where the server has closed.
    async fn more(&mut self) -> bool {
        let mut buffer = vec![0; self.step];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut buffer)).await;
        let read = read.expect("it goes on").unwrap_or(0);
        self.read.extend_from_slice(&buffer[..read]);
        read > 0
    }

    async fn take(&mut self, bytes: usize) -> Vec<u8> {
        while self.read.len() < bytes {
            assert!(self.more().await, "closed after {} bytes of {bytes}", self.read.len());
        }
        let rest = self.read.split_off(bytes);
        std::mem::replace(&mut self.read, rest)
    }

    async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\r\n") {
                let line = self.take(end + 2).await;
                return String::from_utf8(line[..end].to_vec()).expect("a line of text");
            }
            assert!(self.more().await, "closed amid a line");
        }
    }

    async fn head(&mut self) -> Vec<String> {
        let mut lines = vec![self.line().await];
        while lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(self.line().await);
        }
        lines
    }

    /// The body of the answer to a request.
    async fn body(&mut self, asked: &Asked) -> Vec<u8> {
        let head = self.head().await;
        assert!(head[0].ends_with("200 OK"), "{head:?}");
        if asked.kind == Kind::Head {
            return Vec::new();
        }
        if asked.kind != Kind::Chunked {
            let length = format!("content-length: {}", asked.bytes);
            assert!(head.contains(&length), "{head:?}");
            return self.take(asked.bytes).await;
        }
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line().await, 16).expect("a size");
            body.extend(self.take(size).await);
            assert_eq!(self.line().await, "");
            if size == 0 {
                return body;
            }
        }
    }
}

fn expected(asked: &Asked, contents: &[u8]) -> Vec<u8> {
    match asked.kind {
        Kind::Sized | Kind::Chunked => contents[asked.from..asked.from + asked.bytes].to_vec(),
        Kind::Head => Vec::new(),
        Kind::Memory => vec![0; asked.bytes],
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// Requests one after another on one connection, sent one by one or all at once.
async fn exchange(address: SocketAddr, all: &[Asked], step: usize, at_once: bool, bytes: &[u8]) {
    let mut client = Client::connect(address, step).await;
    if at_once {
        for asked in all {
            client.ask(asked, "1.1").await;
        }
    }
    for asked in all {
        if !at_once {
            client.ask(asked, "1.1").await;
        }
        let got = client.body(asked).await;
        assert!(got == expected(asked, bytes), "other bytes, step {step}: {asked:?} of {all:?}");
    }
}

#[test]
fn every_size_comes_as_it_is_in_the_file() {
    let sizes = [1, 2, 511, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1];
    let spans = [1 << 20, 300_000, 65_536];
    block_on(async {
        let contents = contents();
        let (address, _counts) = start(file(&contents)).await;
        for (from, step) in [(0, 1 << 20), (1, 50_000), (4_096, 4_096), (700_001, 1_500)] {
            for span in spans {
                for kind in [Kind::Sized, Kind::Chunked] {
                    let asked = |bytes| Asked { kind, from, bytes, span };
                    let all: Vec<Asked> = sizes.into_iter().map(asked).collect();
                    exchange(address, &all, step, false, &contents).await;
                }
            }
        }
        let whole = Asked { kind: Kind::Sized, from: 0, bytes: FILE_BYTES, span: 1 << 20 };
        exchange(address, &[whole, whole], 9_999, true, &contents).await;
    });
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let kinds = prop::sample::select(vec![
        Kind::Sized,
        Kind::Sized,
        Kind::Chunked,
        Kind::Head,
        Kind::Memory,
    ]);
    let bytes = prop_oneof![1..200_usize, 1..200_000_usize, 1..3_000_000_usize];
    let span = prop_oneof![20_000..200_000_usize, Just(1 << 20)];
    (kinds, 0..FILE_BYTES, bytes, span).prop_map(|(kind, from, bytes, span)| {
        // Small bodies may be in small spans.
        let span = if bytes < 200 { span % 7 + 1 } else { span };
        Asked { kind, from, bytes: bytes.min(FILE_BYTES - from), span }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_requests_on_one_connection_get_their_bytes(
        all in prop::collection::vec(any_asked(), 1..8),
        step in prop_oneof![500..5_000_usize, 5_000..400_000_usize],
        at_once in any::<bool>(),
    ) {
        block_on(async {
            let contents = contents();
            let (address, _counts) = start(file(&contents)).await;
            exchange(address, &all, step, at_once, &contents).await;
        });
    }
}

#[test]
fn an_old_client_gets_the_bytes_and_the_end() {
    block_on(async {
        let contents = contents();
        let (address, _counts) = start(file(&contents)).await;
        for kind in [Kind::Sized, Kind::Chunked] {
            let asked = Asked { kind, from: 77, bytes: 1_300_000, span: 400_000 };
            let mut client = Client::connect(address, 30_000).await;
            client.ask(&asked, "1.0").await;
            client.head().await;
            while client.more().await {}
            assert!(client.read == contents[77..1_300_077], "{kind:?}");
        }
    });
}

#[test]
fn who_leaves_amid_a_body_is_counted_for_what_the_socket_took() {
    block_on(async {
        let contents = contents();
        let (address, mut counts) = start(file(&contents)).await;
        let asked = Asked { kind: Kind::Sized, from: 0, bytes: FILE_BYTES, span: 1 << 20 };
        let mut client = Client::connect(address, 10_000).await;
        client.ask(&asked, "1.1").await;
        client.head().await;
        let got = client.take(100_000).await;
        assert!(got == contents[..100_000]);
        drop(client);
        let taken = tokio::time::timeout(PATIENCE, counts.recv()).await;
        let taken = taken.expect("it is let go").expect("it is told");
        assert!((100_000..=FILE_BYTES as u64).contains(&taken), "{taken}");
        exchange(address, &[asked], 100_000, false, &contents).await;
        let taken = tokio::time::timeout(PATIENCE, counts.recv()).await;
        assert_eq!(taken.expect("it ends"), Some(FILE_BYTES as u64));
    });
}

#[test]
fn a_file_that_became_shorter_breaks_the_connection_off() {
    block_on(async {
        let contents = contents();
        for (end, span) in [(3_000_000, 1 << 20), (3_000_001, 65_536), (10, 1 << 20), (0, 9_999)] {
            let file = file(&contents);
            let (address, _counts) = start(file.clone()).await;
            file.set_len(end).expect("it is ours");
            let asked = Asked { kind: Kind::Sized, from: 7, bytes: 4 << 20, span };
            let mut client = Client::connect(address, 10_000).await;
            client.ask(&asked, "1.1").await;
            client.head().await;
            while client.more().await {}
            let end = usize::try_from(end).expect("small").max(7);
            let got = client.read.len();
            assert_eq!(got, end - 7, "what is there, and nothing behind it");
            assert!(client.read == contents[7..end], "other bytes");
        }
    });
}

#[test]
fn what_is_no_tcp_stream_sends_no_files() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).expect("binds");
        let told =
            async |request: Request| request.extensions().get::<FileSender>().is_some().to_string();
        let router = Router::new().fallback(told);
        tokio::spawn(crate::serve(listener, router, std::future::pending()));
        let mut stream = UnixStream::connect(&path).await.expect("it listens");
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        assert!(answer.ends_with("\r\n\r\nfalse"), "{answer}");
    });
}

/// Whatever copies bodies before they are written, or writes them in another order, breaks the connection.
#[test]
fn a_copy_of_a_placeholder_is_never_written() {
    /// What is done to a body on its way.
    async fn served(change: fn(Bytes) -> Bytes) -> Vec<u8> {
        let file = file(&contents());
        let copying = move |request: Request| {
            let file = file.clone();
            async move {
                let sender: &FileSender = request.extensions().get().expect("it sends files");
                let (ended, _) = unbounded_channel();
                let count = Count { taken: AtomicU64::new(0), ended };
                let span = FileSpan { file, at: 0, bytes: 1_000 };
                let owed = sender.owe(span, Arc::new(count)).expect("it is owed");
                assert!(is_placeholder(&owed));
                change(owed)
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let router = Router::new().fallback(copying);
        tokio::spawn(crate::serve(listener, router, std::future::pending()));
        let mut client = Client::connect(address, 10_000).await;
        client.stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("it reads");
        while client.more().await {}
        client.read
    }
    block_on(async {
        let right = served(|owed| owed).await;
        assert!(right.ends_with(&contents()[..1_000]));
        let wrong: [fn(Bytes) -> Bytes; 3] = [
            |owed| Bytes::from(owed.to_vec()),
            |owed| Bytes::from([b"x", &owed[..]].concat()),
            |owed| Bytes::from(owed[..1].to_vec()),
        ];
        for change in wrong {
            let got = served(change).await;
            assert!(!got.contains(&0), "{:?}", String::from_utf8_lossy(&got));
        }
    });
}

#[test]
fn no_more_is_owed_than_a_connection_takes() {
    let sender = FileSender { owed: Arc::default() };
    let file = file(b"0123456789");
    let (ended, _counts) = unbounded_channel();
    let count = Arc::new(Count { taken: AtomicU64::new(0), ended });
    let span = |bytes| FileSpan { file: file.clone(), at: 0, bytes };
    for bytes in [0, super::SPAN_BYTES_MAX + 1, u64::MAX] {
        sender.owe(span(bytes), count.clone()).expect_err("no such span");
    }
    for _ in 0..super::OWED_MAX {
        assert_eq!(sender.owe(span(10), count.clone()).expect("it is owed").len(), 10);
    }
    sender.owe(span(10), count.clone()).expect_err("nobody takes them");
}
