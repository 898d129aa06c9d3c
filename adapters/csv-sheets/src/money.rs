//! Revenue, rates of exchange, advances and costs, and usage that another system counted.

use ledgerline_app::money::usage::Gathered;
use ledgerline_app::ports::PeriodUsage;
use ledgerline_catalog::fields::Row;
use ledgerline_catalog::{Place, RowErrors};
use ledgerline_ids::Period;
use ledgerline_royalty::ahead::AheadRow;
use ledgerline_royalty::fields::{self, AHEAD_COLUMNS, FX_COLUMNS, REVENUE_COLUMNS, USAGE_COLUMNS};
use ledgerline_royalty::revenue::{FxRow, PeriodRevenue};
use std::collections::BTreeMap;

use crate::sheet::{self, Kind, NamedFile};
use crate::wrong::SheetsError;

const REVENUE: [Kind; 1] = [Kind { name: "revenue", columns: REVENUE_COLUMNS, told_by: "gross" }];
const FX: [Kind; 1] = [Kind { name: "fx", columns: FX_COLUMNS, told_by: "rate" }];
const AHEAD: [Kind; 1] = [Kind { name: "advances", columns: AHEAD_COLUMNS, told_by: "name" }];
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

/// Reads advances and costs, each with where it stands.
///
/// # Errors
/// [`SheetsError`] names up to a hundred rows.
pub fn read_ahead(file: NamedFile<'_>) -> Result<Vec<(Place, AheadRow)>, SheetsError> {
    let mut rows = Vec::new();
    sheet::read(&[file], &AHEAD, &mut |_, row, at, errors| {
        rows.extend(fields::ahead(Row::new(row, at, errors)).map(|row| (at, row)));
    })?;
    Ok(rows)
}

/// Reads usage, month by month. No two rows of a month may have the same track, territory, tier,
/// use and listener.
///
/// # Errors
/// [`SheetsError`] names up to a hundred rows.
pub fn read_usage(file: NamedFile<'_>) -> Result<Vec<PeriodUsage>, SheetsError> {
    let mut months: BTreeMap<Period, (Gathered, Vec<Place>)> = BTreeMap::new();
    sheet::read(&[file], &USAGE, &mut |_, row, at, errors| {
        let Some((period, entry)) = fields::usage(Row::new(row, at, errors)) else { return };
        let (gathered, places) = months.entry(period).or_default();
        match gathered.add(&entry) {
            Ok(()) => places.push(at),
            Err(error) => {
                errors.add(
                    at,
                    "tier",
                    entry.tier.as_deref().unwrap_or_default(),
                    error.to_string(),
                );
            }
        }
    })?;
    let mut errors = RowErrors::default();
    for (gathered, places) in months.values() {
        for (first, other) in gathered.repeated() {
            let why = about_the_same(places[first as usize]);
            errors.add(places[other as usize], "track_id", "", why);
        }
    }
    errors.finish().map_err(|refused| sheet::rows_error(&[file], refused))?;
    let month = |(period, (gathered, _)): (Period, (Gathered, _))| {
        let plays = gathered.finish();
        PeriodUsage { period, plays }
    };
    Ok(months.into_iter().map(month).collect())
}

fn about_the_same(first: Place) -> String {
    format!("the row is about the same as row {}: keep one", first.row)
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
        errors.add(pair[1].1, column, "", about_the_same(pair[0].1));
    }
    errors.finish().map_err(|refused| sheet::rows_error(&[file], refused))?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}
