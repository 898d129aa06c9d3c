//! Rates of exchange: dated, with who published them.

use ledgerline_ids::DayNo;
use ledgerline_money::{Currency, Fraction};
use ledgerline_royalty::revenue::FxRow;

use super::revenue::{Revenue, only_file, would_change};
use super::rights::Brought;
use crate::ports::{ImportedRows, StoreError, Stored};

impl Revenue {
    /// Imports rates of exchange from one file; the same file again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn import_fx(
        &self,
        rows: &[FxRow],
        brought: Brought<'_>,
    ) -> Result<ImportedRows, StoreError> {
        if brought.dry_run {
            let known = self.list_fx().await?;
            let revision = self.store().fx_revision().await?;
            let tally = would_change(rows, known, |row| (row.base, row.quote, row.day));
            return Ok(ImportedRows { revision, tally });
        }
        self.store().import_fx(rows, only_file(brought), brought.at).await
    }

    /// The rates as known now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_fx(&self) -> Result<Vec<Stored<FxRow>>, StoreError> {
        self.store().fx(u64::MAX).await
    }
}

/// What one `from` was worth in `to` on `day`: by the newest rate on that day or up to `days_max`
/// days before it; the other way round only by a rate that says it may be used so, and only where
/// it is newer. With the row that said it.
#[must_use]
pub fn rate_on(
    rows: &[FxRow],
    (from, to): (Currency, Currency),
    day: DayNo,
    days_max: u32,
) -> Option<(Fraction, &FxRow)> {
    let first = day.0.saturating_sub(days_max);
    let in_time = rows.iter().filter(|row| (first..=day.0).contains(&row.day.0));
    let candidates = in_time.filter_map(|row| {
        if (row.base, row.quote) == (from, to) {
            return Some((row.day, true, row.rate, row));
        }
        if row.inverse && (row.base, row.quote) == (to, from) {
            return Some((row.day, false, Fraction::ONE.over(row.rate).ok()?, row));
        }
        None
    });
    let newest = candidates.max_by_key(|(day, straight, ..)| (*day, *straight));
    newest.map(|(_, _, rate, row)| (rate, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rate_that_is_young_enough_and_may_be_used_holds() {
        let currency = |code| Currency::parse(code).unwrap();
        let row = |base, quote, day, rate, inverse| FxRow {
            base: currency(base),
            quote: currency(quote),
            day: DayNo(day),
            rate: Fraction::parse(rate).unwrap(),
            inverse,
            source: "a bank".into(),
        };
        let rows = [
            row("EUR", "USD", 100, "1.1", false),
            row("EUR", "USD", 103, "1.2", false),
            row("USD", "EUR", 105, "0.8", true),
            row("EUR", "GBP", 100, "0.9", false),
        ];
        for (from, to, day, expected) in [
            ("EUR", "USD", 99, "none"),
            ("EUR", "USD", 100, "1.1"),
            ("EUR", "USD", 102, "1.1"),
            ("EUR", "USD", 104, "1.2"),
            ("EUR", "USD", 105, "1.25"),
            ("EUR", "USD", 112, "1.25"),
            ("EUR", "USD", 113, "none"),
            ("USD", "EUR", 104, "none"),
            ("USD", "EUR", 105, "0.8"),
            ("GBP", "EUR", 100, "none"),
        ] {
            let pair = (currency(from), currency(to));
            let rate = rate_on(&rows, pair, DayNo(day), 7).map(|(rate, _)| rate.to_string());
            assert_eq!(rate.as_deref().unwrap_or("none"), expected, "{from} to {to} on {day}");
        }
    }
}
