//! Tests of the ledger.

mod golden;
mod judging;
mod properties;
mod samples;
mod signing;
mod verifying;
