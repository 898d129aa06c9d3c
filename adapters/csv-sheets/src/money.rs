//! Revenue, rates of exchange, and usage that another system counted.

use ledgerline_app::ports::PeriodUsage;
use ledgerline_catalog::fields::Row;
use ledgerline_catalog::{Place, RowErrors};
use ledgerline_ids::Period;
use ledgerline_royalty::fields::{self, FX_COLUMNS, REVENUE_COLUMNS, USAGE_COLUMNS};
use ledgerline_royalty::revenue::{FxRow, PeriodRevenue};
use ledgerline_royalty::usage::UsageEntry;

use crate::sheet::{self, Kind, NamedFile};
use crate::wrong::SheetsError;

const REVENUE: [Kind; 1] = [Kind { name: "revenue", columns: REVENUE_COLUMNS, told_by: "gross" }];
const FX: [Kind; 1] = [Kind { name: "fx", columns: FX_COLUMNS, told_by: "rate" }];
const USAGE: [Kind; 1] = [Kind { name: "usage", columns: USAGE_COLUMNS, told_by: "plays" }];

/// Reads revenue. No two rows may have the same period, territory, tier, listener, plan and
/// correction.
///
/// # Errors
/// [`SheetsError`] names up to a hundred rows.
pub fn read_revenue(file: NamedFile<'_>) -> Result<Vec<PeriodRevenue>, SheetsError> {
    let mut rows: Vec<(Place, PeriodRevenue)> = Vec::new();
    sheet::read(&[file], &REVENUE, &mut |_, row, at, errors| {
        rows.extend(fields::revenue(Row::new(row, at, errors)).map(|row| (at, row)));
    })?;
    unique(file, rows, "period", PeriodRevenue::key)
}

/// Reads rates of exchange. No two rows may have the same pair and day.
///
/// # Errors
/// [`SheetsError`] names up to a hundred rows.
pub fn read_fx(file: NamedFile<'_>) -> Result<Vec<FxRow>, SheetsError> {
    let mut rows: Vec<(Place, FxRow)> = Vec::new();
    sheet::read(&[file], &FX, &mut |_, row, at, errors| {
        rows.extend(fields::fx(Row::new(row, at, errors)).map(|row| (at, row)));
    })?;
    unique(file, rows, "day", |row| (row.base, row.quote, row.day))
}

/// Reads usage, month by month. No two rows of a month may have the same track, territory, tier,
/// use and listener.
///
/// # Errors
/// [`SheetsError`] names up to a hundred rows.
pub fn read_usage(file: NamedFile<'_>) -> Result<Vec<PeriodUsage>, SheetsError> {
    let mut rows: Vec<(Place, (Period, UsageEntry))> = Vec::new();
    sheet::read(&[file], &USAGE, &mut |_, row, at, errors| {
        rows.extend(fields::usage(Row::new(row, at, errors)).map(|row| (at, row)));
    })?;
    let key = |(period, entry): &(Period, UsageEntry)| {
        (*period, UsageEntry { plays: 0, ..entry.clone() })
    };
    let mut rows = unique(file, rows, "track_id", key)?;
    rows.sort_unstable();
    let months = rows.chunk_by(|left, right| left.0 == right.0);
    let months = months.map(|month| PeriodUsage {
        period: month[0].0,
        entries: month.iter().map(|(_, entry)| entry.clone()).collect(),
    });
    Ok(months.collect())
}

/// The rows, where no two of them have the same key.
fn unique<T, K: Ord>(
    file: NamedFile<'_>,
    rows: Vec<(Place, T)>,
    column: &'static str,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, SheetsError> {
    let mut keys: Vec<(K, Place)> = rows.iter().map(|(at, row)| (key(row), *at)).collect();
    keys.sort_unstable();
    let mut errors = RowErrors::default();
    for pair in keys.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let why = format!("the row is about the same as row {}: keep one", pair[0].1.row);
        errors.add(pair[1].1, column, "", why);
    }
    errors.finish().map_err(|refused| sheet::rows_error(&[file], refused))?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}
