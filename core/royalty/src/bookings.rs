//! A close as double entries: for each payee, currency and kind of movement one, never one for
//! each play or line.
//!
//! | entry | from | to |
//! |---|---|---|
//! | revenue | service `revenue` | service `margin` |
//! | pool | service `margin` | service `pool` |
//! | earned, adjustment | service `pool` | payee's `earned`; `unmatched` where nobody is known |
//! | guarantee | service `margin` | payee's `earned` |
//! | recoupment | payee's `earned` | payee's `advance` |
//! | withholding | payee's `earned` | payee's `withheld` |
//! | reserve held, released | payee's `earned` | payee's `reserve`, and back |
//! | payable | payee's `earned` | payee's `payable` |
//! | fx | payee's `payable` | service `fx`, and in the other currency back |
//! | payout | payee's `payable` | payee's `paid`; booked once the bank has paid, and not by a close |

use crate::closing::{AccountKey, ClosedAccount, ClosedPayee, Closing};
use crate::splits::UNMATCHED;
use crate::statement::Cause;
use ledgerline_ids::{DayNo, Period};
use ledgerline_ledger::{
    Account, AccountKind, Digest, EntryDraft, EntryKey, Holder, Note, Posting, Reason,
};
use ledgerline_money::{Currency, Micros, MoneyError};
use std::collections::{BTreeMap, BTreeSet};

/// Why a close can't be booked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookingError {
    /// A name that the ledger doesn't take.
    #[error(
        "{0} can't be part of an entry's key: give the party an id of visible ASCII, at most 128"
    )]
    Name(String),
    /// Beyond what an amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What one cause changed of one earlier month, summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustedSums {
    /// Which month.
    pub period: Period,
    /// Why.
    pub cause: Cause,
    /// By payee and currency.
    pub sums: BTreeMap<(Box<str>, Currency), Micros>,
    /// Those of them that earned something in that month's own close, which is what is corrected.
    pub corrects: BTreeSet<(Box<str>, Currency)>,
    /// What changed of the month's net revenue, by currency.
    pub net: BTreeMap<Currency, Micros>,
    /// What changed of the money of its pools, by currency.
    pub pools: BTreeMap<Currency, Micros>,
}

/// A close, as far as it is booked.
#[derive(Clone, Copy)]
pub struct Booked<'a> {
    /// Which month.
    pub period: Period,
    /// Its net revenue, by currency.
    pub net: &'a BTreeMap<Currency, Micros>,
    /// The money of its pools, by currency.
    pub pools: &'a BTreeMap<Currency, Micros>,
    /// What each payee earned by the month's own lines, by currency; of nobody known too.
    pub earned: &'a BTreeMap<(Box<str>, Currency), Micros>,
    /// What changed of earlier months.
    pub adjusted: &'a [AdjustedSums],
    /// All the rest.
    pub closing: &'a Closing,
    /// The digest of each payee's lines.
    pub digest: &'a dyn Fn(&str) -> Option<Digest>,
}

/// The key of the entry by which a payee earned in a month's own close.
///
/// # Errors
/// [`BookingError::Name`].
pub fn earned_key(
    period: Period,
    payee: &str,
    currency: Currency,
) -> Result<EntryKey, BookingError> {
    key(period, &[payee, currency.code(), "earned"])
}

fn key(period: Period, parts: &[&str]) -> Result<EntryKey, BookingError> {
    let text = format!("close/{period}/{}", parts.join("/"));
    EntryKey::new(&text).map_err(|_| BookingError::Name(parts.join("/")))
}

/// The entries of a close, in the order in which they are booked.
///
/// # Errors
/// [`BookingError`].
pub fn entries(booked: &Booked<'_>) -> Result<Vec<EntryDraft>, BookingError> {
    let mut book = Book { booked: *booked, day: booked.period.last_day(), drafts: Vec::new() };
    book.revenue()?;
    book.earned()?;
    for adjusted in booked.adjusted {
        book.adjustment(adjusted)?;
    }
    book.guarantees()?;
    book.accounts()?;
    for (payee, closed) in &booked.closing.payees {
        book.exchange(payee, closed)?;
    }
    Ok(book.drafts)
}

