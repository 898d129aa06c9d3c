//! The words of `deliveries`.

use clap::Subcommand;
use ledgerline_ids::DayNo;
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
    /// List the plays that count although far too few bytes were sent for them, as far as access logs that were read
    /// cover their time. They are evidence, and nothing is excluded by it; where there are some the command ends with 1.
    Check {
        /// From this UTC day on; without it the 45 days for which logs are kept.
        #[arg(long, value_parser = DayNo::parse)]
        from: Option<DayNo>,
        /// Until the beginning of this UTC day; without it until now.
        #[arg(long, value_parser = DayNo::parse)]
        until: Option<DayNo>,
    },
    /// Fetch what is played most before anybody asks: into the memory of the server that runs, and by each place of
    /// its `--cdn` that answers. It does so by itself every quarter of an hour.
    Warm,
}
