//! `counts`: how many plays count.

use ledgerline_app::counts::By;
use ledgerline_ids::DayNo;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

use crate::cli::CountsFormat;
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};
use crate::session::Session;

/// How many rows a table shows; the other formats show all.
const TABLE_ROWS_MAX: usize = 50;

pub(super) async fn run(
    data: &Path,
    by: By,
    (from, to): (Option<DayNo>, Option<DayNo>),
    format: Option<CountsFormat>,
    as_json: bool,
) -> Result<u8, Failure> {
    let mut path = format!("/api/v1/counts?by={}", by.as_str());
    for (name, day) in [("from", from), ("to", to)] {
        if let Some(day) = day {
            write!(path, "&{name}={day}").expect("a String takes everything");
        }
    }
    let session = Session::begin_reading(data).await?;
    let counts = session.get(&path).await;
    session.end().await?;
    let counts = counts?;
    if let Some(why) = counts["waits"].as_str() {
        eprintln!("counting waits, so the newest reports are not in these counts yet: {why}");
    }
    let default = if as_json { CountsFormat::Json } else { CountsFormat::Table };
    match format.unwrap_or(default) {
        CountsFormat::Json => print_json(&counts)?,
        CountsFormat::Csv => print_csv(&counts, by)?,
        CountsFormat::Table => print_table(&counts, by)?,
    }
    Ok(0)
}

fn rows(counts: &Value, by: By) -> Vec<(String, i64)> {
    let rows = counts["rows"].as_array().into_iter().flatten();
    rows.map(|row| {
        let value = row[by.field()].as_str().unwrap_or_default().to_owned();
        (value, row["counted"].as_i64().unwrap_or_default())
    })
    .collect()
}

fn print_csv(counts: &Value, by: By) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::from_error(&error);
    writer.write_record([by.field(), "counted"]).map_err(failed)?;
    for (value, counted) in rows(counts, by) {
        writer.write_record([value, counted.to_string()]).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::from_error(&error))?;
    print(String::from_utf8_lossy(&bytes).trim_end())
}

fn print_table(counts: &Value, by: By) -> Result<(), Failure> {
    let mut rows = rows(counts, by);
    let total: i64 = rows.iter().map(|(_, counted)| counted).sum();
    let found = rows.len();
    if found == 0 {
        return print("No play counts yet.");
    }
    if by != By::Day {
        // The most played first; a table is for a person.
        rows.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    }
    let mut lines = vec![vec![by.field().to_owned(), "counted".to_owned()]];
    for (value, counted) in rows.into_iter().take(TABLE_ROWS_MAX) {
        let value = if value.is_empty() { "(none)".to_owned() } else { value };
        lines.push(vec![value, thousands(counted)]);
    }
    print(&table(&lines))?;
    if found > TABLE_ROWS_MAX {
        let more = thousands(i64::try_from(found - TABLE_ROWS_MAX).unwrap_or(i64::MAX));
        print(&format!("… and {more} more; --format csv shows all"))?;
    }
    if matches!(by, By::Artist | By::Release) {
        return Ok(()); // A play with two artists stands in two rows, so the sum means nothing.
    }
    print(&format!("total {}", thousands(total)))
}
