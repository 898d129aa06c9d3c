//! The words of closing a month, and of reading what was closed.

use clap::{Args, Subcommand};
use ledgerline_ids::Period;

use super::papers::StatementsExport;

/// What to do with closes.
#[derive(Debug, Subcommand)]
pub enum ClosesAction {
    /// List them.
    List,
    /// Show one, with what changed of earlier months.
    Show {
        /// The month, such as 2026-10.
        #[arg(value_parser = Period::parse)]
        period: Period,
    },
    /// Compare files with their digests, statements with lines, and both with the ledger.
    Verify {
        /// The month; all closed ones where it isn't said.
        #[arg(value_parser = Period::parse)]
        period: Option<Period>,
    },
}

/// What to do with statements.
#[derive(Debug, Subcommand)]
pub enum StatementsAction {
    /// List the statements of a month.
    List {
        /// The month; the newest closed one where it isn't said.
        #[arg(long, value_parser = Period::parse)]
        period: Option<Period>,
    },
    /// Show a payee's statement with its lines.
    Show {
        /// Whose.
        #[arg(long)]
        payee: String,
        /// The month; the newest closed one where it isn't said.
        #[arg(long, value_parser = Period::parse)]
        period: Option<Period>,
        /// How many lines to show.
        #[arg(long, default_value_t = 50)]
        lines: u64,
    },
    /// Write statements as files: JSON with all lines, the lines as CSV for each currency, A4 papers.
    #[command(
        after_help = "With $LEDGERLINE_PUBLIC_ADDRESS, such as https://money.example, each line of a \
                            paper is a link to its explanation. Where a server has the folder, its \
                            environment counts.\n\nExamples:\n  \
                            ledgerline royalty statements export --period 2026-10 --out statements\n  \
                            ledgerline royalty statements export --period 2026-10 --format pdf \
                            --payee northern --out statements"
    )]
    Export(StatementsExport),
}

/// What to explain of money.
#[derive(Debug, Subcommand)]
pub enum ExplainMoney {
    /// A line of a statement: its pool from revenue and terms, whose share it is, its plays.
    #[command(after_help = "Examples:\n  \
                            ledgerline royalty explain line northern 12 --period 2026-10\n  \
                            ledgerline royalty explain line 2026-10/northern/12")]
    Line {
        /// Whose statement; or a line's reference as papers print it, such as 2026-10/northern/12.
        payee: String,
        /// The line's number on it; only without a reference.
        number: Option<u64>,
        /// The month; the newest closed one where it isn't said.
        #[arg(long, value_parser = Period::parse)]
        period: Option<Period>,
        /// How many plays to show; to find them the plays log is read.
        #[arg(long, default_value_t = 20)]
        plays: u16,
    },
    /// A play: every line that it has a part in.
    Play {
        /// The listener.
        user: String,
        /// The player's key of the play.
        play_id: String,
        /// Whose, where several sources have such a play.
        #[arg(long)]
        source: Option<String>,
    },
}

/// What to close.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The month, such as 2026-10.
    #[arg(long, value_parser = Period::parse)]
    pub period: Period,
    /// Only say what it would come to.
    #[arg(long)]
    pub dry_run: bool,
}

/// What to estimate.
#[derive(Debug, Args)]
pub struct EstimateArgs {
    /// The month; `running`, the one that goes on, where it isn't said.
    #[arg(long, default_value = "running", value_parser = parse_running)]
    pub period: Running,
    /// Of one payee only.
    #[arg(long)]
    pub payee: Option<String>,
}

/// A month, or the one that goes on.
#[derive(Debug, Clone, Copy)]
pub enum Running {
    /// The one that goes on.
    Now,
    /// This one.
    Month(Period),
}

fn parse_running(text: &str) -> Result<Running, String> {
    match text {
        "running" => Ok(Running::Now),
        text => Period::parse(text).map(Running::Month).map_err(|error| error.to_string()),
    }
}
