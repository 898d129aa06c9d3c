//! The words of `dlq`.

use clap::Subcommand;

/// What to do with records that nobody could read.
#[derive(Debug, Subcommand)]
pub enum DlqAction {
    /// Those that are kept, the oldest of each partition first.
    #[command(after_help = "Examples:\n  ledgerline dlq list --config cluster.toml\n  \
                            ledgerline dlq list --partition 3 --limit 1000 --json")]
    List {
        /// Of this partition only.
        #[arg(long)]
        partition: Option<u16>,
        /// No more than so many of each partition.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// One with its bytes, why it couldn't be read, and what it says where it can be read by now.
    #[command(after_help = "Examples:\n  ledgerline dlq show p003/17 --config cluster.toml")]
    Show {
        /// Where it stood in the log, as `list` says it: partition and position.
        place: String,
    },
    /// Send what can be read by now back to the end of its partition, with the receive time it had.
    #[command(after_help = "Examples:\n  ledgerline dlq redrive p003/17 --config cluster.toml\n  \
                            ledgerline dlq redrive --all --json\n\n\
                            What was sent back is noted, and isn't sent again; should it come twice all the \
                            same, it is one play.")]
    Redrive {
        /// Where they stood in the log, as `list` says it: partition and position.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        places: Vec<String>,
        /// All that can be read by now.
        #[arg(long)]
        all: bool,
    },
}
