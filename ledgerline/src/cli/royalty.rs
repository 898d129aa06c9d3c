//! The words of `royalty`.

use clap::{Args, Subcommand};
use ledgerline_app::money::{Currency, Fraction, Micros};
use ledgerline_ids::Period;
use std::path::PathBuf;

use super::closing::{CloseArgs, ClosesAction, EstimateArgs, ExplainMoney, StatementsAction};
use super::papers::{DsrExport, PayoutsAction};

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
    /// What each month earned, by territory and tier.
    #[command(
        after_help = "Examples:\n  ledgerline royalty revenue import 2026-10.csv --dry-run\n  \
                            ledgerline royalty revenue list --period 2026-10"
    )]
    Revenue {
        /// What to do with it.
        #[command(subcommand)]
        action: RevenueAction,
    },
    /// Rates of exchange, by day.
    #[command(after_help = "Examples:\n  ledgerline royalty fx import rates.csv\n  \
                            ledgerline royalty fx list")]
    Fx {
        /// What to do with them.
        #[command(subcommand)]
        action: FxAction,
    },
    /// Advances and costs that are recouped from what is earned.
    #[command(
        after_help = "Examples:\n  ledgerline royalty advances import advances.csv --dry-run\n  \
                            ledgerline royalty advances list --payee comet"
    )]
    Advances {
        /// What to do with them.
        #[command(subcommand)]
        action: AdvancesAction,
    },
    /// Usage that another system counted.
    #[command(
        after_help = "Examples:\n  ledgerline royalty usage import plays.csv --source old-player"
    )]
    Usage {
        /// What to do with it.
        #[command(subcommand)]
        action: UsageAction,
    },
    /// Contracts: who pays whom for what.
    #[command(after_help = "Examples:\n  \
                            ledgerline royalty terms template net-profit --out deals/net-profit.toml\n  \
                            ledgerline royalty terms import deals/ --dry-run\n  \
                            ledgerline royalty terms check --date 2026-10-01")]
    Terms {
        /// What to do with them.
        #[command(subcommand)]
        action: super::terms::TermsAction,
    },
    /// Close a month: its plays become statements and entries, once and for good.
    #[command(
        after_help = "Everything that is missing is named, and nothing is closed then. A close that \
                            was broken off is finished by the same command.\n\nExamples:\n  \
                            ledgerline royalty close --period 2026-10 --dry-run\n  \
                            ledgerline royalty close --period 2026-10"
    )]
    Close(CloseArgs),
    /// List, show and verify closes.
    #[command(after_help = "Examples:\n  ledgerline royalty closes list\n  \
                            ledgerline royalty closes show 2026-10\n  \
                            ledgerline royalty closes verify")]
    Closes {
        /// What to do with them.
        #[command(subcommand)]
        action: ClosesAction,
    },
    /// List and show statements of closed months.
    #[command(after_help = "Examples:\n  ledgerline royalty statements list --period 2026-10\n  \
                            ledgerline royalty statements show --payee northern-lights --period 2026-10")]
    Statements {
        /// What to do with them.
        #[command(subcommand)]
        action: StatementsAction,
    },
    /// List whom the newest close pays, and what is carried.
    Payees,
    /// What the month that goes on comes to so far: an estimate, which is never paid.
    #[command(after_help = "Examples:\n  ledgerline royalty estimate\n  \
                            ledgerline royalty estimate --period 2026-11 --payee northern-lights")]
    Estimate(EstimateArgs),
    /// A month by several models on the same plays: who would gain, and who would lose.
    ///
    /// Terms that share revenue are read with each model; prices for each play stay as they are.
    /// Nothing is stored, and nothing of it is ever paid.
    #[command(
        after_help = "Models: as-agreed, pro-rata, user-centric, artist-centric.\n\nExamples:\n  \
                      ledgerline royalty compare --period 2026-10\n  \
                      ledgerline royalty compare --models as-agreed,user-centric --period 2026-10 --csv"
    )]
    Compare(CompareArgs),
    /// From a line of a statement to its plays, and from a play to every cent it caused.
    #[command(
        after_help = "Examples:\n  ledgerline royalty explain line northern-lights 1 --period 2026-10\n  \
                            ledgerline royalty explain play anna 0198f3a2-7c1e-7b3a-9d52-0c8e6f1a2b3c"
    )]
    Explain {
        /// What to explain.
        #[command(subcommand)]
        what: ExplainMoney,
    },
    /// What is to be paid for a closed month: as a file for the bank, and booked once it was.
    Payouts {
        /// What to do with it.
        #[command(subcommand)]
        action: PayoutsAction,
    },
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

