//! The words of `ledger`.

use clap::{Args, Subcommand};
use ledgerline_ids::{DayNo, PartyId, Period, UnixMs};
use ledgerline_ledger::{Account, EntryKey, PublicKey};
use std::path::PathBuf;

/// What to do with the ledger.
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// The file of the key that signs; `keys/ledger.ed25519` in the data folder where it isn't
    /// said. While a server runs, that posts with the key that it was started with.
    #[arg(long, global = true, env = "LEDGERLINE_SIGNING_KEY")]
    pub signing_key: Option<PathBuf>,
    /// What.
    #[command(subcommand)]
    pub action: LedgerAction,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerAction {
    /// List entries in the order of their numbers.
    #[command(after_help = "Examples:\n  ledgerline ledger entries --party label-a\n  \
                            ledgerline ledger entries --account party:label-a/EUR/payable --json\n  \
                            ledgerline ledger entries --corrects close/2026-10/label-a")]
    Entries(EntriesArgs),
    /// List what each account holds.
    #[command(after_help = "Examples:\n  ledgerline ledger balances\n  \
                            ledgerline ledger balances --party label-a --as-of 2026-10-31\n  \
                            ledgerline ledger balances --booked-by 2026-11-05T12:00:00Z")]
    Balances(BalancesArgs),
    /// Read everything again, add it up again, and hold it against what was signed.
    #[command(after_help = "Examples:\n  ledgerline ledger verify\n  \
                            ledgerline ledger verify --against checkpoint.txt --json")]
    Verify(VerifyArgs),
    /// Print the signed end of the chain: keep it elsewhere, and verify against it later.
    #[command(after_help = "Examples:\n  ledgerline ledger checkpoint --out /mnt/safe/2026-10.txt")]
    Checkpoint {
        /// The file to write it to, which must not be there yet; standard output where it isn't said.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Post entries of your own from a JSON file, such as an advance, a payout or a cost.
    #[command(after_help = POST_HELP)]
    Post {
        /// The file; `-` is standard input.
        file: PathBuf,
    },
    /// The key that signs.
    Key {
        /// What to do with it.
        #[command(subcommand)]
        action: KeyAction,
    },
}

const POST_HELP: &str = r#"The file has one object. All of its entries are posted, or none:

  {"entries": [{
    "key": "advance-label-a-2026-11",
    "effective": "2026-11-05",
    "reason": "advance",
    "note": "bank reference 4711",
    "postings": [
      {"account": "party:label-a/EUR/advance", "amount": "-1000.00"},
      {"account": "party:label-a/EUR/paid", "amount": "1000.00"}]}]}

What is positive goes into an account, what is negative comes out of it; each currency sums to zero.
An entry may also have: "period" (2026-11; the month of effective where it isn't said), "corrects"
(the key of the entry that it mends) and "inputs" (a SHA-256 of what it was made from).
The same file again changes nothing: an entry is known by its key.

Examples:
  ledgerline ledger post advance.json
  ledgerline ledger post - --json < payout.json"#;

/// Which entries.
#[derive(Debug, Args)]
pub struct EntriesArgs {
    /// That touch this account: holder, currency, kind.
    #[arg(long, value_parser = Account::parse)]
    pub account: Option<Account>,
    /// That touch an account of this party.
    #[arg(long, value_parser = parse_party)]
    pub party: Option<String>,
    /// Of this month.
    #[arg(long, value_parser = Period::parse)]
    pub period: Option<Period>,
    /// That correct the entry with this key.
    #[arg(long, value_parser = EntryKey::new)]
    pub corrects: Option<EntryKey>,
}

/// Which balances, and as of when.
#[derive(Debug, Args)]
pub struct BalancesArgs {
    /// Of the entries that hold on this UTC day.
    #[arg(long, value_parser = DayNo::parse)]
    pub as_of: Option<DayNo>,
    /// Of the entries that were booked up to this instant, RFC 3339.
    #[arg(long, value_parser = UnixMs::parse_rfc3339)]
    pub booked_by: Option<UnixMs>,
    /// Of accounts of this party.
    #[arg(long, value_parser = parse_party)]
    pub party: Option<String>,
}

/// What the ledger is held against.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A checkpoint, or any text with a signed head, such as a statement.
    #[arg(long)]
    pub against: Option<PathBuf>,
    /// The public key, as `ledger key show` printed it; that of the signing key where it isn't said.
    #[arg(long, value_parser = PublicKey::parse)]
    pub public_key: Option<PublicKey>,
    /// Write the head's file anew where it was lost and everything else is sound.
    #[arg(long)]
    pub renew_head_file: bool,
}

/// What to do with the key that signs.
#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// Show the public key, which anybody can verify signed heads with.
    #[command(after_help = "Examples:\n  ledgerline ledger key show")]
    Show,
}

fn parse_party(text: &str) -> Result<String, ledgerline_ids::IdError> {
    PartyId::new(text).map(|party| party.as_str().to_owned())
}
