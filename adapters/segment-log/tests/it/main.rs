//! Tests of the embedded logs.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod conformance;
mod crash;
mod damage;
mod golden;
mod plays;
mod plays_crash;
mod reader;
mod sealed;
mod speed;
mod spool;
mod support;
mod trouble;
mod writing;
