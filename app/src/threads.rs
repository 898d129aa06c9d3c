//! Loops on threads of their own: how a server runs.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use crate::ports::drive::{Drive, Driven, Loop, Step};

/// A thread for each loop. Work that is begun goes to the runtime's threads for blocking
/// work, so [`Drive::begin`] must be called within a runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct Threads;

struct Thread(JoinHandle<()>);

impl Drive for Threads {
    fn start(&self, name: &str, mut work: Box<dyn Loop>) -> io::Result<Box<dyn Driven>> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // A broken invariant stops this loop and says so; it doesn't leave a thread
            // missing that everybody waits for.
            if catch_unwind(AssertUnwindSafe(|| go_round(&mut *work))).is_err() {
                work.broken();
            }
        })?;
        Ok(Box::new(Thread(thread)))
    }

    fn begin(&self, work: Box<dyn FnOnce() + Send>) {
        // Its result goes another way.
        drop(tokio::task::spawn_blocking(work));
    }
}

impl Driven for Thread {
    fn join(self: Box<Self>) {
        // A loop that panicked was told.
        let _ = self.0.join();
    }
}

fn go_round(work: &mut dyn Loop) {
    loop {
        match work.step() {
            Step::Worked => {}
            Step::Idle => work.wait(),
            Step::Ended => return,
        }
    }
}
