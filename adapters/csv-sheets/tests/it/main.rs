//! Sheets: what is refused and what is said of it, and that an export comes back as it was.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod refusals;
mod round_trip;
