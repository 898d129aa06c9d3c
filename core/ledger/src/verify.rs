//! Everything that is stored, read again: is it what was booked?
//!
//! A fold over the rows in the order of their numbers. What it needs grows with the number of
//! accounts and not with the number of entries. It goes on behind what is broken, so that each
//! broken thing is named, and a broken entry is named once and not in everything behind it.

use ledgerline_ids::{DayNo, HashKey};
use ledgerline_money::{Currency, Micros};
use std::collections::BTreeMap;
use std::fmt;

use crate::judge::{in_major_units, unbalanced};
use crate::{Account, DecodeError, Digest, Entry, Head, HeadError, PublicKey, SignedHead};

/// How many findings are kept; they are counted beyond it.
const FINDINGS_MAX: usize = 1_000;
/// The domain of the hash that postings are compared by.
const POSTING: u8 = 1;

/// An entry as it is stored: its bytes, and what stands beside them to be searched by.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The number of the row.
    pub seq: u64,
    /// The canonical bytes.
    pub bytes: &'a [u8],
    /// The hash that stands beside them: 32 bytes.
    pub hash: &'a [u8],
    /// The key beside them.
    pub key: &'a [u8],
    /// The period beside them, `2026-10`.
    pub period: &'a [u8],
    /// The corrected key beside them.
    pub corrects: Option<&'a [u8]>,
}

/// A signed head that the database can't have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// The file that has the newest head.
    HeadFile,
    /// A checkpoint or statement that was kept elsewhere.
    Checkpoint,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The number of the first entry that it is about; 0 for the ledger as a whole.
    pub seq: u64,
    /// What.
    pub flaw: Flaw,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Rows are missing in front of the next one.
    #[error("missing, as is everything up to entry {until}")]
    Gap {
        /// The last one that is missing.
        until: u64,
    },
    /// The bytes say another number than the row.
    #[error("out of place: its bytes say that it is entry {says}")]
    OutOfPlace {
        /// What they say.
        says: u64,
    },
    /// The bytes are no entry.
    #[error("changed: {0}")]
    Unreadable(DecodeError),
    /// The bytes are not those that the hash was made of.
    #[error("changed: its bytes don't have the hash that stands beside them")]
    Changed,
    /// It doesn't name the hash of the entry before it.
    #[error("not linked: the hash before it is not that of the entry before")]
    Unlinked,
    /// It was booked before the one in front of it.
    #[error("booked before the entry in front of it")]
    BookedEarlier,
    /// The amounts of a currency don't sum to zero.
    #[error("unbalanced: {currency} sums to {}", in_major_units(*sum))]
    Unbalanced {
        /// Which.
        currency: Currency,
        /// To what, in ledger units.
        sum: i128,
    },
    /// What stands beside the bytes says something else.
    #[error("the {0} beside it is not the one in its bytes")]
    Beside(&'static str),
    /// A signed head has no valid signature.
    #[error("the signed head there is not believed: {0}")]
    Head(HeadError),
    /// The signed head has another hash than the chain.
    #[error("rewritten: entries {since} to here are not those whose head was signed")]
    Rewritten {
        /// The first entry behind the signed head before.
        since: u64,
    },
    /// No signed head covers the last entries.
    #[error("not signed, as is everything behind it")]
    Unsigned,
    /// The ledger ends before what was signed.
    #[error("cut off: the ledger ends at entry {ends}, and {} knows more", Known(*witness))]
    TailCut {
        /// The last entry that is there.
        ends: u64,
        /// Who knows of more; `None` for the database itself.
        witness: Option<Witness>,
    },
    /// A witness has another hash than the chain.
    #[error("rewritten: it is not the entry that {} knows", Known(Some(*witness)))]
    Contradicted {
        /// Who knows.
        witness: Witness,
    },
    /// A witness is no witness.
    #[error("{} is not believed: {error}", Known(Some(*witness)))]
    Unbelieved {
        /// Who.
        witness: Witness,
        /// Why.
        error: HeadError,
    },
    /// The newest signed head is not in its file, where at most one is ever missing.
    #[error("{}", file_behind(*file))]
    FileBehind {
        /// The number that the file has; `None` where there is no file.
        file: Option<u64>,
    },
    /// A balance that is kept isn't what the entries add up to.
    #[error("the balance of {account} is kept as {kept}, and its entries add up to {}", in_major_units(*sum))]
    Balance {
        /// Whose.
        account: Account,
        /// What is kept.
        kept: Micros,
        /// What the entries add up to, in ledger units.
        sum: i128,
    },
    /// The postings that are kept by account are not those of the entries.
    #[error("the postings that are kept for {account} are not those of its entries")]
    Postings {
        /// Whose.
        account: Account,
    },
    /// An account of the entries isn't kept.
    #[error("{account} is missing among the accounts")]
    AccountMissing {
        /// Which.
        account: Account,
    },
    /// Something about the store that no entry shows.
    #[error("{0}")]
    Store(String),
}

