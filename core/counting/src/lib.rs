//! Reports in; merged plays, statuses, verdicts and transitions out.
//!
//! A partition is a state machine: records go in, in the order of the log, and what comes
//! out depends on nothing else. What it must look up or keep stands behind [`Memory`].
//!
//! What it refuses: clocks, disks, threads, and any number that isn't exact.
//!
//! In reading order:
//! - [`rules`]: every number that a rule has, with the version that they make
//! - [`timing`]: when a report was received, when its play started, whether that is in time
//! - [`identity`]: which play a report is of; [`keyless`]: where its player sent no key
//! - [`merge`]: what a report adds to its play
//! - [`status`]: where a play stands; [`verdict`]: what became of a report
//! - [`fraud`]: the rules that hold plays back, and the books that they look into
//! - [`index`]: from a play's hash to its newest record; [`run`]: what is sealed, as bytes
//! - [`partition`]: all of it together
//! - [`tally`]: counts, as a sum over the plays log

pub mod fraud;
pub mod identity;
pub mod index;
pub mod keyless;
pub mod merge;
pub mod partition;
mod pieces;
pub mod rules;
pub mod run;
pub mod status;
pub mod tally;
pub mod timing;
pub mod verdict;

pub use partition::{Delta, Hashes, Memory, Partition, PartitionState, Unsealed};
pub use rules::RULE_VERSION;

/// Whether a fault is built in on purpose, for the simulation to find.
pub const CANARY: bool = cfg!(feature = "canary");
