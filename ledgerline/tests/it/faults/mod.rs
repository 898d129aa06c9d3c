//! Real faults against the real binary: what is promised of an acknowledgement holds through them.
//!
//! Each has a short version, and a long one where `LEDGERLINE_LONG=1` (`cargo xtask faults`), which
//! prints what it measured. In reading order:
//! - `kills`: servers that are killed at any moment
//! - `durable`: no `202` before the disk has the reports, as `trace` shows it
//! - `full_disk`, `slow_disk`, `failing_disk`: disks that have no room, wait or refuse
//! - `overload`: ten times more than the server can do

mod trace;

mod durable;
mod failing_disk;
mod full_disk;
pub mod kills;
mod overload;
mod slow_disk;