struct Book<'a> {
    booked: Booked<'a>,
    day: DayNo,
    drafts: Vec<EntryDraft>,
}

impl Book<'_> {
    /// One entry that moves `amount` between two accounts; none where it is nothing.
    fn entry(
        &mut self,
        name: &[&str],
        reason: Reason,
        (from, to): (Account, Account),
        amount: Micros,
    ) -> Result<Option<&mut EntryDraft>, BookingError> {
        if amount == Micros::ZERO {
            return Ok(None);
        }
        let postings = vec![
            Posting { account: from, amount: amount.negated()? },
            Posting { account: to, amount },
        ];
        self.draft(name, reason, postings).map(Some)
    }

    fn draft(
        &mut self,
        name: &[&str],
        reason: Reason,
        postings: Vec<Posting>,
    ) -> Result<&mut EntryDraft, BookingError> {
        self.drafts.push(EntryDraft {
            key: key(self.booked.period, name)?,
            effective: self.day,
            period: self.booked.period,
            reason,
            corrects: None,
            inputs: None,
            note: Note::default(),
            postings,
        });
        Ok(self.drafts.last_mut().expect("just pushed"))
    }

    fn revenue(&mut self) -> Result<(), BookingError> {
        let Booked { net, pools, .. } = self.booked;
        for (currency, amount) in net {
            let accounts =
                (service(*currency, AccountKind::Revenue), service(*currency, AccountKind::Margin));
            self.entry(
                &["service", currency.code(), "revenue"],
                Reason::Revenue,
                accounts,
                *amount,
            )?;
        }
        for (currency, amount) in pools {
            let accounts =
                (service(*currency, AccountKind::Margin), service(*currency, AccountKind::Pool));
            self.entry(&["service", currency.code(), "pool"], Reason::Pool, accounts, *amount)?;
        }
        Ok(())
    }

    fn earned(&mut self) -> Result<(), BookingError> {
        let Booked { earned, digest, .. } = self.booked;
        for ((payee, currency), amount) in earned {
            let (to, reason) = earner(payee, *currency);
            let accounts = (service(*currency, AccountKind::Pool), to);
            let draft =
                self.entry(&[payee, currency.code(), "earned"], reason, accounts, *amount)?;
            if let Some(draft) = draft {
                draft.inputs = digest(payee);
            }
        }
        Ok(())
    }

    fn adjustment(&mut self, adjusted: &AdjustedSums) -> Result<(), BookingError> {
        let month = adjusted.period.to_string();
        let cause = adjusted.cause.word();
        for (currency, amount) in &adjusted.net {
            let accounts =
                (service(*currency, AccountKind::Revenue), service(*currency, AccountKind::Margin));
            let name = ["service", currency.code(), "revenue", &month, cause];
            self.entry(&name, Reason::Adjustment, accounts, *amount)?;
        }
        for (currency, amount) in &adjusted.pools {
            let accounts =
                (service(*currency, AccountKind::Margin), service(*currency, AccountKind::Pool));
            let name = ["service", currency.code(), "pool", &month, cause];
            self.entry(&name, Reason::Adjustment, accounts, *amount)?;
        }
        let digest = self.booked.digest;
        for ((payee, currency), amount) in &adjusted.sums {
            let (to, _) = earner(payee, *currency);
            let accounts = (service(*currency, AccountKind::Pool), to);
            let name = [payee, currency.code(), "adjustment", &month, cause];
            let corrects = adjusted.corrects.contains(&(payee.clone(), *currency));
            let corrects = match corrects {
                true => Some(earned_key(adjusted.period, payee, *currency)?),
                false => None,
            };
            if let Some(draft) = self.entry(&name, Reason::Adjustment, accounts, *amount)? {
                draft.corrects = corrects;
                draft.inputs = digest(payee);
            }
        }
        Ok(())
    }

    fn guarantees(&mut self) -> Result<(), BookingError> {
        for (top_up, amount) in &self.booked.closing.topped_up {
            let currency = top_up.currency;
            let to = party(&top_up.licensor, currency, AccountKind::Earned);
            let accounts = (service(currency, AccountKind::Margin), to);
            let month = top_up.period.to_string();
            let name = [
                &*top_up.licensor,
                currency.code(),
                "guarantee",
                &month,
                &*top_up.contract,
                &*top_up.term,
            ];
            self.entry(&name, Reason::Guarantee, accounts, *amount)?;
        }
        Ok(())
    }

    /// Movements of all contracts of a payee and currency are one entry of each kind.
    fn accounts(&mut self) -> Result<(), BookingError> {
        let accounts: Vec<(&AccountKey, &ClosedAccount)> =
            self.booked.closing.accounts.iter().collect();
        let mut sums: BTreeMap<(&str, Currency), Sums> = BTreeMap::new();
        for (key, account) in accounts {
            sums.entry((&key.payee, key.currency)).or_default().add(account)?;
        }
        for ((payee, currency), sums) in sums {
            let earned = || party(payee, currency, AccountKind::Earned);
            let to = |kind| (earned(), party(payee, currency, kind));
            let code = currency.code();
            let movements = [
                ("recoupment", Reason::Recoupment, to(AccountKind::Advance), sums.recouped),
                ("withholding", Reason::Withholding, to(AccountKind::Withheld), sums.withheld),
                ("reserve_held", Reason::ReserveHeld, to(AccountKind::Reserve), sums.held),
                (
                    "reserve_released",
                    Reason::ReserveReleased,
                    (party(payee, currency, AccountKind::Reserve), earned()),
                    sums.released,
                ),
                ("payable", Reason::Payable, to(AccountKind::Payable), sums.credited),
            ];
            for (name, reason, accounts, amount) in movements {
                self.entry(&[payee, code, name], reason, accounts, amount)?;
            }
        }
        Ok(())
    }

    fn exchange(&mut self, payee: &str, closed: &ClosedPayee) -> Result<(), BookingError> {
        for exchanged in &closed.payout.exchanged {
            let (from, to) = (exchanged.from, closed.currency);
            let moved = [
                (party(payee, from, AccountKind::Payable), exchanged.amount.negated()?),
                (service(from, AccountKind::Fx), exchanged.amount),
                (service(to, AccountKind::Fx), exchanged.result.negated()?),
                (party(payee, to, AccountKind::Payable), exchanged.result),
            ];
            let moved = moved.into_iter().filter(|(_, amount)| *amount != Micros::ZERO);
            let postings = moved.map(|(account, amount)| Posting { account, amount }).collect();
            self.draft(&[payee, from.code(), "fx"], Reason::Fx, postings)?;
        }
        Ok(())
    }
}

