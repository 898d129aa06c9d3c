//! Backups of a whole data folder, taken while a server runs, and restored.
//!
//! In reading order:
//! - [`manifest`]: what a backup says of itself
//! - [`shelf`]: the folder that backups of one deployment stand in: parts named by their
//!   SHA-256, and manifests
//! - [`contents`]: which files of a data folder belong to a backup, up to one point
//! - [`erasures`]: what a backup that is older than an erasure is told when it is restored
//! - [`taking`]: copies what is new; [`restoring`]: makes a data folder of it again
//!
//! What makes the copy consistent is its order. A snapshot of the index is never ahead of the
//! store, and the store never ahead of the report log. So the snapshot is read first, then the
//! store as it is at one moment, then the logs up to where the store and the snapshot say. What
//! stands before these points never changes again. If a server was started or stopped meanwhile,
//! which may cut a plays log, everything is looked at once more.

mod contents;
mod erasures;
mod lineage;
mod manifest;
mod restoring;
mod shelf;
mod taking;

pub use erasures::ErasureList;
pub use lineage::begin_another as begin_another_lineage;
pub use manifest::Manifest;
pub use restoring::{Restored, restore};
pub use shelf::{Shelf, write_durably};
pub use taking::{Options, Taken, take};
