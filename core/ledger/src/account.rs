//! Accounts: whose money, in which currency, for what.

use ledgerline_ids::PartyId;
use ledgerline_money::Currency;
use std::fmt;

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A party's; its text is a valid [`PartyId`].
    Party(Box<str>),
    /// The service's own.
    Service,
}

/// What an account is for. In the order of the words, which is the order of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// Paid ahead and to be recouped: below zero while it is open.
    Advance,
    /// What a payee has earned, before anything is taken off.
    Earned,
    /// The other side of a change of currency.
    Fx,
    /// Withheld from payment while something is settled, such as a dispute.
    Held,
    /// What stays with the service.
    Margin,
    /// What has left to the payee.
    Paid,
    /// What the payee is owed now.
    Payable,
    /// The money of a right, territory, tier and term before it is allocated.
    Pool,
    /// What nobody can be given: less than a ledger unit each.
    Remainder,
    /// Held back against later reversals, and released later.
    Reserve,
    /// What came in.
    Revenue,
    /// Earned by recordings whose right holders are not known.
    Unmatched,
    /// Tax withheld for an authority.
    Withheld,
}

/// One account. Its order is the one of its text, part by part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Whose.
    pub holder: Holder,
    /// In which currency.
    pub currency: Currency,
    /// For what.
    pub kind: AccountKind,
}

/// Why a text is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Not in three parts.
    #[error(
        "an account is written service/EUR/margin or party:P1/EUR/payable: holder, currency, kind"
    )]
    Form,
    /// The holder is neither `service` nor a party.
    #[error("the holder {0:?} must be service, or party: and the party's id")]
    Holder(String),
    /// The currency is none.
    #[error("the currency {0:?} {1}")]
    Currency(String, ledgerline_money::CurrencyError),
    /// The kind is none.
    #[error("the kind {0:?} must be one of {all}", all = AccountKind::ALL.map(AccountKind::as_str).join(", "))]
    Kind(String),
}

impl Holder {
    /// A party's.
    #[must_use]
    pub fn party(party: PartyId<'_>) -> Self {
        Self::Party(party.as_str().into())
    }

    /// The party, where it is one.
    #[must_use]
    pub fn as_party(&self) -> Option<&str> {
        match self {
            Self::Party(party) => Some(party),
            Self::Service => None,
        }
    }

    /// Reads `service` or `party:P1`.
    ///
    /// # Errors
    /// [`AccountError::Holder`].
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        if text == "service" {
            return Ok(Self::Service);
        }
        let party = text.strip_prefix("party:").and_then(|party| PartyId::new(party).ok());
        party.map(Self::party).ok_or_else(|| AccountError::Holder(text.to_owned()))
    }
}

impl fmt::Display for Holder {
    /// `service` or `party:P1`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party(party) => write!(f, "party:{party}"),
            Self::Service => f.write_str("service"),
        }
    }
}

/// Words and bytes in one table. A byte is never used for something else.
macro_rules! kinds {
    ($($kind:ident = $byte:literal $word:literal,)*) => {
        impl AccountKind {
            /// Every kind, in the order of the words.
            pub const ALL: [Self; [$($byte),*].len()] = [$(Self::$kind),*];

            /// Its word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// Its byte in an entry.
            #[must_use]
            pub fn byte(self) -> u8 {
                match self { $(Self::$kind => $byte,)* }
            }

            /// The kind of a byte.
            #[must_use]
            pub fn from_byte(byte: u8) -> Option<Self> {
                match byte { $($byte => Some(Self::$kind),)* _ => None }
            }
        }
    };
}

kinds! {
    Advance = 1 "advance",
    Earned = 2 "earned",
    Fx = 3 "fx",
    Held = 4 "held",
    Margin = 5 "margin",
    Paid = 6 "paid",
    Payable = 7 "payable",
    Pool = 8 "pool",
    Remainder = 9 "remainder",
    Reserve = 10 "reserve",
    Revenue = 11 "revenue",
    Unmatched = 12 "unmatched",
    Withheld = 13 "withheld",
}

impl AccountKind {
    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for AccountKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Account {
    /// A party's account.
    #[must_use]
    pub fn of_party(party: PartyId<'_>, currency: Currency, kind: AccountKind) -> Self {
        Self { holder: Holder::party(party), currency, kind }
    }

    /// An account of the service.
    #[must_use]
    pub fn of_service(currency: Currency, kind: AccountKind) -> Self {
        Self { holder: Holder::Service, currency, kind }
    }

    /// Reads `party:P1/EUR/payable`. A party's id may have slashes of its own.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let (rest, kind) = text.rsplit_once('/').ok_or(AccountError::Form)?;
        let (holder, currency) = rest.rsplit_once('/').ok_or(AccountError::Form)?;
        Ok(Self {
            holder: Holder::parse(holder)?,
            currency: Currency::parse(currency)
                .map_err(|error| AccountError::Currency(currency.to_owned(), error))?,
            kind: AccountKind::from_word(kind)
                .ok_or_else(|| AccountError::Kind(kind.to_owned()))?,
        })
    }
}

impl fmt::Display for Account {
    /// `party:P1/EUR/payable`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.holder, self.currency, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_in_the_order_of_their_words() {
        assert!(AccountKind::ALL.is_sorted());
        assert!(AccountKind::ALL.map(AccountKind::as_str).is_sorted());
        for kind in AccountKind::ALL {
            assert_eq!(AccountKind::from_byte(kind.byte()), Some(kind));
            assert_eq!(AccountKind::from_word(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn accounts_are_read_as_they_are_written() {
        for text in ["service/EUR/margin", "party:P1/JPY/payable", "party:label/a:b/EUR/advance"] {
            assert_eq!(Account::parse(text).expect(text).to_string(), text);
        }
        for (text, part) in [
            ("", "holder, currency, kind"),
            ("EUR/margin", "holder, currency, kind"),
            ("P1/EUR/margin", "the holder \"P1\""),
            ("party:/EUR/margin", "the holder \"party:\""),
            ("party:a b/EUR/margin", "the holder"),
            ("service/eur/margin", "the currency \"eur\""),
            ("service/EUR/margins", "the kind \"margins\""),
        ] {
            let error = Account::parse(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
