//! One suite per port, run on every implementation of it. An implementation's own tests
//! call these with a factory; a case that fails panics with what it expected.

pub mod accounts;
pub mod appeals;
pub mod blobs;
pub mod collection;
pub mod contracts;
mod counted_by;
pub mod counted_plays;
pub mod credentials;
pub mod delivery;
pub mod desk;
pub mod disk;
pub mod facts;
pub mod ingest;
pub mod leases;
pub mod ledger;
pub mod library;
mod library_growth;
pub mod listeners;
pub mod music;
pub mod plays_log;
pub mod renditions;
pub mod report_log;
pub mod revenue;
pub mod rights;
pub mod sign_in;
