//! Exact shares and rates.

use crate::{Micros, MoneyError};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, Signed, Zero};
use std::fmt;

/// An exact fraction: a share, a rate in a currency's major units, or a rate of exchange.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fraction(Ratio<i128>);

/// Why a text or a result is no fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FractionError {
    /// Not in one of the forms that are read.
    #[error(
        "must be a decimal such as 0.153, a percentage such as 15.3%, or a fraction such as 1/3"
    )]
    Form,
    /// Numerator or denominator no longer fits 127 bits.
    #[error("has too many digits to be computed exactly: at most 18 are read")]
    TooPrecise,
}

impl Fraction {
    /// 0.
    pub const ZERO: Self = Self(Ratio::new_raw(0, 1));
    /// 1, the whole.
    pub const ONE: Self = Self(Ratio::new_raw(1, 1));

    /// `numerator / denominator`, reduced.
    ///
    /// # Errors
    /// [`FractionError::Form`] for a denominator of 0.
    pub fn new(numerator: i128, denominator: i128) -> Result<Self, FractionError> {
        if denominator == 0 {
            return Err(FractionError::Form);
        }
        if numerator == i128::MIN || denominator == i128::MIN {
            return Err(FractionError::TooPrecise);
        }
        Ok(Self(Ratio::new(numerator, denominator)))
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self(Ratio::from_integer(i128::from(number)))
    }

    /// Reads `0.153`, `15.3%`, `1/3` or `-2`; at most 18 digits on each side.
    ///
    /// # Errors
    /// [`FractionError`].
    pub fn parse(text: &str) -> Result<Self, FractionError> {
        if let Some((numerator, denominator)) = text.split_once('/') {
            let (numerator, denominator) =
                (decimal(numerator.trim())?, decimal(denominator.trim())?);
            return Self(numerator).over(Self(denominator));
        }
        if let Some(percent) = text.strip_suffix('%') {
            return Self(decimal(percent.trim_end())?).over(Self::whole(100));
        }
        decimal(text).map(Self)
    }

    /// Above the line, reduced; its sign is the fraction's.
    #[must_use]
    pub fn numerator(self) -> i128 {
        *self.0.numer()
    }

    /// Below the line, reduced; at least 1.
    #[must_use]
    pub fn denominator(self) -> i128 {
        *self.0.denom()
    }

    /// The sum.
    ///
    /// # Errors
    /// [`FractionError::TooPrecise`].
    pub fn plus(self, other: Self) -> Result<Self, FractionError> {
        self.0.checked_add(&other.0).map(Self).ok_or(FractionError::TooPrecise)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`FractionError::TooPrecise`].
    pub fn minus(self, other: Self) -> Result<Self, FractionError> {
        self.0.checked_sub(&other.0).map(Self).ok_or(FractionError::TooPrecise)
    }

    /// The product.
    ///
    /// # Errors
    /// [`FractionError::TooPrecise`].
    pub fn times(self, other: Self) -> Result<Self, FractionError> {
        self.0.checked_mul(&other.0).map(Self).ok_or(FractionError::TooPrecise)
    }

    /// The quotient.
    ///
    /// # Errors
    /// [`FractionError`]: `Form` where `other` is 0.
    pub fn over(self, other: Self) -> Result<Self, FractionError> {
        if other.0.is_zero() {
            return Err(FractionError::Form);
        }
        self.0.checked_div(&other.0).map(Self).ok_or(FractionError::TooPrecise)
    }

    /// `amount` times this, rounded down to a ledger unit (towards minus infinity). The one who
    /// calls it says who has the rest.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn of_micros_down(self, amount: Micros) -> Result<Micros, MoneyError> {
        let product = Self(Ratio::from_integer(i128::from(amount.get()))).times(self);
        let floor = product.map_err(|_| MoneyError::TooLarge)?.0.floor().to_integer();
        i64::try_from(floor).map(Micros::new).map_err(|_| MoneyError::TooLarge)
    }

    /// The same as a fraction whose parts have no limit, for sums that a word can't hold.
    #[must_use]
    pub fn unbounded(self) -> BigRational {
        BigRational::new(BigInt::from(self.numerator()), BigInt::from(self.denominator()))
    }

    /// Whether it lies from 0 to 1.
    #[must_use]
    pub fn is_share(self) -> bool {
        !self.0.is_negative() && self <= Self::ONE
    }
}

/// A decimal number of at most 18 digits before and 18 behind the point.
fn decimal(text: &str) -> Result<Ratio<i128>, FractionError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !number(whole) || !number(part) {
        return Err(FractionError::Form);
    }
    if whole.len() > 18 || part.len() > 18 {
        return Err(FractionError::TooPrecise);
    }
    let scale = 10_i128.pow(u32::try_from(part.len()).expect("at most 18 digits"));
    let read = |text: &str| text.parse::<i128>().map_err(|_| FractionError::Form);
    let numerator = read(whole)? * scale + read(part)?;
    Ok(Ratio::new(if negative { -numerator } else { numerator }, scale))
}

impl fmt::Display for Fraction {
    /// As a decimal where it is one of at most 18 digits, else as `1/3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (numerator, mut denominator) = (self.numerator(), self.denominator());
        let mut digits = [0_usize; 2];
        for (count, prime) in digits.iter_mut().zip([2, 5]) {
            while denominator % prime == 0 {
                denominator /= prime;
                *count += 1;
            }
        }
        let digits = digits[0].max(digits[1]);
        if denominator != 1 || digits > 18 {
            return f.pad(&format!("{numerator}/{}", self.denominator()));
        }
        let scale = 10_i128.pow(u32::try_from(digits).expect("at most 18"));
        let Some(scaled) = numerator.checked_mul(scale / self.denominator()) else {
            return f.pad(&format!("{numerator}/{}", self.denominator()));
        };
        let sign = if scaled < 0 { "-" } else { "" };
        let (whole, part) = (scaled.abs() / scale, scaled.abs() % scale);
        match digits {
            0 => f.pad(&format!("{sign}{whole}")),
            _ => f.pad(&format!("{sign}{whole}.{part:0digits$}")),
        }
    }
}

impl fmt::Debug for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
