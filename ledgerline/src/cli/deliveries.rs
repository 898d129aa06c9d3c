//! The words of `deliveries`.

use clap::Subcommand;
use std::path::PathBuf;

/// What to do with what was sent.
#[derive(Debug, Subcommand)]
pub enum DeliveriesAction {
    /// Read an access log of this server, or of a node at the edge: lines of JSON. A log that was read is known
    /// again and adds nothing.
    Read {
        /// The file; `-` is standard input.
        file: PathBuf,
        /// What to call it, where the file's own name won't do.
        #[arg(long)]
        name: Option<String>,
    },
    /// Fetch what is played most before anybody asks: into the memory of the server that runs, and by each place of
    /// its `--cdn` that answers. It does so by itself every quarter of an hour.
    Warm,
}
