//! Exact amounts, currencies and the allocation of pools.
//!
//! What it is for: money is a whole number of *ledger units* (10⁻⁶ of a currency's major
//! unit), a share is an exact fraction, and a pool is allocated once, to lines that add up to
//! it. What it refuses: floats, silent overflow, and adding two currencies.
//!
//! In reading order:
//! - [`currency`]: which currency, and how many digits its minor unit has
//! - [`micros`]: amounts in ledger units
//! - [`fraction`]: exact shares and rates

pub mod currency;
pub mod fraction;
pub mod micros;

pub use currency::{Currency, CurrencyError};
pub use fraction::{Fraction, FractionError};
pub use micros::{Micros, MoneyError};
