//! Files of the archive: written, read back to the byte, damaged, and read by another program.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod archiving;
mod damage;
mod deployment;
mod duckdb;
mod golden;
mod round_trip;
mod samples;