/// What to compare.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The month, such as 2026-10; open or closed.
    #[arg(long, value_parser = Period::parse)]
    pub period: Period,
    /// By which models.
    #[arg(long, value_delimiter = ',', default_value = "pro-rata,user-centric,artist-centric",
          value_parser = ["as-agreed", "pro-rata", "user-centric", "artist-centric"])]
    pub models: Vec<String>,
    /// Print a row for everyone, for spreadsheets.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// What to do with revenue.
#[derive(Debug, Subcommand)]
pub enum RevenueAction {
    /// Import what months earned. The same file again changes nothing; a corrected row replaces
    /// the old one, which stays known with the file that it came from.
    #[command(
        after_help = "Columns: period,territory,tier,listener,plan,subscribers,currency,gross,tax,\
                            store_fee,refunds,correction; * or nothing is any territory or tier.\n\n\
                            Examples:\n  ledgerline royalty revenue import 2026-10.csv"
    )]
    Import(ImportFile),
    /// List it, with what each month earned net.
    List {
        /// Of this month only, such as 2026-10.
        #[arg(long, value_parser = Period::parse)]
        period: Option<Period>,
    },
}

/// What to do with rates of exchange.
#[derive(Debug, Subcommand)]
pub enum FxAction {
    /// Import rates: what one unit of `base` was worth in `quote` on a day. Only a rate whose
    /// column `inverse` says yes is used the other way round too.
    #[command(after_help = "Columns: base,quote,day,rate,inverse,source\n\n\
                            Examples:\n  ledgerline royalty fx import rates.csv")]
    Import(ImportFile),
    /// List them.
    List,
}

/// What to do with advances and costs.
#[derive(Debug, Subcommand)]
pub enum AdvancesAction {
    /// Book advances and costs: all rows or none. The closes that follow recoup them, as the contract
    /// says. The same file again changes nothing; what was booked wrongly is taken back in the ledger.
    #[command(
        after_help = "Columns: contract,payee,kind,amount,currency,on,name,note; kind is advance \
                            (paid to the payee) or cost (paid to others). Contract and name together \
                            tell one from another.\n\n\
                            Examples:\n  ledgerline royalty advances import advances.csv"
    )]
    Import(ImportFile),
    /// List what was booked.
    List {
        /// Only this payee's.
        #[arg(long)]
        payee: Option<String>,
    },
}

/// What to do with usage.
#[derive(Debug, Subcommand)]
pub enum UsageAction {
    /// Import plays of whole months that another system counted. A month replaces all that the
    /// same source brought of it before.
    #[command(after_help = "Columns: period,track_id,territory,tier,use,listener,plays\n\n\
                            Examples:\n  ledgerline royalty usage import plays.csv --source old-player")]
    Import {
        /// Who counted them.
        #[arg(long)]
        source: String,
        /// From where.
        #[command(flatten)]
        file: ImportFile,
    },
}

/// A file to import.
#[derive(Debug, Args)]
pub struct ImportFile {
    /// CSV with a line of headers, or JSON; `-` is standard input.
    pub file: PathBuf,
    /// Only say what it would change.
    #[arg(long)]
    pub dry_run: bool,
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
    /// Write the reports of a closed month, one for each recipient with a DPID, territory and profile.
    #[command(after_help = "Examples:\n  \
                            ledgerline royalty dsr export --period 2026-10 --out dsr \
                            --sender-dpid PADPIDA2013020802I --sender-name 'A Service'")]
    Export(DsrExport),
}
