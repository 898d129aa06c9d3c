//! One suite per port, run on every implementation of it. An implementation's own tests
//! call these with a factory; a case that fails panics with what it expected.

pub mod appeals;
pub mod blobs;
pub mod contracts;
mod counted_by;
pub mod counted_plays;
pub mod credentials;
pub mod desk;
pub mod disk;
pub mod facts;
pub mod leases;
pub mod ledger;
pub mod listeners;
pub mod music;
pub mod plays_log;
pub mod report_log;
pub mod revenue;
pub mod rights;
pub mod sign_in;
