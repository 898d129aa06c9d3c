//! The words of `royalty`.

use clap::Subcommand;
use std::path::PathBuf;

/// What to do about money.
#[derive(Debug, Subcommand)]
pub enum RoyaltyAction {
    /// Sales reports for licensors, in DDEX's flat file format (DSR).
    #[command(
        after_help = "Whoever sends such reports needs DDEX's free implementation licence and a \
                            DDEX party id (DPID).\n\nExamples:\n  \
                            ledgerline royalty dsr check DSR_*.tsv.gz"
    )]
    Dsr {
        /// What to do with them.
        #[command(subcommand)]
        action: DsrAction,
    },
}

/// What to do with sales reports.
#[derive(Debug, Subcommand)]
pub enum DsrAction {
    /// Check files: cells, order, the footer's counts, and that everything adds up.
    Check {
        /// The files, with the names that they are sent by.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}
