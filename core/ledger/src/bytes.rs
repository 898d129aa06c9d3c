//! The canonical bytes of an entry: what is hashed, and what is stored.
//!
//! Version 1, numbers little end first:
//!
//! ```text
//! version     u8    1
//! seq         u64
//! previous    32    hash of the entry before
//! booked_at   u64   milliseconds since 1970
//! effective   u32   days since 1970
//! period      u16 u8   year and month
//! reason      u8
//! inputs      u8 (0 or 1), then 32 where it is 1
//! key         u16 and that many bytes
//! corrects    u16 and that many bytes; 0 where it corrects nothing
//! note        u16 and that many bytes
//! postings    u16, then for each, in the order of the accounts:
//!   holder    u16 and that many bytes of the party's id; 0 for the service
//!   currency  3     ISO 4217
//!   kind      u8
//!   amount    i64   ledger units
//! ```
//!
//! An entry has one form only: bytes that would be written otherwise are not read.

use ledgerline_ids::{DayNo, PartyId, Period, UnixMs};
use ledgerline_money::{Currency, Micros};

use crate::{
    Account, AccountKind, Digest, Entry, EntryDraft, EntryKey, Holder, Note, POSTINGS_MAX, Posting,
    Reason,
};

const VERSION: u8 = 1;

/// Why bytes are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They end too early, or go on behind the end.
    #[error("it has the wrong length")]
    Length,
    /// A version that this program doesn't know.
    #[error("it has version {0}, which this version of the program doesn't know")]
    Version(u8),
    /// A field holds what it can't.
    #[error("its {0} is not valid")]
    Field(&'static str),
}

impl Entry {
    /// Its canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let draft = self.draft();
        let mut out = Vec::with_capacity(160 + 40 * draft.postings.len());
        out.push(VERSION);
        out.extend_from_slice(&self.seq().to_le_bytes());
        out.extend_from_slice(self.previous().as_bytes());
        out.extend_from_slice(&self.booked_at().get().to_le_bytes());
        out.extend_from_slice(&draft.effective.0.to_le_bytes());
        let year = u16::try_from(draft.period.year()).expect("a year of four digits");
        out.extend_from_slice(&year.to_le_bytes());
        out.push(u8::try_from(draft.period.month()).expect("1 to 12"));
        out.push(draft.reason.byte());
        match &draft.inputs {
            Some(inputs) => {
                out.push(1);
                out.extend_from_slice(inputs.as_bytes());
            }
            None => out.push(0),
        }
        push_text(&mut out, draft.key.as_str());
        push_text(&mut out, draft.corrects.as_ref().map_or("", EntryKey::as_str));
        push_text(&mut out, draft.note.as_str());
        push_length(&mut out, draft.postings.len());
        for Posting { account, amount } in &draft.postings {
            push_text(&mut out, account.holder.as_party().unwrap_or_default());
            out.extend_from_slice(account.currency.code().as_bytes());
            out.push(account.kind.byte());
            out.extend_from_slice(&amount.get().to_le_bytes());
        }
        out
    }

    /// Reads an entry, and computes its hash.
    ///
    /// # Errors
    /// [`DecodeError`] for whatever [`Entry::to_bytes`] never writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = Reader(bytes);
        let version = rest.array::<1>()?[0];
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let seq = u64::from_le_bytes(rest.array()?);
        let previous = Digest::new(rest.array()?);
        let booked_at = UnixMs::new(u64::from_le_bytes(rest.array()?));
        let booked_at = booked_at.map_err(|_| DecodeError::Field("booking instant"))?;
        let effective = DayNo(u32::from_le_bytes(rest.array()?));
        if effective > UnixMs::MAX.day() {
            return Err(DecodeError::Field("effective date"));
        }
        let (year, month) = (u16::from_le_bytes(rest.array()?), rest.array::<1>()?[0]);
        let period = Period::new(year.into(), month.into());
        let period = period.map_err(|_| DecodeError::Field("period"))?;
        let reason = Reason::from_byte(rest.array::<1>()?[0]);
        let reason = reason.ok_or(DecodeError::Field("reason"))?;
        let inputs = match rest.array::<1>()?[0] {
            0 => None,
            1 => Some(Digest::new(rest.array()?)),
            _ => return Err(DecodeError::Field("digest of inputs")),
        };
        let key = EntryKey::new(rest.text()?).map_err(|_| DecodeError::Field("key"))?;
        let corrects = match rest.text()? {
            "" => None,
            text => Some(EntryKey::new(text).map_err(|_| DecodeError::Field("corrected key"))?),
        };
        let note = Note::new(rest.text()?).map_err(|_| DecodeError::Field("note"))?;
        let postings = rest.postings()?;
        if !rest.0.is_empty() {
            return Err(DecodeError::Length);
        }
        let draft = EntryDraft { key, effective, period, reason, corrects, inputs, note, postings };
        Ok(Self::read((seq, previous, Digest::of(bytes)), booked_at, draft))
    }
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    let length = u16::try_from(length).expect("every length was checked to be below 2^16");
    out.extend_from_slice(&length.to_le_bytes());
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    push_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(*array)
    }

    fn length(&mut self) -> Result<usize, DecodeError> {
        Ok(u16::from_le_bytes(self.array()?).into())
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = self.length()?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Length)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| DecodeError::Field("text"))
    }

    /// In the order of the accounts, none of them twice.
    fn postings(&mut self) -> Result<Vec<Posting>, DecodeError> {
        let count = self.length()?;
        if count > POSTINGS_MAX {
            return Err(DecodeError::Field("number of postings"));
        }
        let mut postings: Vec<Posting> = Vec::with_capacity(count);
        for _ in 0..count {
            let holder = match self.text()? {
                "" => Holder::Service,
                text => {
                    Holder::party(PartyId::new(text).map_err(|_| DecodeError::Field("holder"))?)
                }
            };
            let currency = self.array::<3>()?;
            let currency = std::str::from_utf8(&currency).ok();
            let currency = currency.and_then(|code| Currency::parse(code).ok());
            let currency = currency.ok_or(DecodeError::Field("currency"))?;
            let kind = AccountKind::from_byte(self.array::<1>()?[0]);
            let kind = kind.ok_or(DecodeError::Field("kind of account"))?;
            let amount = Micros::new(i64::from_le_bytes(self.array()?));
            let account = Account { holder, currency, kind };
            if postings.last().is_some_and(|before| before.account >= account) {
                return Err(DecodeError::Field("order of accounts"));
            }
            postings.push(Posting { account, amount });
        }
        Ok(postings)
    }
}
