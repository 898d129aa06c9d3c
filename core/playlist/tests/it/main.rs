//! Lists are edited as the table says, and however they are edited, they stay lists.

mod properties;
mod spec;
