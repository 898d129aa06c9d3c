//! Some pieces of work that go on at once, driven by whoever waits for the next of them that is done.

use std::pin::Pin;
use std::task::Poll;

/// Work that is begun and not done.
pub(super) struct AtOnce<T> {
    going: Vec<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T> AtOnce<T> {
    pub(super) fn new() -> Self {
        Self { going: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.going.len()
    }

    pub(super) fn begin(&mut self, work: impl Future<Output = T> + Send + 'static) {
        self.going.push(Box::pin(work));
    }

    /// What one of them came to; `None` where there is none.
    pub(super) async fn next(&mut self) -> Option<T> {
        std::future::poll_fn(|context| {
            for place in 0..self.going.len() {
                if let Poll::Ready(done) = self.going[place].as_mut().poll(context) {
                    drop(self.going.swap_remove(place));
                    return Poll::Ready(Some(done));
                }
            }
            if self.going.is_empty() { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }
}
