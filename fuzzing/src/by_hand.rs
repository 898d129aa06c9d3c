//! A loop that goes round when it is told to, on the caller's thread: the same input makes the
//! same steps each time, and a panic in one is the caller's.

use ledgerline_app::ports::drive::{Drive, Driven, Loop, Step};
use std::io;
use std::sync::{Arc, Mutex};

/// Holds the one loop that was started with it.
#[derive(Clone, Default)]
pub(crate) struct ByHand {
    work: Arc<Mutex<Option<Box<dyn Loop>>>>,
}

impl ByHand {
    /// Makes steps until there is nothing to do.
    pub(crate) fn go_round(&self) -> Step {
        let mut work = self.work.lock().expect("a panic ends the input's run");
        let work = work.as_mut().expect("a loop was started");
        loop {
            match work.step() {
                Step::Worked => {}
                other => return other,
            }
        }
    }
}

impl Drive for ByHand {
    fn start(&self, _: &str, work: Box<dyn Loop>) -> io::Result<Box<dyn Driven>> {
        let before = self.work.lock().expect("a panic ends the input's run").replace(work);
        assert!(before.is_none(), "one loop at a time");
        Ok(Box::new(self.clone()))
    }

    fn begin(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

impl Driven for ByHand {
    fn join(self: Box<Self>) {
        // While a panic goes on, the loop is of no interest any more.
        if !std::thread::panicking() {
            assert_eq!(self.go_round(), Step::Ended, "whoever waits has made sure of the end");
        }
    }
}
