//! Contract files: what is read, what is refused and where, and that nothing changes on the way.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod any_contract;
mod files;
mod sheets;
