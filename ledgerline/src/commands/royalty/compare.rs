//! `royalty compare`: a month by several models, on the same plays.

use serde_json::Value;
use std::path::Path;

use crate::cli::royalty::CompareArgs;
use crate::commands::encoded;
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};
use crate::session::Session;

/// How many artists a table shows; `--csv` and `--json` have all.
const TABLE_ROWS_MAX: usize = 50;

pub(super) async fn run(data: &Path, args: &CompareArgs, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let (period, models) = (args.period, encoded(&args.models.join(",")));
    let path = format!("/api/v1/royalty/comparisons?period={period}&models={models}");
    let comparison = session.get(&path).await;
    session.end().await?;
    let comparison = comparison?;
    if as_json {
        print_json(&comparison)?;
    } else if args.csv {
        print_csv(&comparison)?;
    } else {
        print_text(&comparison)?;
    }
    for missing in list(&comparison["missing"]).filter(|_| !as_json) {
        eprintln!("ledgerline: has no part in this: {}", word(missing));
    }
    Ok(0)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Who, in which currency, and what by each model.
fn cells(row: &Value, nobody: &str) -> Vec<String> {
    let name = row["name"].as_str().unwrap_or(nobody).to_owned();
    let mut cells = vec![name, word(&row["currency"])];
    cells.extend(list(&row["amounts"]).map(word));
    cells
}

fn print_csv(comparison: &Value) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::from_error(&error);
    let mut heads = ["by", "name", "currency"].map(str::to_owned).to_vec();
    heads.extend(list(&comparison["models"]).map(word));
    writer.write_record(heads).map_err(failed)?;
    for (by, rows) in [("payee", "payees"), ("artist", "artists")] {
        for row in list(&comparison[rows]) {
            let cells = [vec![by.to_owned()], cells(row, "")].concat();
            writer.write_record(cells).map_err(failed)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| Failure::from_error(&error))?;
    print(String::from_utf8_lossy(&bytes).trim_end())
}

fn print_text(comparison: &Value) -> Result<(), Failure> {
    let plays = comparison["plays"].as_i64().map_or_else(String::new, thousands);
    let period = word(&comparison["period"]);
    print(&format!("{period} on the same {plays} counted plays. Nothing of this is ever paid.\n"))?;
    for (by, rows) in [("payee", "payees"), ("artist", "artists")] {
        let mut lines = vec![[by, "currency"].map(str::to_owned).to_vec()];
        lines[0].extend(list(&comparison["models"]).map(word));
        let found = list(&comparison[rows]).count();
        lines.extend(list(&comparison[rows]).take(TABLE_ROWS_MAX).map(|row| cells(row, "(none)")));
        print(&table(&lines))?;
        if found > TABLE_ROWS_MAX {
            print(&format!("… and {} more; --csv shows all", found - TABLE_ROWS_MAX))?;
        }
        print("")?;
    }
    Ok(())
}
