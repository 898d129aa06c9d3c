//! The loops of a process and what it began besides, one step at a time, by whoever holds the
//! seed.

use ledgerline_app::ports::{Drive, Driven, Loop, Step};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// The loops that were started and have not ended, and the work that was begun and not
/// done. Clones share them.
#[derive(Clone, Default)]
pub struct Stepper {
    loops: Arc<Mutex<Vec<Slot>>>,
    begun: Arc<Mutex<VecDeque<Work>>>,
}

type Work = Box<dyn FnOnce() + Send>;

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

    /// How many works were begun and are not done.
    #[must_use]
    pub fn begun(&self) -> usize {
        self.lock_begun().len()
    }

    /// Does the work at `place` among those that were begun, all of it. Says whether there
    /// is one.
    pub fn work(&self, place: usize) -> bool {
        // Taken out, for it may itself begin another.
        let work = self.lock_begun().remove(place);
        work.map(|work| work()).is_some()
    }

    /// Forgets everything, as the end of a process does.
    pub fn clear(&self) {
        let loops = std::mem::take(&mut *self.lock());
        let begun = std::mem::take(&mut *self.lock_begun());
        drop((loops, begun));
    }

    fn lock_begun(&self) -> MutexGuard<'_, VecDeque<Work>> {
        self.begun.lock().expect("no thread panics while it holds the works that were begun")
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

    fn begin(&self, work: Work) {
        self.lock_begun().push_back(work);
    }
}

impl Driven for Joining {
    fn join(self: Box<Self>) {
        if self.place >= self.stepper.lock().len() {
            // Its process has ended.
            return;
        }
        for _ in 0..STEPS_TO_END_MAX {
            match self.stepper.step(self.place) {
                Step::Ended => return,
                Step::Worked => {}
                // It waits for what was begun elsewhere, if for anything.
                Step::Idle => {
                    self.stepper.work(0);
                }
            }
        }
        panic!("{} was told to end and doesn't", self.stepper.name(self.place));
    }
}
