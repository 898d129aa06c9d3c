//! The words of `archive`.

use clap::Subcommand;
use std::path::PathBuf;

/// What to do with an archive.
#[derive(Debug, Subcommand)]
pub enum ArchiveAction {
    /// Write what is counted and isn't there yet. Days that are over, and runs that are full: what
    /// of today fills no run stays in the log until tomorrow.
    #[command(after_help = "Examples:\n  ledgerline archive run --to /mnt/archive\n  \
                            duckdb -c \"select track_id, sum(change) from \
                            '/mnt/archive/plays/*/*.parquet' group by all\"\n\n\
                            Nothing that is there is ever overwritten. Again it writes what came since.")]
    Run {
        /// The folder of the archive; made where it isn't there, for its owner alone to read. On a node
        /// it may be left out where its configuration names an archive.
        #[arg(long, env = "LEDGERLINE_ARCHIVE")]
        to: Option<PathBuf>,
    },
    /// How far each partition is archived.
    #[command(after_help = "Examples:\n  ledgerline archive status --to /mnt/archive --json")]
    Status {
        /// The folder of the archive. On a node it may be left out where its configuration names one.
        #[arg(long, env = "LEDGERLINE_ARCHIVE")]
        to: Option<PathBuf>,
    },
}
