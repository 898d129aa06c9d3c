//! Who has the loops go round: threads in a server, one scheduler in a simulation.
//!
//! Whatever goes on by itself (a log's writer, a partition's worker) is a [`Loop`] of bounded
//! steps that never wait. A [`Drive`] decides when each step is made, so the same code runs
//! on threads and under a scheduler that chooses the order by a seed.

use std::io;
use tokio::sync::oneshot;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something was done; there may be more.
    Worked,
    /// There is nothing to do before something happens elsewhere, or time passes.
    Idle,
    /// There will never be anything to do again.
    Ended,
}

/// Work without an end of its own, in bounded steps.
pub trait Loop: Send + 'static {
    /// Does one bounded piece of work. Waits for nothing but the disk and the stores.
    fn step(&mut self) -> Step;

    /// Waits until a step may find something to do; called after [`Step::Idle`].
    fn wait(&mut self);

    /// A step panicked. Tells whoever waits for this loop; it is not stepped again.
    fn broken(&mut self);
}

/// A loop that was started.
pub trait Driven: Send + 'static {
    /// Blocks until the loop has ended. Whoever calls this has made sure that it will.
    fn join(self: Box<Self>);
}

/// Has loops go round, and work that takes a while be done.
pub trait Drive: Send + Sync + 'static {
    /// Starts a loop; `name` is for the operator.
    ///
    /// # Errors
    /// What the system says where it gives no thread.
    fn start(&self, name: &str, work: Box<dyn Loop>) -> io::Result<Box<dyn Driven>>;

    /// Begins work that reads much or waits for others, and doesn't wait for it.
    fn begin(&self, work: Box<dyn FnOnce() + Send>);
}

/// Begins `work` and gives its result to whoever awaits it; `None` where it panicked.
pub fn apart<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
    drive: &dyn Drive,
    work: F,
) -> impl Future<Output = Option<T>> + Send + use<T, F> {
    let (done, result) = oneshot::channel();
    drive.begin(Box::new(move || {
        // Whoever wanted it may have gone.
        let _ = done.send(work());
    }));
    async { result.await.ok() }
}
