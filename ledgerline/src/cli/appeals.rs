//! The words of `appeals`.

use clap::{Args, Subcommand, ValueEnum};

/// What to do with appeals.
#[derive(Debug, Subcommand)]
pub enum AppealsAction {
    /// Open one: against a play, or against a line of a statement.
    Open(OpenArgs),
    /// List them.
    List {
        /// Only those that nobody has decided.
        #[arg(long)]
        waiting: bool,
    },
    /// Show one, with what the rules find.
    Show {
        /// Its number.
        number: u64,
    },
    /// Decide one, for good.
    Decide {
        /// Its number.
        number: u64,
        /// How it ends.
        #[arg(value_enum)]
        outcome: OutcomeArg,
        /// Why; it stands in the log and on the statement.
        #[arg(long)]
        reason: String,
    },
}

/// What an appeal is against, and why.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// The listener of the play.
    #[arg(long, requires = "play", conflicts_with_all = ["period", "track", "payee"])]
    pub user: Option<String>,
    /// The player's key of the play.
    #[arg(long, requires = "user")]
    pub play: Option<String>,
    /// Whose, where several sources have such a play.
    #[arg(long, requires = "play")]
    pub source: Option<String>,
    /// The month of a statement's line, such as 2026-10.
    #[arg(long, requires_all = ["track", "payee"], required_unless_present = "user")]
    pub period: Option<String>,
    /// The recording of the line.
    #[arg(long)]
    pub track: Option<String>,
    /// Whose statement it is.
    #[arg(long)]
    pub payee: Option<String>,
    /// Who appeals.
    #[arg(long)]
    pub appellant: String,
    /// Why.
    #[arg(long)]
    pub grounds: String,
}

/// How an appeal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutcomeArg {
    /// The plays count, whatever the rules say; their money comes with the next close.
    Reinstate,
    /// They stay where they are.
    Uphold,
}
