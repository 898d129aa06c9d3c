//! What is to be paid for a closed month, and what was.
//!
//! A close owes: what a payee is to be paid stands on its `payable` account until the bank has paid
//! it. That is told by the entry `payout/<month>/<payee>/<currency>`, which moves it to `paid`. The
//! same payout told twice is one entry.

use ledgerline_ids::{DayNo, PartyId, Period};
use ledgerline_ledger::{Account, AccountKind, EntryDraft, EntryKey, Note, Posting, Reason};
use ledgerline_money::{Currency, Micros, MoneyError};
use std::collections::BTreeMap;

use crate::Deployment;
use crate::money::close::CloseError;
use crate::money::ledger::{Post, PostError};
use crate::ports::{BalanceQuery, StoreError};

/// What one payee is to be paid for a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRow {
    /// Whom.
    pub payee: String,
    /// In which currency.
    pub currency: Currency,
    /// How much, in whole minor units.
    pub amount: Micros,
    /// The entry that says that it was paid; `None` until then.
    pub paid_by: Option<u64>,
    /// The day of the payment.
    pub paid_on: Option<DayNo>,
}

/// The sums of a month's payouts in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutTotal {
    /// The currency.
    pub currency: Currency,
    /// All of the month.
    pub amount: Micros,
    /// Those of them that were not paid yet.
    pub open: Micros,
    /// What the ledger owes all payees now: open payouts of all months, and what is carried.
    pub payable: Micros,
}

/// A month's payouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthPayouts {
    /// The month.
    pub period: Period,
    /// By payee.
    pub rows: Vec<PayoutRow>,
    /// By currency.
    pub totals: Vec<PayoutTotal>,
}

/// A payout that the bank carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidOut {
    /// Of which month.
    pub period: Period,
    /// Whom.
    pub payee: String,
    /// In which currency.
    pub currency: Currency,
    /// How much.
    pub amount: Micros,
}

/// What became of payouts that were told as paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MarkedPaid {
    /// Booked now.
    pub new: usize,
    /// Booked before.
    pub already: usize,
}

