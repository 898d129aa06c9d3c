//! The rules of royalties as tables.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod any_contracts;
mod contracts;
mod precedence;
mod splits;
