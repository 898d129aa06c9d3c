//! The catalogue of rights against tables that an accountant can read.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod spec;
