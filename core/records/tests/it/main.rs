//! The bytes of the logs' records: pinned, and read back as they were written.

mod golden;
mod round_trip;
mod samples;
