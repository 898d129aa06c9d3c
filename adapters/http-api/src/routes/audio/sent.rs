//! The bodies of audio, and what is noted of them.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use futures_util::stream;
use hyper::body::{Frame, SizeHint};
use ledgerline_app::delivery::origin::{FileSpan, OriginError, Reading};
use tokio::sync::OwnedSemaphorePermit;

use crate::outside::SentAudio;
use crate::router::Service;
use crate::serve::{FileSender, SPAN_BYTES_MAX, Taker, in_memory};

/// Bytes on their way, and what is noted of them when they have gone, or the client has.
pub(super) struct Sent {
    pub service: Arc<Service>,
    /// Without its bytes.
    pub line: SentAudio,
    /// How many went out: of a file, those that the socket took; else those that the connection did.
    pub bytes: AtomicU64,
    pub _place: OwnedSemaphorePermit,
}

impl Taker for Sent {
    fn taken(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Sent {
    /// The body with what is to be read. The first bytes are there before anything is said, so that what is broken
    /// is no 200.
    ///
    /// # Errors
    /// They aren't.
    pub async fn body(
        self,
        mut reading: Reading,
        sender: Option<&FileSender>,
    ) -> Result<Body, OriginError> {
        let left = reading.left();
        if let Some(sender) = sender
            && let Some(span) = next_span(&mut reading).await?
        {
            let (sender, sent) = (sender.clone(), Arc::new(self));
            return Ok(Body::new(FileBody { sender, sent, left, next: Next::Here(span, reading) }));
        }
        let Some(first) = reading.next().await? else { return Ok(Body::empty()) };
        if reading.left() == 0 {
            self.taken(first.len() as u64);
            return Ok(Body::from(first));
        }
        Ok(self.chunks(first, reading))
    }

    /// One chunk is with the connection and one with us: whoever is slow holds no more.
    fn chunks(self, first: Bytes, reading: Reading) -> Body {
        let stream =
            stream::try_unfold((self, Some(first), reading), async |(sent, first, mut reading)| {
                let next = match first {
                    Some(first) => Some(first),
                    None => reading.next().await.inspect_err(broke_off)?,
                };
                Ok::<_, OriginError>(next.map(|bytes| {
                    sent.taken(bytes.len() as u64);
                    (bytes, (sent, None, reading))
                }))
            });
        Body::from_stream(stream)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.line.bytes = *self.bytes.get_mut();
        let metrics = self.service.deployment.delivery().metrics();
        metrics.sent_bytes.fetch_add(self.line.bytes, Ordering::Relaxed);
        if let Some(log) = self.service.outside.sent_audio.as_ref().filter(|_| self.line.bytes > 0)
        {
            log.note(&self.line);
        }
    }
}

fn broke_off(error: &OriginError) {
    tracing::error!(%error, "audio broke off");
}

/// A body of which the system sends the bytes.
struct FileBody {
    sender: FileSender,
    sent: Arc<Sent>,
    left: u64,
    next: Next,
}

/// The next span of a file, and what comes behind it.
type Sought = Result<(FileSpan, Reading), OriginError>;

enum Next {
    Here(FileSpan, Reading),
    Sought(Pin<Box<dyn Future<Output = Sought> + Send>>),
    None,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let (span, reading) = match std::mem::replace(&mut this.next, Next::None) {
            Next::None => return Poll::Ready(None),
            Next::Here(span, reading) => (span, reading),
            Next::Sought(mut seeking) => {
                let Poll::Ready(sought) = seeking.as_mut().poll(context) else {
                    this.next = Next::Sought(seeking);
                    return Poll::Pending;
                };
                match sought.inspect_err(broke_off) {
                    Ok(sought) => sought,
                    Err(error) => return Poll::Ready(Some(Err(error.into()))),
                }
            }
        };
        this.left = this.left.saturating_sub(span.bytes);
        if reading.left() > 0 {
            this.next = Next::Sought(Box::pin(seek(reading)));
        }
        let owed = this.sender.owe(span, this.sent.clone());
        Poll::Ready(Some(owed.map(Frame::data).map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

async fn seek(mut reading: Reading) -> Result<(FileSpan, Reading), OriginError> {
    match next_span(&mut reading).await? {
        Some(span) => Ok((span, reading)),
        // The beginning was in a file.
        None => Err(OriginError::Disk(Arc::new(io::ErrorKind::NotFound.into()))),
    }
}

/// The next bytes in a file, if they are in one; in memory, so that whoever has the system send them doesn't wait
/// for a disk and hold up all that its thread has to do.
async fn next_span(reading: &mut Reading) -> Result<Option<FileSpan>, OriginError> {
    let Some(span) = reading.next_in_file(SPAN_BYTES_MAX).await? else { return Ok(None) };
    if !in_memory(&span.file, span.at, span.bytes) {
        let FileSpan { file, at, bytes } = span.clone();
        let read = tokio::task::spawn_blocking(move || read_through(&file, at, bytes)).await;
        let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
        read.map_err(|error| OriginError::Disk(Arc::new(error)))?;
    }
    Ok(Some(span))
}

fn read_through(file: &std::fs::File, at: u64, bytes: u64) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    let end = at + bytes;
    let mut at = at;
    while at < end {
        let most = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
        file.read_exact_at(&mut buffer[..most], at)?;
        at += most as u64;
    }
    Ok(())
}
