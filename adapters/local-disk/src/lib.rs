//! The disk, clock and randomness of the machine that we run on
