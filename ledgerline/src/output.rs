//! What a command shows.

use serde_json::Value;
use std::io::Write;

use crate::failure::Failure;

/// Prints text with a line's end. A reader that has gone (`| head`) is no failure.
///
/// # Errors
/// [`Failure`] where standard output can't be written.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON object.
///
/// # Errors
/// [`Failure`] where standard output can't be written.
pub fn print_json(value: &Value) -> Result<(), Failure> {
    print(&serde_json::to_string_pretty(value).expect("a value is JSON"))
}

/// A table in columns: the first row is the header; numbers stand at the right.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let is_number = |column: usize| {
        rows.len() > 1
            && rows[1..].iter().filter_map(|row| row.get(column)).all(|cell| {
                cell.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '%'))
            })
    };
    let right: Vec<bool> = (0..columns).map(is_number).collect();
    let mut lines = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let gap = " ".repeat(widths[column] - cell.chars().count());
            if right[column] { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
        });
        lines.push(cells.collect::<Vec<_>>().join("  ").trim_end().to_owned());
        if index == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
            lines.push(rules.join("  "));
        }
    }
    lines.join("\n")
}

/// A number with its thousands set apart: `54 429`.
#[must_use]
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}
