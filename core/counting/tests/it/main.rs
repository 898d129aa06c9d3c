//! The rules, as tables that an accountant can read; sealed runs; and random logs
//! on which counting and recount must agree.

#![allow(clippy::unwrap_used, reason = "what can't be read fails the test that wrote it")]

mod differential;
mod runs;
mod sealed;
mod spec;