struct Known(Option<Witness>);

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            None => "a signed head in the database",
            Some(Witness::HeadFile) => "the head's file",
            Some(Witness::Checkpoint) => "the checkpoint",
        })
    }
}

fn file_behind(file: Option<u64>) -> String {
    match file {
        None => "the head's file is missing".to_owned(),
        Some(seq) => format!(
            "the head's file stops at entry {seq}, which is more than one transaction behind"
        ),
    }
}

impl Finding {
    /// A word for the kind of flaw, for scripts.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.flaw {
            Flaw::Gap { .. } => "gap",
            Flaw::OutOfPlace { .. } => "out_of_place",
            Flaw::Unreadable(_) | Flaw::Changed => "changed",
            Flaw::Unlinked => "unlinked",
            Flaw::BookedEarlier => "booked_earlier",
            Flaw::Unbalanced { .. } => "unbalanced",
            Flaw::Beside(_) => "beside",
            Flaw::Head(_) => "signature",
            Flaw::Rewritten { .. } => "rewritten",
            Flaw::Unsigned => "unsigned",
            Flaw::TailCut { .. } => "tail_cut",
            Flaw::Contradicted { .. } => "contradicted",
            Flaw::Unbelieved { .. } => "witness",
            Flaw::FileBehind { .. } => "head_file",
            Flaw::Balance { .. } => "balance",
            Flaw::Postings { .. } => "postings",
            Flaw::AccountMissing { .. } => "account",
            Flaw::Store(_) => "store",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            0 => write!(f, "{}", self.flaw),
            seq => write!(f, "entry {seq}: {}", self.flaw),
        }
    }
}

/// Postings of one account, put together so that two lists can be compared whatever their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PostingSum {
    rows: u64,
    fingerprint: u128,
}

/// What the entries say of one account.
#[derive(Debug, Clone, Copy, Default)]
struct Replayed {
    balance: i128,
    postings: PostingSum,
}

/// The fold. Rows and signed heads come in the order of their numbers, then the accounts.
#[derive(Debug)]
pub struct Verifier {
    public_key: PublicKey,
    // Drawn for each verification, so that nobody can choose postings that look like others.
    hash_key: HashKey,
    witnesses: Vec<(Witness, SignedHead)>,
    last: Head,
    // The hash that stands beside the last entry: the same, where it is sound.
    beside: Digest,
    signed: u64,
    accounts: BTreeMap<Account, Replayed>,
    findings: Vec<Finding>,
    found: u64,
}

impl Verifier {
    /// Nothing is read yet. `hash_key` is to be random.
    #[must_use]
    pub fn new(public_key: PublicKey, hash_key: HashKey) -> Self {
        Self {
            public_key,
            hash_key,
            witnesses: Vec::new(),
            last: Head::EMPTY,
            beside: Digest::ZERO,
            signed: 0,
            accounts: BTreeMap::new(),
            findings: Vec::new(),
            found: 0,
        }
    }

    /// Notes what a witness knows; before the first row.
    pub fn witness(&mut self, witness: Witness, head: SignedHead) {
        match head.verify(&self.public_key) {
            Ok(()) => self.witnesses.push((witness, head)),
            Err(error) => self.find(head.head.seq, Flaw::Unbelieved { witness, error }),
        }
    }

    /// Looks at the next row. Says the entry, where the bytes are one.
    pub fn row(&mut self, row: Row<'_>) -> Option<Entry> {
        let expected = self.last.seq + 1;
        let is_next = row.seq == expected;
        if row.seq > expected {
            self.find(expected, Flaw::Gap { until: row.seq - 1 });
        }
        let computed = Digest::of(row.bytes);
        let beside = <[u8; 32]>::try_from(row.hash).map(Digest::new).unwrap_or(Digest::ZERO);
        let entry = match Entry::from_bytes(row.bytes) {
            Ok(entry) => {
                if beside != computed {
                    self.find(row.seq, Flaw::Changed);
                }
                self.entry(&row, &entry, is_next);
                Some(entry)
            }
            Err(error) => {
                self.find(row.seq, Flaw::Unreadable(error));
                None
            }
        };
        let booked_at = entry.as_ref().map_or(self.last.booked_at, Entry::booked_at);
        self.last = Head { seq: row.seq, hash: computed, booked_at };
        self.beside = beside;
        for (witness, head) in self.witnesses.clone() {
            if head.head.seq == row.seq && !self.is_last(head.head.hash) {
                self.find(row.seq, Flaw::Contradicted { witness });
            }
        }
        entry
    }

