//! Drafts of entries, and entries in their place in the chain.

use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_money::Micros;
use std::borrow::Borrow;
use std::fmt;

use crate::{Account, Digest, Reason};

/// The key by which whoever posts an entry names it: posted again, it is the same entry. 1 to 300
/// visible characters of ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey(Box<str>);

/// What a person wrote beside an entry: at most 200 bytes without control characters, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Note(Box<str>);

/// Why a text is no key or note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A key of another alphabet or length.
    #[error("a key must have 1 to 300 visible characters of ASCII and no space")]
    Key,
    /// A note that is too long or has control characters.
    #[error("a note must have at most 200 bytes and no control characters")]
    Note,
}

/// What one account gets (positive) or gives (negative).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Posting {
    /// Which account, and so in which currency.
    pub account: Account,
    /// How much, in ledger units.
    pub amount: Micros,
}

/// What is to be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryDraft {
    /// Its name for whoever posts it.
    pub key: EntryKey,
    /// The day from which on it holds, in UTC.
    pub effective: DayNo,
    /// The month whose close or business it belongs to.
    pub period: Period,
    /// Why.
    pub reason: Reason,
    /// The entry that it mends or takes back.
    pub corrects: Option<EntryKey>,
    /// The digest of what it was computed from, such as a statement's lines.
    pub inputs: Option<Digest>,
    /// A person's remark.
    pub note: Note,
    /// What moves. Their order is of no account: they are booked in the order of the accounts.
    pub postings: Vec<Posting>,
}

/// Where the chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 where there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
    /// When it was booked.
    pub booked_at: UnixMs,
}

/// An entry in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    seq: u64,
    previous: Digest,
    hash: Digest,
    booked_at: UnixMs,
    draft: EntryDraft,
}

impl EntryKey {
    /// The most bytes of a key.
    pub const MAX_BYTES: usize = 300;

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// [`TextError::Key`].
    pub fn new(text: &str) -> Result<Self, TextError> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if (1..=Self::MAX_BYTES).contains(&text.len()) && visible {
            Ok(Self(text.into()))
        } else {
            Err(TextError::Key)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for EntryKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Note {
    /// The most bytes of a note.
    pub const MAX_BYTES: usize = 200;

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// [`TextError::Note`].
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.len() <= Self::MAX_BYTES && !text.chars().any(char::is_control) {
            Ok(Self(text.into()))
        } else {
            Err(TextError::Note)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Head {
    /// The head of a ledger without entries.
    pub const EMPTY: Self = Self { seq: 0, hash: Digest::ZERO, booked_at: UnixMs::EPOCH };
}

impl Entry {
    /// Puts `draft` behind `head`, booked at `booked_at` or at the head's instant where that is
    /// later: so whatever was booked up to an instant stays what it is.
    #[must_use]
    pub fn chain(mut draft: EntryDraft, head: &Head, booked_at: UnixMs) -> Self {
        draft.postings.sort();
        let booked_at = booked_at.max(head.booked_at);
        let mut entry =
            Self { seq: head.seq + 1, previous: head.hash, hash: Digest::ZERO, booked_at, draft };
        entry.hash = Digest::of(&entry.to_bytes());
        entry
    }

    /// An entry that was read: its bytes' own words, and their hash.
    pub(crate) fn read(
        (seq, previous, hash): (u64, Digest, Digest),
        booked_at: UnixMs,
        draft: EntryDraft,
    ) -> Self {
        Self { seq, previous, hash, booked_at, draft }
    }

    /// Its number: the first has 1, and none is missing.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The hash of the entry before; of the first, 32 zeros.
    #[must_use]
    pub fn previous(&self) -> Digest {
        self.previous
    }

    /// SHA-256 of its canonical bytes, which hold the hash of the entry before.
    #[must_use]
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// When it was booked; never before the entry in front of it.
    #[must_use]
    pub fn booked_at(&self) -> UnixMs {
        self.booked_at
    }

    /// What was booked, the postings in the order of the accounts.
    #[must_use]
    pub fn draft(&self) -> &EntryDraft {
        &self.draft
    }

    /// The head that it makes.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash, booked_at: self.booked_at }
    }

    /// Whether `draft` says the same, the order of its postings aside.
    #[must_use]
    pub fn says_the_same_as(&self, draft: &EntryDraft) -> bool {
        let mut sorted = draft.clone();
        sorted.postings.sort();
        self.draft == sorted
    }
}
