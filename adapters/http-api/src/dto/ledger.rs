//! Entries, balances and the signed head of the ledger.

use ledgerline_app::access::Caller;
use ledgerline_app::money::ledger::{Verification, Witnesses};
use ledgerline_ledger::{Account, Entry, Finding, Posting, PublicKey, SignedHead};
use ledgerline_money::Micros;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;
use super::words::{AccountKindWord, EntryReasonWord};

/// What one account gets or gives.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerPosting {
    /// Holder, currency and kind: `party:P1/EUR/payable`.
    pub account: String,
    /// In major units with six digits behind the point; below zero it comes out of the account.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub amount: String,
}

/// An entry of the ledger. Its amounts sum to zero in each currency; who sees only some parties is
/// shown the postings of these and of the service.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// Its number: the first has 1, and none is missing.
    #[schema(minimum = 1)]
    pub seq: u64,
    /// Its name for whoever posted it.
    pub key: String,
    /// The day from which on it holds, UTC.
    #[schema(format = Date)]
    pub effective: String,
    /// When it was booked.
    pub booked_at: Instant,
    /// The month that it belongs to.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Why.
    pub reason: EntryReasonWord,
    /// The key of the entry that it mends or takes back; null where it is no correction.
    #[schema(required)]
    pub corrects: Option<String>,
    /// SHA-256 of what it was computed from; null where nothing was named.
    #[schema(required, pattern = "^[0-9a-f]{64}$")]
    pub inputs: Option<String>,
    /// A person's remark; may be empty.
    pub note: String,
    /// What moves, in the order of the accounts.
    pub postings: Vec<LedgerPosting>,
    /// The hash of the entry before; of the first, zeros.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub previous: String,
    /// SHA-256 of its canonical bytes.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
}

/// A page of entries, in the order of their numbers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntryPage {
    /// What is on it.
    pub items: Vec<LedgerEntry>,
    /// What to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// What an account holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerBalance {
    /// Holder, currency and kind: `party:P1/EUR/payable`.
    pub account: String,
    /// `service`, or `party:` and the party's id.
    pub holder: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// What the account is for.
    pub kind: AccountKindWord,
    /// In major units with six digits behind the point.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub balance: String,
}

/// A page of balances, in the order of the accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerBalancePage {
    /// The day that they hold on; null where every entry is in them.
    #[schema(required, format = Date)]
    pub as_of: Option<String>,
    /// The instant up to which they were booked; null where every entry is in them.
    #[schema(required)]
    pub booked_by: Option<Instant>,
    /// What is on it.
    pub items: Vec<LedgerBalance>,
    /// What to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// The end of the ledger's chain, signed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerHead {
    /// The Ed25519 key to verify the signature with; null where nothing was signed yet.
    #[schema(required, pattern = "^[0-9a-f]{64}$")]
    pub public_key: Option<String>,
    /// How many entries there are.
    pub entries: u64,
    /// The hash of the last one; null where there is none, as all that follows.
    #[schema(required, pattern = "^[0-9a-f]{64}$")]
    pub hash: Option<String>,
    /// When it was booked.
    #[schema(required)]
    pub booked_at: Option<Instant>,
    /// The month that it belongs to.
    #[schema(required, pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: Option<String>,
    /// The line that says all this with its signature: what statements and checkpoints carry.
    #[schema(required)]
    pub signed: Option<String>,
}

/// Whether the ledger is what was booked and signed: everything read and added up again.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerVerification {
    /// Whether nothing is wrong.
    pub sound: bool,
    /// How many entries there are.
    pub entries: u64,
    /// How many signed transactions.
    pub transactions: u64,
    /// How many accounts.
    pub accounts: u64,
    /// The hash of the last entry; null where there is none.
    #[schema(required, pattern = "^[0-9a-f]{64}$")]
    pub hash: Option<String>,
    /// The Ed25519 key that it was held against; null where nothing was signed yet.
    #[schema(required, pattern = "^[0-9a-f]{64}$")]
    pub public_key: Option<String>,
    /// The entry that the head's file says is the last; null where there is no such file.
    #[schema(required)]
    pub head_file: Option<u64>,
    /// The entry that a checkpoint says was the last once; null where none was brought.
    #[schema(required)]
    pub checkpoint: Option<u64>,
    /// How much is wrong.
    pub findings_total: u64,
    /// What, by the entries' numbers; the first 1 000.
    #[schema(max_items = 1000)]
    pub findings: Vec<LedgerFinding>,
}

