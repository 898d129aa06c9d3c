//! Why money moves.

use std::fmt;

/// Why an entry was made. Words and bytes in one table; a byte is never used for something else.
macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $byte:literal $word:literal,)*) => {
        /// Why an entry was made.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $reason,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: [Self; [$($byte),*].len()] = [$(Self::$reason),*];

            /// Its word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$reason => $word,)* }
            }

            /// Its byte in an entry.
            #[must_use]
            pub fn byte(self) -> u8 {
                match self { $(Self::$reason => $byte,)* }
            }

            /// The reason of a byte.
            #[must_use]
            pub fn from_byte(byte: u8) -> Option<Self> {
                match byte { $($byte => Some(Self::$reason),)* _ => None }
            }
        }
    };
}

reasons! {
    /// Money came in.
    Revenue = 1 "revenue",
    /// Money was set apart for a pool.
    Pool = 2 "pool",
    /// A payee's part of the pools.
    Earned = 3 "earned",
    /// What was earned by recordings whose right holders are not known.
    Unmatched = 4 "unmatched",
    /// Such money, given to those whose it is.
    Matched = 5 "matched",
    /// Topped up to what a contract guarantees.
    Guarantee = 6 "guarantee",
    /// An advance or a cost taken from what was earned.
    Recoupment = 7 "recoupment",
    /// Held back against later reversals.
    ReserveHeld = 8 "reserve_held",
    /// Such money, released.
    ReserveReleased = 9 "reserve_released",
    /// Tax withheld.
    Withholding = 10 "withholding",
    /// What is owed now.
    Payable = 11 "payable",
    /// Paid to the payee.
    Payout = 12 "payout",
    /// Paid ahead of what will be earned.
    Advance = 13 "advance",
    /// A cost that the contract lets be recouped.
    Cost = 14 "cost",
    /// The difference that a closed period turned out to have.
    Adjustment = 15 "adjustment",
    /// Takes back or mends an entry that was wrong; it names that entry.
    Correction = 16 "correction",
    /// What stays with the service.
    Margin = 17 "margin",
    /// What nobody can be given.
    Remainder = 18 "remainder",
    /// Changed into another currency.
    Fx = 19 "fx",
    /// What another system's books had on the day of moving here.
    OpeningBalance = 20 "opening_balance",
    /// Kept from payment while something is settled.
    Held = 21 "held",
    /// Such money, let go.
    Released = 22 "released",
}

impl Reason {
    /// The reason of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_bytes_are_one_to_one() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_byte(reason.byte()), Some(reason));
            assert_eq!(Reason::from_word(reason.as_str()), Some(reason));
        }
    }
}
