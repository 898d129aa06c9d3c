//! Every target over its corpus and over seeded changes to it, on the stable toolchain.

mod corpus;
mod mutations;
