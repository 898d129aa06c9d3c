//! The disk, clock and randomness of the machine that we run on.
//!
//! What it is for: the only crate that asks the operating system for files, time and
//! random bytes, so that the simulator can stand in for all three.
//! What it refuses: meaning. It knows no log and no record; a key's file and a signed head's are
//! the only two whose form is its own.
//!
//! In reading order:
//! - [`LocalDisk`]: the data folder, readable by its owner only
//! - [`FolderLock`]: one process at a time writes the data folder
//! - [`KeyFile`], [`HeadFile`]: what is kept outside of the database, so that it can be held against it
//! - [`SystemClock`], [`SystemRandom`]
//! - [`LocalMusic`], [`SystemWatcher`]: folders of music, and changes in them
//! - [`raise_open_files_limit`]

mod clock;
mod disk;
mod lock;
mod music_disk;
mod open_files;
mod random;
mod signing;
mod watching;

pub use clock::SystemClock;
pub use disk::LocalDisk;
pub use lock::{FolderLock, LockError};
pub use music_disk::LocalMusic;
pub use open_files::raise_open_files_limit;
pub use random::SystemRandom;
pub use signing::{HeadFile, KeyFile};
pub use watching::SystemWatcher;
