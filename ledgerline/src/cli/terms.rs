//! The words of `royalty terms` and of `explain terms`.

use clap::{Args, Subcommand};
use ledgerline_ids::{DayNo, Period};
use std::path::PathBuf;

/// What to do with contracts.
#[derive(Debug, Subcommand)]
pub enum TermsAction {
    /// Import contract files: all of them or none.
    #[command(after_help = "Examples:\n  ledgerline royalty terms import deals/ --dry-run\n  \
                            ledgerline royalty terms import licence.toml deals/")]
    Import {
        /// Files that end in .toml, or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Only say what it would do.
        #[arg(long)]
        dry_run: bool,
    },
    /// List contracts.
    List {
        /// As they were at this revision.
        #[arg(long)]
        revision: Option<u64>,
    },
    /// Show a contract as it was brought, and its revisions.
    Show {
        /// Its id.
        id: String,
        /// As it was at this revision.
        #[arg(long)]
        revision: Option<u64>,
    },
    /// Write all contracts into a folder, byte by byte as they were brought.
    Export {
        /// The folder; files that are there already are left alone and refused.
        folder: PathBuf,
        /// As they were at this revision.
        #[arg(long)]
        revision: Option<u64>,
    },
    /// Look for gaps, overlaps, circles, dead terms and contracts that end soon. Exit code 1 where
    /// something must be mended.
    Check {
        /// As the contracts hold on this day, UTC; today where it isn't said.
        #[arg(long, value_parser = DayNo::parse)]
        date: Option<DayNo>,
    },
    /// Work a month out with contract files added or changed, beside what it is worth by those that
    /// are known. Nothing is stored.
    #[command(after_help = "Examples:\n  \
                            ledgerline royalty terms preview --period 2026-10 new-deal.toml")]
    Preview {
        /// The month.
        #[arg(long, value_parser = Period::parse)]
        period: Period,
        /// Contract files, or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Print the JSON Schema of a contract file, by which editors complete and check it.
    Schema,
    /// Print an annotated example of a contract file; without a name, list the examples.
    #[command(after_help = "Examples:\n  ledgerline royalty terms template\n  \
                            ledgerline royalty terms template net-profit --out deal.toml")]
    Template {
        /// Which.
        name: Option<String>,
        /// The file to write it to; one that is there already is left alone.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Turn a spreadsheet of deals (CSV) into contract files, for review.
    #[command(
        after_help = "Examples:\n  ledgerline royalty terms draft deals.csv --out deals/ \\\n    \
                            --map 'label=Label,artist=Artist,share=\"Artist share\",from=Start,currency:=EUR'"
    )]
    Draft {
        /// The spreadsheet, saved as CSV with a row of headings.
        file: PathBuf,
        /// Which column is which: FIELD=COLUMN, or FIELD:=VALUE for every row.
        #[arg(long)]
        map: String,
        /// The folder for the files; those that are there already are left alone and refused.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Of which recording to explain the terms.
#[derive(Debug, Args)]
pub struct ExplainTermsArgs {
    /// The recording.
    #[arg(long)]
    pub track: String,
    /// Heard in this country; where it isn't said, in one that is not known.
    #[arg(long)]
    pub territory: Option<String>,
    /// By a listener with this plan; where it isn't said, with one that is not known.
    #[arg(long)]
    pub tier: Option<String>,
    /// In which use: on_demand or radio.
    #[arg(long = "use", default_value = "on_demand")]
    pub usage_use: String,
    /// On this day, UTC; today where it isn't said.
    #[arg(long, value_parser = DayNo::parse)]
    pub date: Option<DayNo>,
    /// Of which right: master, mechanical or performance.
    #[arg(long, default_value = "master")]
    pub right: String,
}
