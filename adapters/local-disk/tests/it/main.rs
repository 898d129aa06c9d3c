//! Tests of the machine's disk, lock, clock, randomness and signing key.

mod disk;
mod lock;
mod machine;
mod music;
mod signing;
