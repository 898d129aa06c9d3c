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
//! - [`allocate`](mod@allocate): a pool to lines, by weights
//! - [`sums`]: the same by weights that are sums of many fractions
//! - [`exchange`]: dated rates of exchange

pub mod allocate;
pub mod currency;
pub mod exchange;
pub mod fraction;
pub mod micros;
pub mod sums;

pub use num_bigint::BigUint;
pub use num_rational::BigRational;

pub use allocate::{AllocateError, allocate, allocate_big};
pub use currency::{Currency, CurrencyError};
pub use exchange::{ExchangeRates, RateError};
pub use fraction::{Fraction, FractionError};
pub use micros::{Micros, MoneyError};
