//! The whole product, run by seeds on a simulated machine among simulated players.
//!
//! What it is for: to find the order of events in which a play is lost, or counts twice.
//! The report log, the plays logs, the index, the judging and the use cases are the real
//! ones. The disk, the clock, the database and the network are simulated, and one thread
//! decides which of them goes next, by a seed: the same seed is the same run, byte for byte.
//! What it refuses: to know a rule of counting. What is right is said by the independent
//! recount, which reads the log, and by what the simulated players sent and were promised.
//!
//! In reading order:
//! - [`random`], [`clock`], [`store`], [`stepper`]: the machine
//! - [`taste`]: what one seed's world is like
//! - [`players`], [`report`], [`promises`]: who listens, what they send, what they know
//! - [`process`]: the product on the machine
//! - [`world`]: everything happens
//! - [`nodes`]: the same on several machines that share one log and one store
//! - [`check`]: whether it was right
//! - [`trace`], [`seed`]: one run, from its seed to its end
//! - [`canary`]: builds with a fault in them, which must be found

pub mod canary;
pub mod check;
pub mod clock;
pub mod nodes;
pub mod players;
pub mod process;
pub mod promises;
pub mod random;
pub mod report;
pub mod seed;
pub mod stepper;
pub mod store;
pub mod taste;
pub mod trace;
pub mod world;

pub use seed::{Failure, Simulator};
pub use world::{Found, Tally};
