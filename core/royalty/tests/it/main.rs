//! The rules of royalties as tables, and against slow, obvious code.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod account;
mod adjust;
mod any_contracts;
mod axioms;
mod compare;
mod contracts;
mod defects;
mod earnings;
mod month;
mod precedence;
mod review;
mod splits;
mod usage_fold;
