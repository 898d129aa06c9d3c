//! The words of `privacy`.

use clap::Subcommand;
use std::path::PathBuf;

/// What to do about a person.
#[derive(Debug, Subcommand)]
pub enum PrivacyAction {
    /// Everything that is held on a person, as one JSON object.
    #[command(after_help = "Examples:\n  ledgerline privacy export anna > anna.json\n  \
                            ledgerline privacy export anna --source web --out anna.json")]
    Export {
        /// The user, as the source names it.
        user: String,
        /// One source only.
        #[arg(long)]
        source: Option<String>,
        /// The file to write it to; standard output where it isn't said.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Remove what ties a person to the logs. Counts stay as they are; again it does nothing.
    #[command(after_help = "Examples:\n  ledgerline privacy erase anna\n  \
                            ledgerline privacy erase anna --source web\n\n\
                            Exit code 1 says that plays remain under the name itself: their \
                            source is not pseudonymised, and logs never change.")]
    Erase {
        /// The user, as the source names it.
        user: String,
        /// One source only.
        #[arg(long)]
        source: Option<String>,
    },
    /// The list of erasures, without names: keep it apart from backups, for `restore --erasures`.
    #[command(after_help = "Examples:\n  ledgerline privacy erasures --out erasures.ndjson")]
    Erasures {
        /// The file to write it to; standard output where it isn't said.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}
