//! Files that a connection has the system send.
//!
//! A body that knows in which file its bytes are owes them, and yields placeholders: slices of one region that
//! nothing else is in. Where the connection is to write such a slice, it has the system send as many bytes of the
//! file that is owed first, which so never come into this process.
//!
//! A placeholder never gets out itself. It is known by its address; whoever copied it before it is written would
//! owe a file and write zeros, and neither heads nor sizes of chunks have any: then the connection breaks.

use std::any::Any;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use ledgerline_app::delivery::origin::FileSpan;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::system;

/// The most bytes that are owed by one placeholder.
pub(crate) const SPAN_BYTES_MAX: u64 = REGION_BYTES as u64;
const REGION_BYTES: usize = 1 << 20;
/// So many spans are owed at once; the connection's own queue is shorter.
const OWED_MAX: usize = 64;

/// Zeros that nobody reads, so that the system gives no memory for them.
fn region() -> &'static [u8] {
    static REGION: LazyLock<&'static [u8]> = LazyLock::new(|| Vec::leak(vec![0; REGION_BYTES]));
    &REGION
}

fn is_placeholder(bytes: &[u8]) -> bool {
    !bytes.is_empty() && region().as_ptr_range().contains(&bytes.as_ptr())
}

/// Is told what a socket took of a file.
pub(crate) trait Taker: Send + Sync + 'static {
    /// So many bytes more.
    fn taken(&self, bytes: u64);
}

/// What sends files on one connection; a request has it among its extensions where its connection can.
#[derive(Clone)]
pub(crate) struct FileSender {
    owed: Arc<Mutex<VecDeque<Owed>>>,
}

struct Owed {
    file: Arc<File>,
    at: u64,
    left: u64,
    began: bool,
    taker: Arc<dyn Taker>,
}

impl FileSender {
    /// Owes some bytes of a file, [`SPAN_BYTES_MAX`] at most: what a body has to yield in their place, next and
    /// as it is. Whoever takes them is let go once the socket has taken the last.
    ///
    /// # Errors
    /// Far too much is owed already, or at once, or nothing: the body has to fail.
    pub(crate) fn owe(&self, span: FileSpan, taker: Arc<dyn Taker>) -> io::Result<Bytes> {
        let length = usize::try_from(span.bytes).unwrap_or(usize::MAX);
        let placeholder = region().get(..length).filter(|slice| !slice.is_empty());
        let placeholder = placeholder.ok_or_else(|| wrong("a span of no possible length"))?;
        let mut owed = lock(&self.owed);
        if owed.len() >= OWED_MAX {
            return Err(wrong("more files are owed than are taken"));
        }
        let FileSpan { file, at, bytes } = span;
        owed.push_back(Owed { file, at, left: bytes, began: false, taker });
        Ok(Bytes::from_static(placeholder))
    }
}

fn lock(owed: &Mutex<VecDeque<Owed>>) -> MutexGuard<'_, VecDeque<Owed>> {
    owed.lock().expect("no holder panics")
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A connection that sends what is owed where placeholders are written. Any IO can be one; only a TCP stream of the
/// system's sends files.
pub(super) struct Sending<I> {
    io: I,
    sender: Option<FileSender>,
    broken: bool,
}

impl<I: 'static> Sending<I> {
    pub(super) fn new(io: I) -> Self {
        let sender = (system::SENDS && stream(&io).is_some())
            .then(|| FileSender { owed: Arc::new(Mutex::new(VecDeque::new())) });
        Self { io, sender, broken: false }
    }

    /// Has the system not wait for an acknowledgement before it sends what fills no packet: an answer is written
    /// in few pieces, and its last one ends it.
    pub(super) fn send_at_once(&self) {
        if let Some(Err(error)) = stream(&self.io).map(|stream| stream.set_nodelay(true)) {
            tracing::debug!(%error, "a connection may wait for acknowledgements");
        }
    }

    /// What owes files here; `None` where none can be sent.
    pub(super) fn sender(&self) -> Option<FileSender> {
        self.sender.clone()
    }

    /// Refuses what can't stand before what is owed.
    fn check(&mut self, plain: &[IoSlice<'_>]) -> io::Result<()> {
        let Some(sender) = &self.sender else { return Ok(()) };
        let owed = lock(&sender.owed);
        let Some(first) = owed.front() else { return Ok(()) };
        if first.began {
            return Err(wrong("other bytes stand amid those of a file"));
        }
        if plain.iter().any(|slice| memchr::memchr(0, slice).is_some()) {
            return Err(wrong("placeholders were copied"));
        }
        Ok(())
    }

    fn poll_send(&mut self, context: &mut Context<'_>, most: usize) -> Poll<io::Result<usize>> {
        let (Some(sender), Some(stream)) = (&self.sender, stream(&self.io)) else {
            return Poll::Ready(Err(wrong("a placeholder where no file can be sent")));
        };
        let mut owed = lock(&sender.owed);
        let Some(first) = owed.front_mut() else {
            return Poll::Ready(Err(wrong("a placeholder, and nothing is owed")));
        };
        let most = usize::try_from(first.left).unwrap_or(usize::MAX).min(most);
        let send = || system::send(stream, &first.file, first.at, most);
        let sent = match ready!(poll_socket(stream, context, send))? {
            0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            sent => sent,
        };
        let bytes = sent as u64;
        (first.began, first.at, first.left) = (true, first.at + bytes, first.left - bytes);
        first.taker.taken(bytes);
        let done = if first.left == 0 { owed.pop_front() } else { None };
        // Whoever took it may have something to do at its end.
        drop(owed);
        drop(done);
        Poll::Ready(Ok(sent))
    }

    /// Writes what stands before a placeholder.
    fn poll_write_head(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(stream) = stream(&self.io) else {
            return Poll::Ready(Err(wrong("a placeholder where no file can be sent")));
        };
        poll_socket(stream, context, || system::write_before_more(stream, slices))
    }

    /// Nothing is written behind what went wrong.
    fn breaking<T>(&mut self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(_)) = written {
            self.broken = true;
        }
        written
    }
}

/// Does something with a socket that takes bytes, once it takes any.
fn poll_socket(
    stream: &TcpStream,
    context: &mut Context<'_>,
    mut write: impl FnMut() -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_write_ready(context))?;
        match stream.try_io(Interest::WRITABLE, &mut write) {
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {}
                _ => return Poll::Ready(Err(error)),
            },
            written => return Poll::Ready(written),
        }
    }
}

fn stream<I: 'static>(io: &I) -> Option<&TcpStream> {
    (io as &dyn Any).downcast_ref()
}

impl<I: AsyncRead + Unpin> AsyncRead for Sending<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin + 'static> AsyncWrite for Sending<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    /// Writes the bytes before the first placeholder, or sends for the placeholders that it begins with.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let filled = slices.iter().position(|slice| !slice.is_empty()).unwrap_or(slices.len());
        let slices = &slices[filled..];
        let plain = slices.iter().position(|slice| is_placeholder(slice)).unwrap_or(slices.len());
        let written = if plain == 0 && !slices.is_empty() {
            let run = slices.iter().take_while(|slice| slice.is_empty() || is_placeholder(slice));
            this.poll_send(context, run.map(|slice| slice.len()).sum())
        } else {
            match this.check(&slices[..plain]) {
                Ok(()) if plain < slices.len() => this.poll_write_head(context, &slices[..plain]),
                Ok(()) => Pin::new(&mut this.io).poll_write_vectored(context, &slices[..plain]),
                Err(error) => Poll::Ready(Err(error)),
            }
        };
        this.breaking(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
