//! Giving up on a call in its midst, without a clock.

use std::pin::pin;
use std::task::Poll;

/// Polls `future` at most `times` times; `None` where it was not done by then and is dropped.
pub async fn given_up_after<F: Future>(times: u64, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    std::future::poll_fn(|context| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
