//! What the tests share: a data folder of their own, the real binary, and raw HTTP.

#[cfg(feature = "cluster")]
pub mod cluster;
pub mod folder;
pub mod guest;
pub mod http;
pub mod load;
pub mod memory;
#[cfg(feature = "cluster")]
pub mod own_services;
#[cfg(feature = "cluster")]
pub mod proxy;
pub mod random;
#[cfg(feature = "cluster")]
pub mod raw_record;
pub mod reports;
#[cfg(feature = "cluster")]
pub mod s3;
pub mod server;
pub mod small_disk;
pub mod strace;

pub use folder::{Folder, Ran};
pub use http::{Answer, Api, Connection};
pub use random::Random;
pub use server::Server;

use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

/// Nothing in here takes as long: what does hangs, and is ended.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Every way to count by.
pub const DIMENSIONS: [&str; 8] =
    ["track", "artist", "label", "release", "user", "territory", "tier", "day"];

/// Passes so much time, in which something else happens.
pub fn pass(micros: u64) {
    let (never, wait) = mpsc::channel::<()>();
    let _ = wait.recv_timeout(Duration::from_micros(micros));
    drop(never);
}

/// Says that a test leaves itself out, and why: on the real output, which nobody captures.
pub fn skip(why: &str) {
    let _ = writeln!(std::io::stdout(), "skipped: {why}");
}

/// Whether the long versions are asked for.
pub fn long() -> bool {
    std::env::var_os("LEDGERLINE_LONG").is_some_and(|value| value == "1")
}

/// Whether a tool is to be done without.
pub fn is_left_out(name: &str) -> bool {
    let names = std::env::var("LEDGERLINE_WITHOUT").unwrap_or_default();
    names.split(',').any(|left_out| left_out == name)
}

/// Notes figures of a fault, for whoever runs the campaign.
pub fn measured(fault: &str, figures: &serde_json::Value) {
    let mut line = figures.clone();
    line["fault"] = fault.into();
    let _ = writeln!(std::io::stdout(), "measured: {line}");
}
