//! The loops of a process, stepped one at a time by whoever holds the seed.

use ledgerline_app::ports::{Drive, Driven, Loop, Step};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// The loops that were started and have not ended. Clones share them.
#[derive(Clone, Default)]
pub struct Stepper {
    loops: Arc<Mutex<Vec<Slot>>>,
}

struct Slot {
    name: String,
    /// `None` while it is being stepped, and once it has ended.
    work: Option<Box<dyn Loop>>,
}

struct Joining {
    stepper: Stepper,
    place: usize,
}

/// A loop that was told to end does so within this many steps.
const STEPS_TO_END_MAX: u32 = 100_000;

impl Stepper {
    /// The places of the loops that have not ended.
    #[must_use]
    pub fn going(&self) -> Vec<usize> {
        let loops = self.lock();
        (0..loops.len()).filter(|place| loops[*place].work.is_some()).collect()
    }

    /// The name of the loop at `place`.
    #[must_use]
    pub fn name(&self, place: usize) -> String {
        self.lock()[place].name.clone()
    }

    /// Steps the loop at `place`.
    pub fn step(&self, place: usize) -> Step {
        // Taken out, for a step may itself start or join a loop.
        let Some(mut work) = self.lock()[place].work.take() else { return Step::Ended };
        let step = work.step();
        if step != Step::Ended {
            self.lock()[place].work = Some(work);
        }
        step
    }

    /// Forgets all loops, as the end of a process does.
    pub fn clear(&self) {
        let loops = std::mem::take(&mut *self.lock());
        drop(loops);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.loops.lock().expect("no thread panics while it holds the list of loops")
    }
}

impl Drive for Stepper {
    fn start(&self, name: &str, work: Box<dyn Loop>) -> io::Result<Box<dyn Driven>> {
        let mut loops = self.lock();
        loops.push(Slot { name: name.to_owned(), work: Some(work) });
        Ok(Box::new(Joining { stepper: self.clone(), place: loops.len() - 1 }))
    }

    /// Does the work at once: nothing else goes on meanwhile.
    fn begin(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

impl Driven for Joining {
    fn join(self: Box<Self>) {
        if self.place >= self.stepper.lock().len() {
            // Its process has ended.
            return;
        }
        for _ in 0..STEPS_TO_END_MAX {
            if self.stepper.step(self.place) == Step::Ended {
                return;
            }
        }
        panic!("{} was told to end and doesn't", self.stepper.name(self.place));
    }
}
