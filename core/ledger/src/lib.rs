//! Judges and chains double entries.
//!
//! What it is for: a group of entries is judged as a whole, each entry gets its number and the
//! hash of the one before, the end of the chain is signed, and all of it can be read again and
//! added up again. What it refuses: an entry that doesn't sum to zero in each currency, a second
//! meaning for a key, and changing what was booked: a correction is a new entry that names the old.
//!
//! An amount that is positive goes into an account, one that is negative comes out of it. So a
//! party's `payable` is what it is owed, and its `advance` is negative while it is to be recouped.
//!
//! In reading order:
//! - [`account`]: whose, in which currency, for what
//! - [`reason`]: why money moves
//! - [`entry`]: drafts, postings, and entries in their place in the chain
//! - [`bytes`]: the canonical bytes that are hashed
//! - [`judge`]: which group is refused, and why
//! - [`balances`]: what the entries add up to
//! - [`signed_head`]: the end of the chain, signed
//! - [`verify`]: everything read again

mod account;
mod balances;
mod bytes;
mod digest;
mod entry;
mod judge;
mod reason;
mod signed_head;
mod verify;

pub use account::{Account, AccountError, AccountKind, Holder};
pub use balances::Balances;
pub use bytes::DecodeError;
pub use digest::{Digest, DigestError};
pub use entry::{Entry, EntryDraft, EntryKey, Head, Note, Posting, TextError};
pub use judge::{
    Before, GROUP_ENTRIES_MAX, Judged, POSTINGS_MAX, REFUSALS_MAX, Refusal, Refused, judge,
};
pub use reason::Reason;
pub use signed_head::{HeadError, PublicKey, SecretKey, SignedHead, UnsignedHead};
pub use verify::{Finding, Flaw, PostingSum, Row, Verifier, Witness};
