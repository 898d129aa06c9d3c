//! Reads, lets the core decide, performs: the use cases and their ports.

pub mod ports;
