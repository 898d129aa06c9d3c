//! What the tests share: a data folder of their own, the real binary, and raw HTTP.

pub mod folder;
pub mod http;
pub mod load;
pub mod random;
pub mod reports;
pub mod server;

pub use folder::{Folder, Ran};
pub use http::{Answer, Api, Connection};
pub use random::Random;
pub use server::Server;

use std::time::Duration;

/// Nothing in here takes as long: what does hangs, and is ended.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Every way to count by.
pub const DIMENSIONS: [&str; 6] = ["track", "artist", "user", "territory", "tier", "day"];
