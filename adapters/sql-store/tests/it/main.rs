//! The stores against the suites of its ports, and what is one database's own: files, locks, damage.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod beside;
mod damage;
mod durability;
mod facts_of_one_hour;
mod ledger;
mod patience;
#[cfg(feature = "postgres")]
mod postgres;
mod rivals;
mod suites;
mod telling;
