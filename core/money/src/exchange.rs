//! Dated rates of exchange.

use crate::{Currency, Fraction, Micros, MoneyError};
use ledgerline_ids::DayNo;
use std::collections::BTreeMap;

/// Rates of exchange by day: what one unit of a currency was worth in another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExchangeRates {
    by_pair: BTreeMap<(Currency, Currency), BTreeMap<DayNo, Told>>,
}

/// A rate of a day, and whether it may be used the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    rate: Fraction,
    both_ways: bool,
}

/// Why there is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// No rate of the pair in the days before.
    #[error("no rate of exchange from {from} to {to} in the {days} days up to {day}: import one")]
    Missing {
        /// What is to be converted.
        from: Currency,
        /// Into what.
        to: Currency,
        /// On which day.
        day: DayNo,
        /// How old a rate may be.
        days: u32,
    },
    /// A rate that isn't more than nothing.
    #[error("a rate of exchange must be more than 0")]
    NotPositive,
}

impl ExchangeRates {
    /// A rate of a Friday serves until the Monday after Easter; an older one is forgotten, not kept.
    pub const AGE_DAYS_MAX: u32 = 7;

    /// Adds that one `from` was worth `rate` of `to` on `day`, and says nothing of the other way
    /// round: banks buy and sell at different rates. The last word of a day holds.
    ///
    /// # Errors
    /// [`RateError::NotPositive`].
    pub fn add(
        &mut self,
        pair: (Currency, Currency),
        day: DayNo,
        rate: Fraction,
    ) -> Result<(), RateError> {
        self.insert(pair, day, Told { rate, both_ways: false })
    }

    /// The same of a rate that may be used the other way round too.
    ///
    /// # Errors
    /// [`RateError::NotPositive`].
    pub fn add_both_ways(
        &mut self,
        pair: (Currency, Currency),
        day: DayNo,
        rate: Fraction,
    ) -> Result<(), RateError> {
        self.insert(pair, day, Told { rate, both_ways: true })
    }

    fn insert(
        &mut self,
        pair: (Currency, Currency),
        day: DayNo,
        told: Told,
    ) -> Result<(), RateError> {
        if told.rate <= Fraction::ZERO {
            return Err(RateError::NotPositive);
        }
        self.by_pair.entry(pair).or_default().insert(day, told);
        Ok(())
    }

    /// What one `from` was worth in `to` on `day`, by the newest rate that is at most
    /// [`Self::AGE_DAYS_MAX`] days old; where one of the other way round is newer and may be used
    /// so, by that. Exact.
    ///
    /// # Errors
    /// [`RateError::Missing`].
    pub fn rate(&self, from: Currency, to: Currency, day: DayNo) -> Result<Fraction, RateError> {
        if from == to {
            return Ok(Fraction::ONE);
        }
        let newest = |from, to, back: bool| {
            let days = DayNo(day.0.saturating_sub(Self::AGE_DAYS_MAX))..=day;
            let told = self.by_pair.get(&(from, to))?.range(days);
            let usable = told.filter(|(_, told)| told.both_ways || !back);
            usable.map(|(day, told)| (*day, told.rate)).next_back()
        };
        let back = newest(to, from, true)
            .and_then(|(day, rate)| Some((day, Fraction::ONE.over(rate).ok()?)));
        match (newest(from, to, false), back) {
            (Some((told, rate)), Some((other, _))) if told >= other => Ok(rate),
            (Some((_, rate)), None) | (_, Some((_, rate))) => Ok(rate),
            (None, None) => Err(RateError::Missing { from, to, day, days: Self::AGE_DAYS_MAX }),
        }
    }
}

/// `amount` at `rate`, rounded down to a ledger unit of the other currency.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn converted_down(amount: Micros, rate: Fraction) -> Result<Micros, MoneyError> {
    rate.of_micros_down(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rate_that_is_young_enough_holds() {
        let [eur, usd, gbp] = ["EUR", "USD", "GBP"].map(|code| Currency::parse(code).unwrap());
        let mut rates = ExchangeRates::default();
        let rate = |text| Fraction::parse(text).unwrap();
        rates.add((eur, usd), DayNo(100), rate("1.1")).unwrap();
        rates.add((eur, usd), DayNo(103), rate("1.2")).unwrap();
        rates.add_both_ways((usd, eur), DayNo(105), rate("0.8")).unwrap();
        assert_eq!(rates.add((eur, gbp), DayNo(1), Fraction::ZERO), Err(RateError::NotPositive));
        let missing = "missing";
        for (from, to, day, expected) in [
            (eur, eur, 1, "1"),
            (eur, usd, 99, missing),
            (eur, usd, 100, "1.1"),
            (eur, usd, 102, "1.1"),
            (eur, usd, 104, "1.2"),
            (eur, usd, 105, "1.25"),
            (usd, eur, 104, missing),
            (usd, eur, 112, "0.8"),
            (usd, eur, 113, missing),
            (eur, gbp, 105, missing),
        ] {
            let found = rates.rate(from, to, DayNo(day));
            let found = found.map_or_else(|_| missing.to_owned(), |rate| rate.to_string());
            assert_eq!(found, expected, "{from} to {to} on {day}");
        }
    }
}