/// What all contracts of a payee and currency add up to.
#[derive(Default)]
struct Sums {
    recouped: Micros,
    withheld: Micros,
    held: Micros,
    released: Micros,
    credited: Micros,
}

impl Sums {
    fn add(&mut self, account: &ClosedAccount) -> Result<(), MoneyError> {
        let settled = &account.settled;
        let all = |amounts: &BTreeMap<Period, Micros>| Micros::sum(amounts.values().copied());
        for (sum, amounts) in [
            (&mut self.recouped, [settled.costs, settled.advance]),
            (&mut self.withheld, [Micros::sum(settled.withheld.values().copied())?, Micros::ZERO]),
            (&mut self.held, [settled.held, Micros::ZERO]),
            (&mut self.released, [all(&settled.released)?, all(&settled.drawn)?]),
            (&mut self.credited, [settled.credited, Micros::ZERO]),
        ] {
            *sum = sum.plus(amounts[0])?.plus(amounts[1])?;
        }
        Ok(())
    }
}

fn earner(payee: &str, currency: Currency) -> (Account, Reason) {
    match payee {
        UNMATCHED => (service(currency, AccountKind::Unmatched), Reason::Unmatched),
        payee => (party(payee, currency, AccountKind::Earned), Reason::Earned),
    }
}

fn service(currency: Currency, kind: AccountKind) -> Account {
    Account { holder: Holder::Service, currency, kind }
}

fn party(payee: &str, currency: Currency, kind: AccountKind) -> Account {
    Account { holder: Holder::Party(payee.into()), currency, kind }
}
