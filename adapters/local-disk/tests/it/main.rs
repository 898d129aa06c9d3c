//! Tests of the machine's disk, lock, clock and randomness.

mod disk;
mod lock;
mod machine;