/// Why payouts can't be told.
#[derive(Debug, thiserror::Error)]
pub enum PayoutError {
    /// Nothing was booked: what is told as paid isn't what is to be paid.
    #[error("nothing was booked: {}", .0.join("; "))]
    Differs(Vec<String>),
    /// More is to be paid than the ledger owes.
    #[error(
        "{payee} is to be paid {amount} {currency}, but the ledger owes it {payable}: run `ledgerline ledger verify`"
    )]
    NotOwed {
        /// Whom.
        payee: String,
        /// How much.
        amount: Micros,
        /// In which currency.
        currency: Currency,
        /// What is owed.
        payable: Micros,
    },
    /// The month can't be read.
    #[error(transparent)]
    Close(#[from] CloseError),
    /// The ledger refuses.
    #[error(transparent)]
    Post(#[from] PostError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sum is too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// How many statements or accounts are read at once.
const AT_ONCE: usize = 1_000;
/// How many differences are told.
const DIFFERENCES_MAX: usize = 20;

impl Deployment {
    /// What is to be paid for a closed month, with what the ledger says of it. Each payout is covered
    /// by what the ledger owes its payee.
    ///
    /// # Errors
    /// [`PayoutError`].
    pub async fn payouts(&self, period: Period) -> Result<MonthPayouts, PayoutError> {
        let mut rows = self.payouts_of(period).await?;
        let keys: Vec<EntryKey> = rows.iter().filter_map(|row| key(period, row)).collect();
        let entries = self.money().ledger().store().entries_by_key(&keys).await?;
        let paid: BTreeMap<String, (u64, DayNo)> = entries
            .iter()
            .map(|entry| {
                let draft = entry.draft();
                (draft.key.as_str().to_owned(), (entry.seq(), draft.effective))
            })
            .collect();
        for row in &mut rows {
            let entry = key(period, row).and_then(|key| paid.get(key.as_str()).copied());
            (row.paid_by, row.paid_on) = (entry.map(|it| it.0), entry.map(|it| it.1));
        }
        let owed = self.owed().await?;
        let mut totals: BTreeMap<Currency, PayoutTotal> = BTreeMap::new();
        for ((_, currency), payable) in &owed {
            let total = total_of(&mut totals, *currency);
            total.payable = total.payable.plus(*payable)?;
        }
        for row in &rows {
            let total = total_of(&mut totals, row.currency);
            total.amount = total.amount.plus(row.amount)?;
            if row.paid_by.is_none() {
                total.open = total.open.plus(row.amount)?;
                let payable = owed.get(&(row.payee.clone(), row.currency)).copied();
                let payable = payable.unwrap_or(Micros::ZERO);
                if payable < row.amount {
                    let PayoutRow { payee, currency, amount, .. } = row.clone();
                    return Err(PayoutError::NotOwed { payee, amount, currency, payable });
                }
            }
        }
        totals.retain(|_, total| total.amount != Micros::ZERO);
        Ok(MonthPayouts { period, rows, totals: totals.into_values().collect() })
    }

    /// Books that the bank has paid, all of it or nothing.
    ///
    /// # Errors
    /// [`PayoutError::Differs`] names what isn't to be paid, or not so much.
    pub async fn mark_paid(&self, paid: &[PaidOut], on: DayNo) -> Result<MarkedPaid, PayoutError> {
        let mut months: BTreeMap<Period, BTreeMap<(String, Currency), Micros>> = BTreeMap::new();
        for payout in paid {
            if months.contains_key(&payout.period) {
                continue;
            }
            let rows = self.payouts_of(payout.period).await?;
            let rows = rows.into_iter().map(|row| ((row.payee, row.currency), row.amount));
            months.insert(payout.period, rows.collect());
        }
        let mut drafts: BTreeMap<EntryKey, EntryDraft> = BTreeMap::new();
        let mut differences = Vec::new();
        for payout in paid {
            let PaidOut { period, payee, currency, amount } = payout;
            let due = months[period].get(&(payee.clone(), *currency)).copied();
            let draft = due.filter(|due| due == amount).and_then(|_| draft(payout, on));
            match (draft, due) {
                (Some(draft), _) => drop(drafts.insert(draft.key.clone(), draft)),
                (None, Some(due)) => differences.push(format!(
                    "{payee} is to be paid {due} {currency} for {period}, not {amount}"
                )),
                (None, None) => differences
                    .push(format!("{payee} is to be paid nothing in {currency} for {period}")),
            }
        }
        if !differences.is_empty() {
            differences.truncate(DIFFERENCES_MAX);
            return Err(PayoutError::Differs(differences));
        }
        // An entry says when it holds: one that is there keeps its day.
        let keys: Vec<EntryKey> = drafts.keys().cloned().collect();
        let there = self.money().ledger().store().entries_by_key(&keys).await?;
        for entry in &there {
            drafts.remove(&entry.draft().key);
        }
        let post = Post { drafts: drafts.into_values().collect(), ..Post::default() };
        let new = match post.drafts.is_empty() {
            true => 0,
            false => self.money().ledger().post(post).await?.new,
        };
        Ok(MarkedPaid { new, already: there.len() })
    }

    /// What a close said is to be paid, by payee.
    async fn payouts_of(&self, period: Period) -> Result<Vec<PayoutRow>, PayoutError> {
        let rows = self.read_close(period, |month| {
            let (mut rows, mut after) = (Vec::new(), String::new());
            loop {
                let statements = month.statements(&after, AT_ONCE)?;
                let Some(last) = statements.last() else { return Ok(rows) };
                after.clone_from(&last.payee);
                for statement in statements {
                    let payout = statement.payout;
                    if payout.amount > Micros::ZERO {
                        rows.push(PayoutRow {
                            payee: statement.payee,
                            currency: payout.currency,
                            amount: payout.amount,
                            paid_by: None,
                            paid_on: None,
                        });
                    }
                }
            }
        });
        Ok(rows.await?)
    }

    /// What the ledger owes each payee now.
    async fn owed(&self) -> Result<BTreeMap<(String, Currency), Micros>, PayoutError> {
        let (mut owed, mut after) = (BTreeMap::new(), None);
        loop {
            let limit = u32::try_from(AT_ONCE).expect("a thousand");
            let query = BalanceQuery { after, limit, ..BalanceQuery::default() };
            let balances = self.money().ledger().balances(&query).await?;
            let Some((last, _)) = balances.last() else { return Ok(owed) };
            after = Some(last.clone());
            for (account, balance) in balances {
                if let Some(party) = account.holder.as_party()
                    && account.kind == AccountKind::Payable
                {
                    owed.insert((party.to_owned(), account.currency), balance);
                }
            }
        }
    }
}

fn total_of(totals: &mut BTreeMap<Currency, PayoutTotal>, currency: Currency) -> &mut PayoutTotal {
    let nothing = Micros::ZERO;
    totals.entry(currency).or_insert(PayoutTotal {
        currency,
        amount: nothing,
        open: nothing,
        payable: nothing,
    })
}

fn key(period: Period, row: &PayoutRow) -> Option<EntryKey> {
    payout_key(period, &row.payee, row.currency)
}

/// The key of the entry that says that a payout was paid.
pub(super) fn payout_key(period: Period, payee: &str, currency: Currency) -> Option<EntryKey> {
    EntryKey::new(&format!("payout/{period}/{payee}/{currency}")).ok()
}

fn draft(payout: &PaidOut, on: DayNo) -> Option<EntryDraft> {
    let PaidOut { period, payee, currency, amount } = payout;
    let party = PartyId::new(payee).ok()?;
    let account = |kind| Account::of_party(party, *currency, kind);
    Some(EntryDraft {
        key: payout_key(*period, payee, *currency)?,
        effective: on,
        period: *period,
        reason: Reason::Payout,
        corrects: None,
        inputs: None,
        note: Note::default(),
        postings: vec![
            Posting { account: account(AccountKind::Payable), amount: amount.negated().ok()? },
            Posting { account: account(AccountKind::Paid), amount: *amount },
        ],
    })
}
