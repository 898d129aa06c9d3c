//! Amounts, fractions and allocation, held against plain exact arithmetic.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod allocation;
mod amounts;
