//! The words of `ingest` and `identify`.

use clap::Subcommand;
use std::path::PathBuf;

/// What to do with files of music.
#[derive(Debug, Subcommand)]
pub enum IngestAction {
    /// Keep files and queue them. A server that has the folder works on them; without one, `run` does.
    Add {
        /// FLAC, MP3, Ogg Vorbis, Opus, AAC or ALAC in M4A, WAV.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Of which track; a file's name without its ending where it isn't said. For one file only.
        #[arg(long)]
        track: Option<String>,
    },
    /// Work on what is queued until nothing is.
    Run,
    /// How many jobs there are, and the newest of them.
    Status {
        /// queued, running, done or failed.
        #[arg(long)]
        state: Option<String>,
        /// How many to list at most.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Queue jobs that failed again.
    Retry {
        /// Their numbers; all of them where none is said.
        jobs: Vec<u64>,
    },
    /// Read everything that is kept and compare checksums. Exit code 1 where something is damaged.
    Verify {
        /// Make damaged renditions again from the files that they came from.
        #[arg(long)]
        repair: bool,
    },
}
