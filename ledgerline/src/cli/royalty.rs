//! The words of `royalty`.

use clap::{Args, Subcommand};
use ledgerline_app::money::{Currency, Fraction, Micros};
use std::path::PathBuf;

/// What to do about money.
#[derive(Debug, Subcommand)]
pub enum RoyaltyAction {
    /// What listening histories would have paid to whom, by two models side by side.
    ///
    /// Everyone pays the fee once, all plays are one month, each artist holds its recordings, and
    /// a play counts from 30 seconds on. Nothing is stored.
    #[command(
        after_help = "Examples:\n  ledgerline royalty try my_spotify_data.zip --fee 9.99\n  \
                      ledgerline royalty try anna/ ben/ --fee 9.99 --pool 70% --currency SEK --csv"
    )]
    Try(TryArgs),
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

/// Which histories, and what is agreed.
#[derive(Debug, Args)]
pub struct TryArgs {
    /// Listening histories that `import` reads: each folder or zip is a listener; files of one
    /// folder are one listener's.
    #[arg(required = true)]
    pub exports: Vec<PathBuf>,
    /// What each listener pays, such as 9.99.
    #[arg(long, value_parser = positive_amount)]
    pub fee: Micros,
    /// Which part of it goes to artists.
    #[arg(long, default_value = "70%", value_parser = share)]
    pub pool: Fraction,
    /// In which currency.
    #[arg(long, default_value = "EUR", value_parser = Currency::parse)]
    pub currency: Currency,
    /// Print a row for every artist, for spreadsheets.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

fn positive_amount(text: &str) -> Result<Micros, String> {
    match Micros::parse(text) {
        Ok(amount) if amount > Micros::ZERO => Ok(amount),
        Ok(_) => Err("must be more than 0".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn share(text: &str) -> Result<Fraction, String> {
    match Fraction::parse(text) {
        Ok(share) if share.is_share() && share > Fraction::ZERO => Ok(share),
        Ok(_) => Err("must be more than 0 and at most 100%".to_owned()),
        Err(error) => Err(error.to_string()),
    }
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
