//! Reads, lets the core decide, performs: the use cases and their ports.
//!
//! In reading order:
//! - [`ports`]: what the use cases need of the world
//! - [`intake`]: reports come in; [`spool`]: where they wait while the log takes none
//! - `judging`: one worker for each partition
//! - [`ownership`]: owner or follower, where several nodes share the partitions
//! - [`snapshots`]: what a new node begins with, in a store of blobs
//! - [`deployment`]: all of it started, watched (`health`) and stopped; [`threads`]: what its loops run on; [`metrics`]: its numbers
//! - [`counts`], [`plays`], [`conservation`], [`overview`]: what was decided, read; [`stored_counts`]: as
//!   the store has it
//! - [`adjudication`], [`fraud`], [`appeals`]: people decide; [`audit`]: and who did what
//! - [`delivery`]: audio to players: grants, signed addresses, and the bytes
//! - [`privacy`]: who the listeners are: pseudonyms, exports, erasures
//! - [`archive`]: what is committed of the logs, as files that are written once
//! - [`ingest`]: files of music become renditions
//! - [`catalogue`], [`access`]: which tracks there are, and who may do what
//! - [`music`]: what there is to hear: the [`library`], its [`covers`], and the [`scan`] of folders
//! - [`collection`]: what listeners keep of it; [`history`]: what they heard; [`charts`]: what is heard most
//! - [`money`]: how counts become money

pub mod access;
pub mod adjudication;
pub mod appeals;
pub mod archive;
pub mod audit;
pub mod catalogue;
pub mod charts;
pub mod collection;
pub mod conservation;
pub mod counts;
pub mod covers;
pub mod delivery;
pub mod deployment;
mod explain;
pub mod fraud;
mod health;
pub mod history;
pub mod ingest;
pub mod intake;
mod judging;
pub mod library;
mod listing;
pub mod metrics;
pub mod money;
pub mod music;
pub mod overview;
pub mod ownership;
pub mod plays;
pub mod ports;
pub mod privacy;
pub mod reading;
pub mod scan;
pub mod snapshots;
pub mod spool;
pub mod stored_counts;
pub mod threads;

pub use deployment::Deployment;
pub use judging::{SealedIndex, SnapshotFiles, read_sealed_index, read_snapshot_files};
pub use listing::Page;

/// Whether a fault is built in on purpose, for the simulation to find.
pub const CANARY: bool = cfg!(feature = "canary");
