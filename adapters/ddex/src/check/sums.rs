//! What must add up: usages and money of a summary's records, exactly, in whole millionths of
//! millionths; no float comes near it.

use std::collections::BTreeMap;

use super::Checked;
use super::reading::Row;

/// Digits behind the point that are added; finer ones are found.
const DIGITS: usize = 12;

/// What must be equal to the sum of what, by record type: the summary's cell, and the records'.
const SUMS: &[(&str, &str, &str, &str)] = &[
    ("SY02.02", "AllocatedUsages", "SU02", "NumberOfStreams"),
    ("SY05.02", "AllocatedUsages", "SU02", "NumberOfStreams"),
    ("SY01.01", "Usages", "SU01", "Usages"),
    ("SY10", "AllocatedUsages", "SR08", "NetUsage"),
    ("SY10", "Returns", "SR08", "Returns"),
    (
        "SY10",
        "AllocatedRevenueInCurrencyOfTransaction",
        "SR08",
        "AllocatedRevenueInCurrencyOfTransaction",
    ),
    (
        "SY10",
        "AllocatedRevenueInCurrencyOfAccounting",
        "SR08",
        "AllocatedRevenueInCurrencyOfAccounting",
    ),
    (
        "SY10",
        "AllocatedNetRevenueInCurrencyOfTransaction",
        "SR08",
        "AllocatedNetRevenueInCurrencyOfTransaction",
    ),
    (
        "SY10",
        "AllocatedNetRevenueInCurrencyOfAccounting",
        "SR08",
        "AllocatedNetRevenueInCurrencyOfAccounting",
    ),
];

/// Adds up.
pub(super) fn look(rows: &[Row], checked: &mut Checked) {
    let mut summaries: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.of.name.starts_with("SY")) {
        if summaries.insert(row.one("SummaryRecordId"), row).is_some() {
            checked.find(row.line, Some("SummaryRecordId"), "stands in the file twice");
        }
    }
    let mut sums: BTreeMap<(&str, usize), i128> = BTreeMap::new();
    for row in rows.iter().filter(|row| matches!(row.of.name, "SU01" | "SU02" | "SR08")) {
        let id = row.one("SummaryRecordId");
        let Some(summary) = summaries.get(id) else {
            checked.find(row.line, Some("SummaryRecordId"), format!("there is no summary {id:?}"));
            continue;
        };
        for (at, (kind, _, record, cell)) in SUMS.iter().enumerate() {
            if summary.is(kind) && row.is(record) {
                let sum = sums.entry((id, at)).or_default();
                match scaled(row.one(cell)).and_then(|number| sum.checked_add(number)) {
                    Some(more) => *sum = more,
                    None => checked.find(
                        row.line,
                        None,
                        format!("{cell} is too large or too fine to add"),
                    ),
                }
            }
        }
        if row.is("SR08") {
            net_usage(row, checked);
        }
    }
    for (id, summary) in summaries {
        for (at, (kind, cell, record, of)) in SUMS.iter().enumerate() {
            if !summary.is(kind) || !summary.has(cell) {
                continue;
            }
            let sum = sums.get(&(id, at)).copied().unwrap_or_default();
            // What isn't a number was found when it was read.
            let Some(said) = scaled(summary.one(cell)) else { continue };
            if said != sum {
                let what = format!(
                    "says {}, but {of} of its {record} add up to {}",
                    plain(said),
                    plain(sum)
                );
                checked.find(summary.line, position(summary, cell), what);
            }
        }
    }
}

/// Net usage is what was used without what was returned.
fn net_usage(row: &Row, checked: &mut Checked) {
    let numbers = ["TotalUsages", "Returns", "NetUsage"].map(|cell| scaled(row.one(cell)));
    if let [Some(total), Some(returns), Some(net)] = numbers
        && total.checked_sub(returns) != Some(net)
    {
        checked.find(row.line, Some("NetUsage"), "must be TotalUsages without Returns");
    }
}

fn position(row: &Row, cell: &str) -> Option<&'static str> {
    row.of.position(cell).map(|at| row.of.cells[at].name)
}

/// A decimal in units of 10⁻¹².
fn scaled(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    if part.len() > DIGITS {
        return None;
    }
    let number: i128 = format!("{whole}{part:0<DIGITS$}").parse().ok()?;
    Some(if negative { -number } else { number })
}

fn plain(number: i128) -> String {
    let unit = 10_i128.pow(u32::try_from(DIGITS).expect("twelve"));
    let sign = if number < 0 { "-" } else { "" };
    let (whole, part) = (number.abs() / unit, number.abs() % unit);
    let part = format!(".{part:0DIGITS$}");
    format!("{sign}{whole}{}", part.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_added_exactly() {
        for (text, same) in [("0", "0"), ("-33.333334", "-33.333334"), ("1.500", "1.5"), ("7", "7")]
        {
            assert_eq!(plain(scaled(text).expect(text)), same);
        }
        assert_eq!(scaled("0.0000000000001"), None);
        assert_eq!(scaled("x"), None);
    }
}
