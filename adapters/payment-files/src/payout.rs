//! What is to be paid, and the ids that say which payment is which.

use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros, MoneyError};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What one payee is paid for one month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Payout {
    /// Of which close.
    pub period: Period,
    /// Whom, by the party's id.
    pub payee: String,
    /// In which currency.
    pub currency: Currency,
    /// How much, in whole minor units.
    pub amount: Micros,
}

/// All payouts in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The currency.
    pub currency: Currency,
    /// How many.
    pub payouts: usize,
    /// How much.
    pub amount: Micros,
}

/// The sums of payouts, by currency.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn totals(payouts: &[Payout]) -> Result<Vec<Total>, MoneyError> {
    let mut sums: BTreeMap<Currency, (usize, Micros)> = BTreeMap::new();
    for payout in payouts {
        let (number, amount) = sums.entry(payout.currency).or_default();
        *number += 1;
        *amount = amount.plus(payout.amount)?;
    }
    let total = |(currency, (payouts, amount))| Total { currency, payouts, amount };
    Ok(sums.into_iter().map(total).collect())
}

/// Tells one payment from all others, for ever: the same payout has the same. At most 35 characters,
/// as ISO 20022 wants it.
#[must_use]
pub fn end_to_end_id(payout: &Payout) -> String {
    let Payout { period, payee, currency, .. } = payout;
    format!("{period}.{currency}.{}", hex(&Sha256::digest(payee.as_bytes()), 10))
}

/// Tells one file of payouts from all others: the same payouts have the same.
#[must_use]
pub fn message_id(payouts: &[Payout]) -> String {
    let mut sorted: Vec<&Payout> = payouts.iter().collect();
    sorted.sort();
    let mut hash = Sha256::new();
    for Payout { period, payee, currency, amount } in &sorted {
        hash.update(format!("{period}\t{payee}\t{currency}\t{amount}\n"));
    }
    let period = sorted.first().map_or_else(String::new, |payout| payout.period.to_string());
    format!("LL.{period}.{}", hex(&hash.finalize(), 10))
}

fn hex(bytes: &[u8], count: usize) -> String {
    bytes.iter().take(count).map(|byte| format!("{byte:02x}")).collect()
}
