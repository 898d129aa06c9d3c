//! What is paid ahead of what will be earned: advances, and costs that are recouped.
//!
//! In the ledger an advance goes from the payee's `advance` account, which is below zero while it is
//! open, to the payee's `paid`; a cost, to the service's `paid`, since others got the money. A close
//! finds them by their keys and recoups them as the contract says.

use ledgerline_ids::{DayNo, PartyId, Period};
use ledgerline_ledger::{
    Account, AccountKind, EntryDraft, EntryKey, Holder, Note, Posting, Reason, TextError,
};
use ledgerline_money::{Currency, Micros};

use crate::closing::AccountKey;
use crate::terms::{Contract, Parties, Rule};

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AheadKind {
    /// Paid to the payee.
    Advance,
    /// Paid to others for the payee; the contract says which part the payee bears.
    Cost,
}

impl AheadKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Advance, Self::Cost];

    /// The word in sheets and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Advance => "advance",
            Self::Cost => "cost",
        }
    }

    fn reason(self) -> Reason {
        match self {
            Self::Advance => Reason::Advance,
            Self::Cost => Reason::Cost,
        }
    }
}

/// One advance or cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AheadRow {
    /// Under which contract it is recouped.
    pub contract: Box<str>,
    /// From whose earnings.
    pub payee: Box<str>,
    /// What it is.
    pub kind: AheadKind,
    /// How much, more than 0.
    pub amount: Micros,
    /// In which currency.
    pub currency: Currency,
    /// When it was paid.
    pub on: DayNo,
    /// What tells it from the contract's others, such as `signing`.
    pub name: Box<str>,
    /// A person's remark.
    pub note: Box<str>,
}

impl AheadRow {
    /// What is booked.
    ///
    /// # Errors
    /// [`TextError`] where the name or the note is none that the ledger takes.
    pub fn draft(&self) -> Result<EntryDraft, TextError> {
        let payee = PartyId::new(&self.payee).map_err(|_| TextError::Key)?;
        let to = match self.kind {
            AheadKind::Advance => Account::of_party(payee, self.currency, AccountKind::Paid),
            AheadKind::Cost => {
                let (holder, kind) = (Holder::Service, AccountKind::Paid);
                Account { holder, currency: self.currency, kind }
            }
        };
        let from = Account::of_party(payee, self.currency, AccountKind::Advance);
        let given = self.amount.negated().map_err(|_| TextError::Key)?;
        Ok(EntryDraft {
            key: EntryKey::new(&format!("ahead/{}/{}", self.contract, self.name))?,
            effective: self.on,
            period: Period::of_day(self.on),
            reason: self.kind.reason(),
            corrects: None,
            inputs: None,
            note: Note::new(&self.note)?,
            postings: vec![
                Posting { account: from, amount: given },
                Posting { account: to, amount: self.amount },
            ],
        })
    }
}

/// Which account an entry charges, with what, and how much; `None` for other entries.
#[must_use]
pub fn of(draft: &EntryDraft) -> Option<(AccountKey, AheadKind, Micros)> {
    let kind = AheadKind::ALL.into_iter().find(|kind| kind.reason() == draft.reason)?;
    // A contract's id may have slashes, a name has none.
    let (contract, _) = draft.key.as_str().strip_prefix("ahead/")?.rsplit_once('/')?;
    let charged = draft.postings.iter().find(|it| it.account.kind == AccountKind::Advance)?;
    let payee = charged.account.holder.as_party()?;
    let currency = charged.account.currency;
    let key = AccountKey { payee: payee.into(), contract: contract.into(), currency };
    Some((key, kind, charged.amount.negated().ok()?))
}

/// Whether a payee has an account with a contract from which something can be recouped.
#[must_use]
pub fn has_account(contract: &Contract, payee: &str) -> bool {
    match &contract.parties {
        Parties::Licence { licensor } => {
            licensor.as_deref().is_none_or(|licensor| licensor == payee)
        }
        Parties::Agreement { .. } => contract.terms.iter().any(|term| match &term.rule {
            Rule::PassOn(all) => all.iter().any(|passed| {
                passed.payee == payee || passed.commissions.iter().any(|it| it.payee == payee)
            }),
            Rule::Pool(_) => false,
        }),
    }
}
