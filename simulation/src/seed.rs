//! One run, from its seed to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

use crate::nodes::Nodes;
use crate::world::{Found, World, Wrong};

/// Runs seeds.
pub struct Simulator {
    runtime: Arc<Runtime>,
}

/// A run that went wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What went wrong.
    pub why: String,
    /// The last lines of its trace.
    pub last_lines: Vec<String>,
}

impl Simulator {
    /// A simulator; it needs no thread besides the one that runs it.
    ///
    /// # Panics
    /// Where the system gives no runtime.
    #[must_use]
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().build();
        Self { runtime: Arc::new(runtime.expect("a runtime without timers and sockets")) }
    }

    /// Runs a seed in the world of one machine; `printed` says whether every line of its trace is
    /// printed.
    ///
    /// # Errors
    /// What went wrong.
    pub fn run(&self, seed: u64, printed: bool) -> Result<Found, Failure> {
        let mut world = World::new(seed, self.runtime.clone(), printed);
        let run = catch_unwind(AssertUnwindSafe(|| world.run()));
        let why = match outcome(run) {
            Ok(found) => return Ok(found),
            Err(why) => why,
        };
        if printed {
            world.log_lines().iter().for_each(|line| println!("{line}"));
        }
        let last_lines = world.trace().last_lines();
        // A world that panicked may hold broken locks, which its drop would trip over.
        std::mem::forget(world);
        Err(Failure { seed, why, last_lines })
    }

    /// Runs a seed in the world of several nodes.
    ///
    /// # Errors
    /// What went wrong.
    pub fn run_nodes(&self, seed: u64, printed: bool) -> Result<Found, Failure> {
        let mut world = Nodes::new(seed, self.runtime.clone(), printed);
        let run = catch_unwind(AssertUnwindSafe(|| world.run()));
        let why = match outcome(run) {
            Ok(found) => return Ok(found),
            Err(why) => why,
        };
        let last_lines = world.trace().last_lines();
        std::mem::forget(world);
        Err(Failure { seed, why, last_lines })
    }
}

/// A panic is one way to go wrong.
fn outcome(run: std::thread::Result<Result<Found, Wrong>>) -> Result<Found, Wrong> {
    run.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

impl Default for Simulator {
    fn default() -> Self {
        Self::new()
    }
}
