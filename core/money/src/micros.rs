//! Amounts in ledger units: 10⁻⁶ of a currency's major unit.

use crate::Currency;
use num_rational::BigRational;
use num_traits::ToPrimitive;
use std::fmt;

/// An amount in ledger units, 10⁻⁶ of a currency's major unit; which currency, the context says.
/// At most about ± 9.2 · 10¹² major units. Negative is owed the other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(i64);

/// Why an amount is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Beyond what a ledger unit's number can hold.
    #[error(
        "an amount is beyond 9 223 372 036 854.775807: split it over several periods or entries"
    )]
    TooLarge,
    /// Not a decimal number with at most six digits behind the point.
    #[error(
        "must be a decimal amount with a point and at most six digits behind it, such as 1234.56"
    )]
    Form,
}

impl Micros {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Ledger units in a major unit.
    pub const PER_UNIT: i64 = 1_000_000;

    /// An amount of `micros` ledger units.
    #[must_use]
    pub const fn new(micros: i64) -> Self {
        Self(micros)
    }

    /// The number of ledger units.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Reads `1234.56` or `-0.000001`.
    ///
    /// # Errors
    /// [`MoneyError`] where it is no such number or too large.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !number(whole) || !number(part) || part.len() > 6 {
            return Err(MoneyError::Form);
        }
        let whole: i128 = whole.parse().map_err(|_| MoneyError::TooLarge)?;
        let part: i128 = format!("{part:0<6}").parse().map_err(|_| MoneyError::Form)?;
        let micros = whole.checked_mul(1_000_000).and_then(|micros| micros.checked_add(part));
        let micros = micros.ok_or(MoneyError::TooLarge)?;
        i64::try_from(if negative { -micros } else { micros })
            .map(Self)
            .map_err(|_| MoneyError::TooLarge)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::TooLarge)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyError::TooLarge)
    }

    /// The same amount the other way.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] for the one number that has no counterpart.
    pub fn negated(self) -> Result<Self, MoneyError> {
        self.0.checked_neg().map(Self).ok_or(MoneyError::TooLarge)
    }

    /// The sum of all.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] where the sum is; what it passes through on the way may be larger.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        let sum: i128 = amounts.into_iter().map(|amount| i128::from(amount.0)).sum();
        i64::try_from(sum).map(Self).map_err(|_| MoneyError::TooLarge)
    }

    /// `exact` ledger units, rounded down (towards minus infinity).
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn floor_of(exact: &BigRational) -> Result<Self, MoneyError> {
        exact.floor().to_integer().to_i64().map(Self).ok_or(MoneyError::TooLarge)
    }

    /// The same amount as a fraction whose parts have no limit.
    #[must_use]
    pub fn unbounded(self) -> BigRational {
        BigRational::from_integer(self.0.into())
    }

    /// What can be paid out in whole minor units of `currency`, towards zero, and the rest.
    #[must_use]
    pub fn paid_and_carried(self, currency: Currency) -> (Self, Self) {
        let carried = self.0 % currency.minor_micros();
        (Self(self.0 - carried), Self(carried))
    }

    /// Whether it is below nothing.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Micros {
    /// All six digits behind the point: `33.333334`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000);
        f.pad(&text)
    }
}
