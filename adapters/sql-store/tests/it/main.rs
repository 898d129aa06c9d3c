//! `SqlStore` against the suites of its ports, and what is SQLite's own: files, locks, damage.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod beside;
mod damage;
mod durability;
mod facts_of_one_hour;
mod ledger;
mod patience;
mod rivals;
mod suites;
mod telling;