    fn entry(&mut self, row: &Row<'_>, entry: &Entry, is_next: bool) {
        let (seq, draft) = (row.seq, entry.draft());
        if entry.seq() != seq {
            self.find(seq, Flaw::OutOfPlace { says: entry.seq() });
        }
        // Where the entry before was changed, or the hash beside it, that was told already.
        if is_next && entry.previous() != self.last.hash && entry.previous() != self.beside {
            self.find(seq, Flaw::Unlinked);
        }
        if entry.booked_at() < self.last.booked_at {
            self.find(seq, Flaw::BookedEarlier);
        }
        if let Some((currency, sum)) = unbalanced(draft) {
            self.find(seq, Flaw::Unbalanced { currency, sum });
        }
        if draft.key.as_str().as_bytes() != row.key {
            self.find(seq, Flaw::Beside("key"));
        }
        if draft.period.to_string().as_bytes() != row.period {
            self.find(seq, Flaw::Beside("period"));
        }
        if draft.corrects.as_ref().map(|key| key.as_str().as_bytes()) != row.corrects {
            self.find(seq, Flaw::Beside("corrected key"));
        }
        for posting in &draft.postings {
            if !self.accounts.contains_key(&posting.account) {
                self.accounts.insert(posting.account.clone(), Replayed::default());
            }
            let hash_key = self.hash_key;
            let account = self.accounts.get_mut(&posting.account).expect("it was put there");
            account.balance += i128::from(posting.amount.get());
            account.postings.add(&hash_key, seq, posting.amount, draft.effective);
        }
    }

    fn is_last(&self, hash: Digest) -> bool {
        hash == self.last.hash || hash == self.beside
    }

    /// Looks at the signed head of the row that was the last one so far.
    pub fn signed_head(&mut self, head: &SignedHead) {
        let seq = head.head.seq;
        let since = self.signed + 1;
        self.signed = self.signed.max(seq);
        if let Err(error) = head.verify(&self.public_key) {
            return self.find(seq, Flaw::Head(error));
        }
        if seq != self.last.seq {
            // Its row is missing, which is told when the next one comes, or at the end.
            return;
        }
        if !self.is_last(head.head.hash) {
            self.find(seq, Flaw::Rewritten { since });
        } else if head.head.booked_at != self.last.booked_at {
            self.find(seq, Flaw::Beside("booking instant of the signed head"));
        }
    }

    /// Tells that the rows are at their end. `earlier` is the number of the last signed head but
    /// one: the head's file may be as far behind.
    pub fn end_of_rows(&mut self, earlier: u64, has_head_file: bool) {
        let ends = self.last.seq;
        if self.signed > ends {
            self.find(ends + 1, Flaw::TailCut { ends, witness: None });
        } else if ends > self.signed {
            self.find(self.signed + 1, Flaw::Unsigned);
        }
        for (witness, head) in self.witnesses.clone() {
            let seq = head.head.seq;
            if seq > ends {
                self.find(ends + 1, Flaw::TailCut { ends, witness: Some(witness) });
            }
            if witness == Witness::HeadFile && seq < earlier {
                self.find(seq + 1, Flaw::FileBehind { file: Some(seq) });
            }
        }
        if !has_head_file && earlier > 0 {
            self.find(0, Flaw::FileBehind { file: None });
        }
    }

    /// Looks at what is kept of an account: its balance, and its postings by account.
    pub fn account(&mut self, account: &Account, kept: Micros, postings: PostingSum) {
        let replayed = self.accounts.remove(account).unwrap_or_default();
        if i128::from(kept.get()) != replayed.balance {
            let flaw = Flaw::Balance { account: account.clone(), kept, sum: replayed.balance };
            self.find(0, flaw);
        }
        if postings != replayed.postings {
            self.find(0, Flaw::Postings { account: account.clone() });
        }
    }

    /// The key that [`PostingSum`]s of this verification are made with.
    #[must_use]
    pub fn hash_key(&self) -> HashKey {
        self.hash_key
    }

    /// Notes what was found wrong elsewhere.
    pub fn find(&mut self, seq: u64, flaw: Flaw) {
        self.found += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { seq, flaw });
        }
    }

    /// Where the chain ended.
    #[must_use]
    pub fn head(&self) -> Head {
        self.last
    }

    /// Everything that is wrong, by the entries' numbers, at most 1 000 of them; and how much it
    /// is in all.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Finding>, u64) {
        for account in std::mem::take(&mut self.accounts).into_keys() {
            self.find(0, Flaw::AccountMissing { account });
        }
        // What is about the ledger as a whole comes behind the entries that caused it.
        self.findings.sort_by_key(|finding| if finding.seq == 0 { u64::MAX } else { finding.seq });
        (self.findings, self.found)
    }
}

impl PostingSum {
    /// Adds a posting.
    pub fn add(&mut self, key: &HashKey, seq: u64, amount: Micros, effective: DayNo) {
        let mut hasher = key.hasher(POSTING);
        hasher.number(seq).number(amount.get().cast_unsigned()).number(effective.0.into());
        self.rows += 1;
        self.fingerprint = self.fingerprint.wrapping_add(hasher.finish128());
    }
}
