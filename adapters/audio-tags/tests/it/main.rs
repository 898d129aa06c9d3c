//! What files say of themselves, of every format, whoever tagged or broke them.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]
#![allow(clippy::cast_possible_truncation, reason = "files of the tests are small")]

mod broken;
mod real;
mod samples;
mod tagged;