/// One thing that is wrong with the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerFinding {
    /// The number of the entry; 0 where it is about none.
    pub seq: u64,
    /// What kind of thing, for programs.
    pub kind: &'static str,
    /// What, as a sentence.
    pub detail: String,
}

impl LedgerVerification {
    /// What was verified and against what; nothing where the ledger is empty and was never signed.
    #[must_use]
    pub fn of(verified: Option<&(Verification, Witnesses)>) -> Self {
        let (found, known) = (verified.map(|(found, _)| found), verified.map(|(_, known)| known));
        let findings = found.map_or(&[][..], |found| &found.findings);
        let seq_of = |text: Option<&String>| {
            text.and_then(|text| SignedHead::find_in(text).ok()).map(|signed| signed.head.seq)
        };
        let finding = |one: &Finding| LedgerFinding {
            seq: one.seq,
            kind: one.kind(),
            detail: one.to_string(),
        };
        Self {
            sound: findings.is_empty(),
            entries: found.map_or(0, |found| found.entries),
            transactions: found.map_or(0, |found| found.heads),
            accounts: found.map_or(0, |found| found.accounts),
            hash: found.map(|found| found.head.hash.to_string()),
            public_key: known.map(|known| known.public_key.to_string()),
            head_file: seq_of(known.and_then(|known| known.head_file.as_ref())),
            checkpoint: seq_of(known.and_then(|known| known.checkpoint.as_ref())),
            findings_total: found.map_or(0, |found| found.found),
            findings: findings.iter().map(finding).collect(),
        }
    }
}

impl From<&Posting> for LedgerPosting {
    fn from(posting: &Posting) -> Self {
        Self { account: posting.account.to_string(), amount: posting.amount.to_string() }
    }
}

impl LedgerEntry {
    /// An entry, as a caller sees it: without what other parties get or give.
    pub(crate) fn seen_by(entry: &Entry, caller: &Caller) -> Self {
        let draft = entry.draft();
        let seen = |posting: &&Posting| {
            posting.account.holder.as_party().is_none_or(|party| caller.sees(party))
        };
        Self {
            seq: entry.seq(),
            key: draft.key.to_string(),
            effective: draft.effective.to_string(),
            booked_at: Instant(entry.booked_at()),
            period: draft.period.to_string(),
            reason: EntryReasonWord(draft.reason),
            corrects: draft.corrects.as_ref().map(ToString::to_string),
            inputs: draft.inputs.as_ref().map(ToString::to_string),
            // A remark on what concerns others too may name them.
            note: if draft.postings.iter().all(|posting| seen(&posting)) {
                draft.note.as_str().to_owned()
            } else {
                String::new()
            },
            postings: draft.postings.iter().filter(seen).map(LedgerPosting::from).collect(),
            previous: entry.previous().to_string(),
            hash: entry.hash().to_string(),
        }
    }
}

impl From<&(Account, Micros)> for LedgerBalance {
    fn from((account, balance): &(Account, Micros)) -> Self {
        Self {
            account: account.to_string(),
            holder: account.holder.to_string(),
            currency: account.currency.to_string(),
            kind: AccountKindWord(account.kind),
            balance: balance.to_string(),
        }
    }
}

impl LedgerHead {
    pub(crate) fn of(public_key: Option<PublicKey>, head: Option<SignedHead>) -> Self {
        Self {
            public_key: public_key.map(|key| key.to_string()),
            entries: head.map_or(0, |signed| signed.head.seq),
            hash: head.map(|signed| signed.head.hash.to_string()),
            booked_at: head.map(|signed| Instant(signed.head.booked_at)),
            period: head.map(|signed| signed.period.to_string()),
            signed: head.map(|signed| signed.to_string()),
        }
    }
}
