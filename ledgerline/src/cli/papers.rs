//! The words of papers that are handed on: payouts, sales reports, statements as files.

use clap::{Args, Subcommand, ValueEnum};
use ledgerline_ids::{DayNo, Period};
use std::path::PathBuf;

/// What to do with payouts.
#[derive(Debug, Subcommand)]
pub enum PayoutsAction {
    /// List what is to be paid for a month, and what was.
    List {
        /// The month.
        #[arg(long, value_parser = Period::parse)]
        period: Period,
    },
    /// Write what is still to be paid as a file for the bank.
    #[command(
        after_help = "The sheet of accounts has the columns payee, name, iban and bic; it is read \
                            and not kept.\n\nExamples:\n  \
                            ledgerline royalty payouts export --period 2026-10 --format csv --out payouts.csv\n  \
                            ledgerline royalty payouts export --period 2026-10 --format pain001 \
                            --debtor 'A Service' --debtor-iban DE89370400440532013000 --debtor-bic DEUTDEFF \
                            --accounts accounts.csv --on 2026-11-16 --out payouts.xml"
    )]
    Export(PayoutsExport),
    /// Book that the bank has paid: an exported CSV, or those rows of it that were carried out.
    /// The same file again changes nothing.
    #[command(
        after_help = "Examples:\n  ledgerline royalty payouts paid payouts.csv --on 2026-11-16"
    )]
    Paid {
        /// The file, with the columns period, payee, currency and amount.
        file: PathBuf,
        /// The day of the payment; today where it isn't said.
        #[arg(long, value_parser = DayNo::parse)]
        on: Option<DayNo>,
    },
}

/// What to write of payouts, and how.
#[derive(Debug, Args)]
pub struct PayoutsExport {
    /// The month.
    #[arg(long, value_parser = Period::parse)]
    pub period: Period,
    /// How to write it.
    #[arg(long, value_enum)]
    pub format: PayoutsFormat,
    /// The file to write.
    #[arg(long)]
    pub out: PathBuf,
    /// Where payees' accounts are.
    #[arg(long, required_if_eq("format", "pain001"))]
    pub accounts: Option<PathBuf>,
    /// Who pays.
    #[arg(long, required_if_eq("format", "pain001"))]
    pub debtor: Option<String>,
    /// The account that is debited.
    #[arg(long, required_if_eq("format", "pain001"))]
    pub debtor_iban: Option<String>,
    /// Its bank.
    #[arg(long, required_if_eq("format", "pain001"))]
    pub debtor_bic: Option<String>,
    /// The day on which the bank is to pay; tomorrow where it isn't said.
    #[arg(long, value_parser = DayNo::parse)]
    pub on: Option<DayNo>,
}

/// How to write payouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PayoutsFormat {
    /// A sheet.
    Csv,
    /// ISO 20022 pain.001.001.09, a credit transfer.
    Pain001,
}

/// Which statements to write as files.
#[derive(Debug, Args)]
pub struct StatementsExport {
    /// The month.
    #[arg(long, value_parser = Period::parse)]
    pub period: Period,
    /// The folder to write into; it is made where it isn't there.
    #[arg(long)]
    pub out: PathBuf,
    /// In which forms.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "json,csv")]
    pub format: Vec<StatementFormat>,
    /// Only this payee's.
    #[arg(long)]
    pub payee: Option<String>,
}

/// In which form to write a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatementFormat {
    /// Everything, with all lines.
    Json,
    /// The lines as a sheet, one for each currency.
    Csv,
    /// All of it as an A4 paper.
    Pdf,
}

/// Which sales reports to write.
#[derive(Debug, Args)]
pub struct DsrExport {
    /// The month.
    #[arg(long, value_parser = Period::parse)]
    pub period: Period,
    /// The folder to write into; it is made where it isn't there.
    #[arg(long)]
    pub out: PathBuf,
    /// The service's DDEX party id.
    #[arg(long)]
    pub sender_dpid: String,
    /// The service's name.
    #[arg(long)]
    pub sender_name: String,
    /// The service's name in the reports, without spaces and underscores.
    #[arg(long, default_value = "Ledgerline")]
    pub service: String,
    /// Only for this payee.
    #[arg(long)]
    pub payee: Option<String>,
    /// Only in this profile: financial or basic-audio.
    #[arg(long, value_parser = ["financial", "basic-audio"])]
    pub profile: Option<String>,
    /// Pack the files with gzip.
    #[arg(long)]
    pub gzip: bool,
    /// Which versions of the standard's parts 1, 2 and 8 the reports name.
    #[arg(long)]
    pub message_version: Option<String>,
}
