//! What is left of a body when its request was already answered.
//!
//! A client that is still sending when the connection closes sees a reset, and never reads why
//! it was refused. So the rest of a body is read and thrown away for a while, beside the answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

/// The most bytes that are thrown away: twice the largest body.
const BYTES_MAX: usize = 16 << 20;

/// How long it is done at most: as long as a body that is wanted may take. With many clients at
/// once each sends slowly, and one that is cut off would never read that it is to come later.
const TIME_MAX: Duration = Duration::from_secs(30);

/// A body of which the rest is thrown away when it is dropped.
pub(crate) struct Lingering {
    body: Option<Body>,
}

impl Lingering {
    pub(crate) fn wrap(body: Body) -> Body {
        if body.is_end_stream() { body } else { Body::new(Self { body: Some(body) }) }
    }
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| !body.is_end_stream());
        if let (Some(body), Ok(runtime)) = (body, tokio::runtime::Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(TIME_MAX, throw_away(body)));
        }
    }
}

async fn throw_away(mut body: Body) {
    let mut bytes = 0;
    while let Some(Ok(frame)) = next_frame(&mut body).await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes > BYTES_MAX {
            return;
        }
    }
}

/// The next frame of a body.
pub(crate) async fn next_frame(body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
    std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_client_that_is_still_sending_reads_the_answer() {
        let router = Router::new()
            .route("/", post(|| async { "refused" }))
            .layer(from_fn(crate::guard::outermost));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let server = tokio::spawn(crate::serve(listener, router, std::future::pending()));
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let body = vec![b'x'; 10 << 20];
        let length = body.len();
        let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("it reads");
        stream.write_all(&body).await.expect("it reads all of the body, though it needs none");
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.expect("it answers");
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        server.abort();
    }
}
